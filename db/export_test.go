package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// ListSQL shows the composed statement to the tests of its plan.
func ListSQL(f Filter, w Window) (string, []any) { return f.listSQL(w) }

// WalkAtMost has the window's walk, if there is one, end after n items of everybody's.
func WalkAtMost(w Window, n int) Window { w.walk = n; return w }

// Walks tells whether the list is looked for by a walk.
func Walks(f Filter) bool { return f.walks() }

// Walk is a walk alone; false where it ended early.
func Walk(ctx context.Context, p *Pool, f Filter, w Window) ([]ItemRow, bool, error) {
	return p.walk(ctx, f, w)
}

// WalkSQL shows the statement of a walk to the tests of its plan.
func WalkSQL(f Filter, w Window) (string, []any) { return f.walkSQL(w) }

// SleepWithin runs a statement of ten minutes as a search that may take limit.
func SleepWithin(ctx context.Context, p *Pool, limit time.Duration) error {
	_, err := collectWithin(ctx, p, limit, "SELECT pg_sleep($1)::text", []any{600.0}, pgx.RowTo[string])
	return err
}
