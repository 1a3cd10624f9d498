package db

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// batch is statements that go to the server together and are answered together,
// in one transaction: on a busy machine each way there and back costs more than
// what a small statement does.
type batch struct{ pgx.Batch }

// planned has the statements that follow planned for their own values, as
// collect does.
func (b *batch) planned() { b.set("plan_cache_mode", "force_custom_plan") }

// set changes settings of PostgreSQL's for the statements that follow: names and values.
func (b *batch) set(settings ...string) {
	var calls []string
	var args []any
	for i := 0; i < len(settings); i += 2 {
		calls = append(calls, fmt.Sprintf("set_config($%d, $%d, true)", i+1, i+2))
		args = append(args, settings[i], settings[i+1])
	}
	b.Queue("SELECT "+strings.Join(calls, ", "), args...).Exec(func(pgconn.CommandTag) error { return nil })
}

// queue adds a statement; its rows are in found once the batch was sent.
func queue[T any](b *batch, found *[]T, scan pgx.RowToFunc[T], sql string, args ...any) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
		var err error
		*found, err = pgx.CollectRows(rows, scan)
		return err
	})
}

// send runs the batch, which may take SearchLimit in all.
func (p *Pool) send(ctx context.Context, b *batch) error {
	limited, cancel := context.WithTimeoutCause(ctx, SearchLimit, errTooSlow)
	defer cancel()
	err := p.Pool.SendBatch(limited, &b.Batch).Close()
	if err != nil && context.Cause(limited) != nil {
		err = fmt.Errorf("%w: %w", context.Cause(limited), err)
	}
	return err
}
