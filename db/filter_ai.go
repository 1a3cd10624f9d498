package db

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// AIOff is the state, for AIStates and Filter.AIStatus, of items that the
// active model does not know and will not come to know: all while there is no
// model, and what has no picture to look at.
const AIOff = "off"

const activeModelSQL = "(SELECT x.id FROM embedding_models x WHERE x.state = 'active')"

// aiComingSQL tells of an item m without a row whether the active model will
// get to it: its picture is still being made, or the backlog has yet to reach it.
const aiComingSQL = "(EXISTS (SELECT 1 FROM embedding_models x WHERE x.state = 'active') AND" +
	" (m.kind = 'photo' AND m.status IN ('pending', 'processing')" +
	" OR EXISTS (SELECT 1 FROM embedding_models x WHERE x.state = 'active' AND NOT x.backlog_done)" +
	" AND EXISTS (SELECT 1 FROM derivatives d WHERE d.media_id = m.id AND d.kind = 'preview')))"

// aiRow tells whether m has a row with the active model, in the state where one
// is given.
func aiRow(state string) string {
	sql := "EXISTS (SELECT 1 FROM media_ai a WHERE a.media_id = m.id AND a.model_id = " + activeModelSQL
	if state != "" {
		sql += " AND a.state = " + state
	}
	return sql + ")"
}

// aiCondition is Filter.AIStatus as a condition on m: what AIStates says, in a
// form that is answered from the indexes on what is unfinished.
func aiCondition(b *builder, status string) string {
	switch status {
	case AIOff:
		return "NOT " + aiComingSQL + " AND NOT " + aiRow("")
	case string(AiStatePending):
		return "(" + aiRow("'pending'") + " OR " + aiComingSQL + " AND NOT " + aiRow("") + ")"
	}
	return aiRow(b.arg(status, "ai_state"))
}

// AIState is how far an item is with the active model.
type AIState struct {
	MediaID   uuid.UUID
	State     string // an AiState, or AIOff
	ErrorCode string // why it failed
}

// AIStates returns the state of each of the items, in no particular order.
func (p *Pool) AIStates(ctx context.Context, ids []uuid.UUID) ([]AIState, error) {
	b := &builder{}
	sql := "SELECT m.id, coalesce(a.state::text, CASE WHEN " + aiComingSQL + " THEN 'pending' ELSE 'off' END), coalesce(a.error_code, '')" +
		" FROM media m LEFT JOIN media_ai a ON a.media_id = m.id AND a.model_id = " + activeModelSQL +
		" WHERE m.id = ANY (" + b.arg(ids, "uuid[]") + ")"
	states, err := collect(ctx, p, sql, b.args, pgx.RowToStructByPos[AIState])
	if err != nil {
		return nil, fmt.Errorf("look up what is embedded: %w", err)
	}
	return states, nil
}
