package bench

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"github.com/jackc/pgx/v5"

	"albumen/db"
	"albumen/db/dbtest"
)

// keepEnv names the variable that spares the seeding of every run: with
// BENCH_KEEP=name the databases stay, as name_100000 and so on, and serve again.
const keepEnv = "BENCH_KEEP"

// databaseFor returns the address of the database for n items, and whether an
// earlier run has filled it.
func databaseFor(ctx context.Context, of plan) (address string, seeded bool, err error) {
	keep := os.Getenv(keepEnv)
	if keep == "" {
		return dbtest.NewURL(theRun), false, nil
	}
	server := os.Getenv(dbtest.Env)
	u, err := url.Parse(server)
	if err != nil || u.Scheme == "" {
		return "", false, fmt.Errorf("%s must be a URL where %s is set", dbtest.Env, keepEnv)
	}
	admin, err := pgx.Connect(ctx, server)
	if err != nil {
		return "", false, err
	}
	defer admin.Close(ctx)
	name := fmt.Sprintf("%s_%d", keep, of.rows)
	switch {
	case of.harsh:
		name += "_club" // the only one that there once was
	case of.club:
		name += "_events"
	}
	u.Path = "/" + name
	if err := admin.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1 AND shobj_description(oid, 'pg_database') = 'seeded')", name).Scan(&seeded); err != nil {
		return "", false, err
	}
	quoted := pgx.Identifier{name}.Sanitize()
	if seeded {
		return u.String(), true, migrate(ctx, u.String())
	}
	for _, q := range []string{"DROP DATABASE IF EXISTS " + quoted + " WITH (FORCE)", "CREATE DATABASE " + quoted} {
		if _, err := admin.Exec(ctx, q); err != nil {
			return "", false, err
		}
	}
	return u.String(), false, migrate(ctx, u.String())
}

func migrate(ctx context.Context, url string) error {
	pool, err := db.Open(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = pool.Migrate(ctx)
	return err
}

// markKept notes that the database is filled.
func markKept(ctx context.Context, pool *db.Pool) error {
	if os.Getenv(keepEnv) == "" {
		return nil
	}
	var name string
	if err := pool.QueryRow(ctx, "SELECT current_database()").Scan(&name); err != nil {
		return err
	}
	_, err := pool.Exec(ctx, "COMMENT ON DATABASE "+pgx.Identifier{name}.Sanitize()+" IS 'seeded'")
	return err
}
