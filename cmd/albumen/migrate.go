package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"albumen/config"
	"albumen/db"
)

func (p *program) migrate() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database up to this version",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, _, err := p.load(config.NeedDatabase)
			if err != nil {
				return err
			}
			pool, err := db.Open(c.Context(), string(cfg.DatabaseURL))
			if err != nil {
				return err
			}
			defer pool.Close()
			n, err := pool.Migrate(c.Context())
			if err != nil {
				return err
			}
			if err := pool.CheckSchema(c.Context()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.err, "The database is up to date (%d migrations applied).\n", n)
			return err
		},
	}
}
