package app

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"albumen/db"
)

// AIStatus says whether search by meaning knows an item.
type AIStatus string

// The statuses. AIOff is that of all items as long as there is no model, and of
// what has no picture to look at.
const (
	AIOff        AIStatus = "off"
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

// candidate is what the status of an item without a row depends on.
type candidate struct {
	id      uuid.UUID
	kind    db.MediaKind
	status  db.MediaStatus
	preview bool
}

// aiStatuses looks the items up with the model that is searched.
func (a *App) aiStatuses(ctx context.Context, items []candidate) (map[uuid.UUID]aiOf, error) {
	known := make(map[uuid.UUID]aiOf, len(items))
	model, ok, err := a.activeModel(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(items))
	for n, i := range items {
		ids[n] = i.id
		known[i.id] = aiOf{Status: AIOff}
		coming := i.kind == db.MediaKindPhoto && (i.status == db.MediaStatusPending || i.status == db.MediaStatusProcessing)
		if ok && (coming || i.preview && !model.BacklogDone) {
			known[i.id] = aiOf{Status: AIPending}
		}
	}
	if !ok || len(ids) == 0 {
		return known, nil
	}
	rows, err := a.db.EmbeddingStates(ctx, db.EmbeddingStatesParams{Ids: ids, ModelID: model.ID})
	if err != nil {
		return nil, fmt.Errorf("look up what is embedded: %w", err)
	}
	for _, r := range rows {
		known[r.MediaID] = aiOf{AIStatus(r.State), r.ErrorCode}
	}
	return known, nil
}
