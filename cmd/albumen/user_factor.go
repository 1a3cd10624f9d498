package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"albumen/app"
)

// factorReset is what the command did, as printed.
type factorReset struct {
	Email   string `json:"email"`
	DryRun  bool   `json:"dry_run"`
	Factor  bool   `json:"second_factor"` // there was one
	Removed bool   `json:"removed"`
}

// userResetFactor is for whoever has lost both the app and the recovery codes
// and whom no other administrator can help.
func (p *program) userResetFactor() *cobra.Command {
	var email string
	var dryRun bool
	c := p.withJSON(&cobra.Command{
		Use: "reset-factor --email E", Short: "Take a lost second factor away; the password alone lets in again", Args: cobra.NoArgs,
		Long: "Take a lost second factor away: the authenticator app and all recovery codes. The password alone lets in again.\n" +
			"The person is told by mail, and the audit log says that it was done here.",
		RunE: func(c *cobra.Command, _ []string) error {
			ctx := c.Context()
			s, err := p.open(ctx)
			if err != nil {
				return err
			}
			defer s.close()
			user, err := s.app.UserByEmail(ctx, app.SystemActor(), email)
			if err != nil {
				return err
			}
			detail, err := s.app.UserDetail(ctx, app.SystemActor(), user.ID)
			if err != nil {
				return err
			}
			r := factorReset{Email: user.Email, DryRun: dryRun, Factor: detail.SecondFactor}
			if !dryRun {
				if err := s.app.RemoveSecondFactor(ctx, app.SystemActor(), user.ID); err != nil {
					return err
				}
				r.Removed = true
			}
			if p.asJSON {
				return p.printJSON(r)
			}
			said := "%s has no second factor: there is nothing to take away.\n"
			switch {
			case r.Removed:
				said = "%s signs in with the password alone now.\n"
			case r.Factor:
				said = "Would take the second factor of %s away.\n"
			}
			_, err = fmt.Fprintf(p.out, said, user.Email)
			return err
		},
	})
	emailFlag(c, &email)
	c.Flags().BoolVar(&dryRun, "dry-run", false, "say whether there is one, and change nothing")
	return c
}
