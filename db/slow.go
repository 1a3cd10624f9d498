package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// SearchLimit is how long one statement of a list or a search may run. Then
// the server ends it, so that what one person asks does not keep the others waiting.
const SearchLimit = 5 * time.Second

// errTooSlow is the cause of a context that SearchLimit has ended.
var errTooSlow = errors.New("the statement took longer than it may")

// IsTooSlow reports that a statement was ended for its time: by SearchLimit,
// or by a statement_timeout of the transaction's.
func IsTooSlow(err error) bool {
	var e *pgconn.PgError
	return errors.Is(err, errTooSlow) || errors.As(err, &e) && e.Code == "57014" && !errors.Is(err, context.Canceled)
}

// Limit bounds all statements under the context together. What they return when
// it has ended them goes through Slow.
func Limit(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, errTooSlow)
}

// Slow adds to an error of statements under Limit's context why that has ended,
// for IsTooSlow.
func Slow(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

// cancelOnServer makes a statement whose context ends stop on the server, too,
// and keeps the connection.
func cancelOnServer(c *pgconn.PgConn) ctxwatch.Handler {
	return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: 2 * time.Second}
}

// collect runs a composed statement, of at most SearchLimit, and returns its
// rows. It is planned for its own values, without keeping the plan: what is
// selective for one actor is not for another.
func collect[T any](ctx context.Context, p *Pool, sql string, args []any, scan pgx.RowToFunc[T]) ([]T, error) {
	return collectWithin(ctx, p, SearchLimit, sql, args, scan)
}

func collectWithin[T any](ctx context.Context, p *Pool, limit time.Duration, sql string, args []any, scan pgx.RowToFunc[T]) ([]T, error) {
	limited, cancel := context.WithTimeoutCause(ctx, limit, errTooSlow)
	defer cancel()
	rows, err := p.Pool.Query(limited, sql, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
	var found []T
	if err == nil {
		found, err = pgx.CollectRows(rows, scan)
	}
	if err != nil && context.Cause(limited) != nil {
		err = fmt.Errorf("%w: %w", context.Cause(limited), err)
	}
	return found, err
}
