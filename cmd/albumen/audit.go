package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"albumen/app"
	"albumen/config"
)

// audit is what is done to the audit log by hand; albumen check looks at it.
func (p *program) audit() *cobra.Command {
	c := &cobra.Command{
		Use: "audit", Short: "Sign the audit log anew", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("%w: say what to do: albumen audit sign", errUsage)
		},
	}
	c.AddCommand(&cobra.Command{
		Use: "sign", Short: "Sign both ends of the audit log as it is now, after SECRET_KEY was changed or a fault was looked into",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, log, err := p.load(config.NeedAll)
			if err != nil {
				return err
			}
			pool, err := p.openDB(c.Context(), cfg)
			if err != nil {
				return err
			}
			defer pool.Close()
			a := app.New(app.Deps{DB: pool, Log: log, SecretKey: []byte(cfg.SecretKey), DefaultZone: cfg.DefaultTimeZone, Now: time.Now})
			if err := a.SignAudit(c.Context(), app.SystemActor()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.out, "Signed. The audit log says that it was.")
			return err
		},
	})
	return c
}

// auditResult is what albumen check --json prints of the audit log. Whoever
// keeps seq and hash elsewhere can tell later that nothing before was rewritten.
type auditResult struct {
	Entries int    `json:"entries"`
	First   int64  `json:"first"`
	Seq     int64  `json:"seq"`
	Hash    string `json:"hash"`
	Erased  int    `json:"erased"`
	Waiting int    `json:"waiting"`
	Fault   string `json:"fault,omitempty"`
	FaultAt int64  `json:"fault_at,omitempty"`
}

// sealLate is how long an entry waits to be sealed where no worker runs.
const sealLate = 15 * time.Minute

var auditFaults = map[app.AuditFault]string{
	app.AuditGap:        "entries before number %d are missing",
	app.AuditBroken:     "entry %d is not where it was sealed, or its commitment was changed",
	app.AuditChanged:    "what entry %d says was changed",
	app.AuditEmptied:    "entry %d was emptied, and no erasure of a person says so",
	app.AuditTruncated:  "the log does not end with entry %d as it was signed: entries were removed, added or rewritten",
	app.AuditCheckpoint: "where the log begins or ends (entry %d) is not signed with this SECRET_KEY",
}

func (k *checker) auditLog(ctx context.Context, a *app.App) {
	const remedy = "Somebody changed the database, or SECRET_KEY was changed: see docs/audit.md, \"When the check fails\"."
	k.ask("audit log", remedy, func() (string, error) {
		s, err := a.VerifyAudit(ctx, app.SystemActor())
		if err != nil {
			return "", err
		}
		k.audit = &auditResult{s.Entries, s.First, s.Head, hex.EncodeToString(s.Hash), s.Erased, s.Waiting, string(s.Fault), s.FaultAt}
		if s.Fault != "" {
			return "", fmt.Errorf(auditFaults[s.Fault], s.FaultAt)
		}
		if s.Waiting > 0 && time.Since(s.Oldest) > sealLate {
			return "", fmt.Errorf("%d entries wait to be sealed since %s: no worker seals them; look at its log", s.Waiting, s.Oldest.UTC().Format(time.RFC3339))
		}
		if s.Entries == 0 {
			return fmt.Sprintf("nothing sealed yet, %d entries wait", s.Waiting), nil
		}
		return fmt.Sprintf("entries %d to %d are as they were written (%d of them erased with a person), the last with hash %s; %d wait to be sealed",
			s.First, s.Head, s.Erased, hex.EncodeToString(s.Hash), s.Waiting), nil
	})
}
