// Package db talks to PostgreSQL: the connection pool, the migrations and the
// queries that sqlc generates from queries/. It holds no rules of the product.
package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	pgxvec "github.com/pgvector/pgvector-go/pgx"
)

// Pool is a pool of PostgreSQL connections with the generated queries on it.
type Pool struct {
	*pgxpool.Pool
	*Queries
}

// Open connects to the database at url (a PostgreSQL URL or keyword string)
// and checks that it answers. It does not look at the schema; see CheckSchema.
func Open(ctx context.Context, url string) (*Pool, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	if cfg.MaxConns < 8 {
		cfg.MaxConns = 8
	}
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.ConnConfig.RuntimeParams["application_name"] = "albumen"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.ConnConfig.RuntimeParams["jit"] = "off" // compiling costs more than any of our statements
	// Bitmaps over a million items would otherwise forget which rows of a page they meant.
	cfg.ConnConfig.RuntimeParams["work_mem"] = "32MB"
	cfg.ConnConfig.BuildContextWatcherHandler = cancelOnServer
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		// Before the first migration there is no vector type yet.
		if err := pgxvec.RegisterTypes(ctx, c); err != nil {
			var missing interface{ SQLState() string }
			if errors.As(err, &missing) || c.IsClosed() {
				return fmt.Errorf("register the vector types: %w", err)
			}
		}
		return nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("connect to the database: %w", err)
	}
	return &Pool{Pool: pool, Queries: New(pool)}, nil
}

// InTx runs fn in a transaction: committed when fn returns nil, rolled back
// otherwise. A serialisation failure or deadlock is tried again up to twice,
// so fn must do nothing that cannot be repeated.
func (p *Pool) InTx(ctx context.Context, fn func(*Queries, pgx.Tx) error) error {
	var err error
	for range 3 {
		err = pgx.BeginFunc(ctx, p.Pool, func(tx pgx.Tx) error { return fn(p.Queries.WithTx(tx), tx) })
		if !isRetryable(err) {
			return err
		}
	}
	return err
}
