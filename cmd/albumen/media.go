package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"albumen/app"
)

func (p *program) media() *cobra.Command {
	c := &cobra.Command{
		Use: "media", Short: "Look after originals and pictures", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("%w: say what to do, such as albumen media verify", errUsage)
		},
	}
	c.AddCommand(p.mediaVerify(), p.mediaThumbnails(), p.mediaMetadata(), p.mediaEmbed())
	return c
}

// damageLine is a damaged original as printed.
type damageLine struct {
	ID      string `json:"id"`
	Owner   string `json:"owner"`
	File    string `json:"filename"`
	Key     string `json:"key"`
	Problem string `json:"problem"` // missing or changed
}

func (p *program) mediaVerify() *cobra.Command {
	return p.withJSON(&cobra.Command{
		Use: "verify", Short: "Read every original and compare it with its checksum", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.runVerify(c.Context()) },
	})
}

func (p *program) runVerify(ctx context.Context) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	damaged := []damageLine{}
	read, err := s.app.VerifyOriginals(ctx, app.SystemActor(), func(d app.Damage) {
		line := damageLine{d.MediaID.String(), d.Owner, d.Filename, d.Key, "changed"}
		if d.Missing {
			line.Problem = "missing"
		}
		damaged = append(damaged, line)
	})
	if err != nil {
		return err
	}
	if p.asJSON {
		err = p.printJSON(map[string]any{"read": read, "damaged": damaged})
	} else {
		for _, d := range damaged {
			fmt.Fprintf(p.out, "%s: %s of %s (%s)\n", d.Problem, d.File, d.Owner, d.Key)
		}
		_, err = fmt.Fprintf(p.out, "%d originals read, %d damaged.\n", read, len(damaged))
	}
	if err == nil && len(damaged) > 0 {
		return errReported
	}
	return err
}

func (p *program) mediaThumbnails() *cobra.Command {
	var failedOnly bool
	c := p.withJSON(&cobra.Command{
		Use:   "thumbnails",
		Short: "Have all pictures made anew by the workers, and the metadata read anew",
		Long:  "Have all pictures made anew by the workers, and the metadata read anew. What people edited stays; what is shown stays\nuntil its successor is there. albumen jobs shows how far that is.",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := p.open(c.Context())
			if err != nil {
				return err
			}
			defer s.close()
			n, err := s.app.Reprocess(c.Context(), app.SystemActor(), failedOnly)
			if err != nil {
				return err
			}
			if p.asJSON {
				return p.printJSON(map[string]int{"enqueued": n})
			}
			_, err = fmt.Fprintf(p.out, "%d items wait for the workers.\n", n)
			return err
		},
	})
	c.Flags().BoolVar(&failedOnly, "failed", false, "only what has failed")
	return c
}
