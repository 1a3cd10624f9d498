// Package dbtest gives a test a PostgreSQL database of its own, with the
// current schema. The server is real: a missing one fails the test.
package dbtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// Env names the variable with the URL of the server (and of a superuser).
const Env = "ALBUMEN_TEST_DATABASE_URL"

// New returns a pool on a fresh database that is dropped when the test ends.
func New(t testing.TB) *db.Pool {
	t.Helper()
	pool, err := db.Open(context.Background(), NewURL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// NewURL is New for programs that connect by themselves.
func NewURL(t testing.TB) string {
	t.Helper()
	server := os.Getenv(Env)
	if server == "" {
		t.Fatalf("%s is not set: run the tests through make test, which starts PostgreSQL", Env)
	}
	ctx := context.Background()
	admin, err := pgx.Connect(ctx, server)
	if err != nil {
		t.Fatalf("connect to the test PostgreSQL: %v", err)
	}
	defer admin.Close(ctx)

	template, err := ensureTemplate(ctx, admin, server)
	if err != nil {
		t.Fatalf("make the template database: %v", err)
	}
	name := "t_" + hex.EncodeToString(uuidBytes())
	if _, err := admin.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s", name, template)); err != nil {
		t.Fatalf("make the test database: %v", err)
	}
	t.Cleanup(func() {
		admin, err := pgx.Connect(ctx, server)
		if err != nil {
			t.Errorf("connect to drop the test database: %v", err)
			return
		}
		defer admin.Close(ctx)
		if _, err := admin.Exec(ctx, fmt.Sprintf("DROP DATABASE IF EXISTS %s WITH (FORCE)", name)); err != nil {
			t.Errorf("drop the test database: %v", err)
		}
	})
	return withDatabase(server, name)
}

// ensureTemplate migrates one database per state of the migrations folder;
// every test database is a copy of it.
func ensureTemplate(ctx context.Context, admin *pgx.Conn, server string) (string, error) {
	sum, err := migrationsHash()
	if err != nil {
		return "", err
	}
	name := "template_" + sum
	if _, err := admin.Exec(ctx, "SELECT pg_advisory_lock(7341)"); err != nil {
		return "", err
	}
	defer admin.Exec(ctx, "SELECT pg_advisory_unlock(7341)") //nolint:errcheck // the connection closes next
	var exists bool
	if err := admin.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil || exists {
		return name, err
	}
	building := name + "_new"
	for _, q := range []string{"DROP DATABASE IF EXISTS " + building + " WITH (FORCE)", "CREATE DATABASE " + building} {
		if _, err := admin.Exec(ctx, q); err != nil {
			return "", err
		}
	}
	pool, err := db.Open(ctx, withDatabase(server, building))
	if err != nil {
		return "", err
	}
	_, err = pool.Migrate(ctx)
	pool.Close()
	if err != nil {
		return "", err
	}
	// Renamed last, so that a killed run never leaves half a template behind.
	_, err = admin.Exec(ctx, "ALTER DATABASE "+building+" RENAME TO "+name)
	return name, err
}

func migrationsHash() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(db.Migrations(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := fs.ReadFile(db.Migrations(), path)
		h.Write(b)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("read the migrations: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil || u.Scheme == "" {
		return server + " dbname=" + name
	}
	u.Path = "/" + name
	return u.String()
}

func uuidBytes() []byte { id := uuid.New(); return id[:] }
