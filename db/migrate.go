package db

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrations are the files that make the schema, in order of their names.
func Migrations() fs.FS { return migrations }

// ErrSchemaVersion reports a database whose schema is older or newer than this
// program's.
var ErrSchemaVersion = errors.New("the database schema does not match this version of Albumen")

func (p *Pool) provider() (*goose.Provider, func(), error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, nil, fmt.Errorf("read the migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, nil, fmt.Errorf("prepare the migration lock: %w", err)
	}
	conn := stdlib.OpenDBFromPool(p.Pool)
	provider, err := goose.NewProvider(goose.DialectPostgres, conn, files, goose.WithSessionLocker(locker))
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read the migrations: %w", err), conn.Close())
	}
	return provider, func() { conn.Close() }, nil
}

// Migrate brings the schema up to this program's version. Several processes
// may call it at once: an advisory lock lets one run while the others wait.
// It returns how many migrations it applied.
func (p *Pool) Migrate(ctx context.Context) (int, error) {
	provider, done, err := p.provider()
	if err != nil {
		return 0, err
	}
	defer done()
	applied, err := provider.Up(ctx)
	if err != nil {
		return len(applied), fmt.Errorf("migrate the database: %w", err)
	}
	p.Pool.Reset() // connections opened before the vector type existed do not know it
	return len(applied), nil
}

// CheckSchema returns ErrSchemaVersion, with the remedy, unless the schema is
// exactly the one that this program was built for.
func (p *Pool) CheckSchema(ctx context.Context) error {
	provider, done, err := p.provider()
	if err != nil {
		return err
	}
	defer done()
	have, want, err := provider.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the schema version: %w", err)
	case have < want:
		return fmt.Errorf("%w: it is at %d, this program needs %d: run albumen migrate", ErrSchemaVersion, have, want)
	case have > want:
		return fmt.Errorf("%w: it is at %d, this program knows %d: start the newer version", ErrSchemaVersion, have, want)
	}
	return nil
}
