package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"albumen/db"
	"albumen/db/dbtest"
)

// A statement that takes too long ends on the server as well, and the
// connection goes on; so does one whose asker has left.
func TestSlowStatementsEnd(t *testing.T) {
	pool := dbtest.New(t)
	for name, run := range map[string]func() error{
		"too slow": func() error { return db.SleepWithin(t.Context(), pool, 50*time.Millisecond) },
		"left": func() error {
			left, leave := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, leave)
			return db.SleepWithin(left, pool, time.Minute)
		},
		"all too slow": func() error {
			limited, cancel := db.Limit(t.Context(), 50*time.Millisecond)
			defer cancel()
			_, err := pool.Exec(limited, "SELECT pg_sleep(600)")
			return db.Slow(limited, err)
		},
		"all left": func() error {
			left, leave := context.WithCancel(t.Context())
			limited, cancel := db.Limit(left, time.Minute)
			defer cancel()
			time.AfterFunc(50*time.Millisecond, leave)
			_, err := pool.Exec(limited, "SELECT pg_sleep(600)")
			return db.Slow(limited, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := run()
			if err == nil || db.IsTooSlow(err) != strings.HasSuffix(name, "too slow") || errors.Is(err, context.Canceled) != strings.HasSuffix(name, "left") {
				t.Errorf("%v", err)
			}
			for running := 1; running > 0; {
				if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
					AND query LIKE 'SELECT pg_sleep%' AND state = 'active'`).Scan(&running); err != nil {
					t.Fatal(err)
				}
			}
			if n := pool.Stat().TotalConns(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
	_, err := pool.Exec(t.Context(), "SET statement_timeout = '10ms'; SELECT pg_sleep(600)")
	if !db.IsTooSlow(err) {
		t.Errorf("a statement_timeout: %v", err)
	}
}
