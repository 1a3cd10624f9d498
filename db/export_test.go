package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// ListSQL shows the composed statement to the tests of its plan.
func ListSQL(f Filter, w Window) (string, []any) { return f.listSQL(w) }

// SleepWithin runs a statement of ten minutes as a search that may take limit.
func SleepWithin(ctx context.Context, p *Pool, limit time.Duration) error {
	_, err := collectWithin(ctx, p, limit, "SELECT pg_sleep($1)::text", []any{600.0}, pgx.RowTo[string])
	return err
}
