package app

import (
	"context"

	"github.com/google/uuid"

	"albumen/db"
)

// AIStatus says whether search by meaning knows an item.
type AIStatus string

// AllAIStatuses are the statuses, in the order in which an item has them.
func AllAIStatuses() []AIStatus {
	return []AIStatus{AIOff, AIPending, AIProcessing, AIDone, AIFailed}
}

// The statuses. AIOff is that of all items as long as there is no model, and of
// what has no picture to look at.
const (
	AIOff        AIStatus = db.AIOff
	AIPending    AIStatus = AIStatus(db.AiStatePending)
	AIProcessing AIStatus = AIStatus(db.AiStateProcessing)
	AIDone       AIStatus = AIStatus(db.AiStateDone)
	AIFailed     AIStatus = AIStatus(db.AiStateFailed)
)

// aiOf is what is known of an item; Code says why Status is failed, see
// ml.StoreEmbedding and CodeEmbedInvalid.
type aiOf struct {
	Status AIStatus
	Code   string
}

// aiStatuses looks the items up with the model that is searched.
func (a *App) aiStatuses(ctx context.Context, ids ...uuid.UUID) (map[uuid.UUID]aiOf, error) {
	known := make(map[uuid.UUID]aiOf, len(ids))
	for _, id := range ids {
		known[id] = aiOf{Status: AIOff}
	}
	if len(ids) == 0 {
		return known, nil
	}
	states, err := a.db.AIStates(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, s := range states {
		known[s.MediaID] = aiOf{AIStatus(s.State), s.ErrorCode}
	}
	return known, nil
}
