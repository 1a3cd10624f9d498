package main

import (
	"context"
	"fmt"
	"sort"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"albumen/app"
)

// importResult is what an import did, as printed.
type importResult struct {
	Folder  string         `json:"folder"`
	DryRun  bool           `json:"dry_run"`
	Files   int            `json:"files"`
	Bytes   int64          `json:"bytes"`
	Counts  map[string]int `json:"counts"`  // by outcome
	Skipped map[string]int `json:"skipped"` // by reason
	// Problems are the files that were refused or failed.
	Problems []importProblem `json:"problems"`
	// Processed counts the new items by status, with --wait.
	Processed map[string]int `json:"processed,omitempty"`
	Stopped   string         `json:"stopped,omitempty"` // why it ended early
}

type importProblem struct {
	File    string `json:"file"`
	Outcome string `json:"outcome"` // refused, failed, or unprocessed
	Reason  string `json:"reason"`
}

func (p *program) importFolder() *cobra.Command {
	var email string
	var dryRun, wait bool
	c := p.withJSON(&cobra.Command{
		Use:   "import DIR --owner E",
		Short: "Bring a folder of photos and videos in",
		Long: "Bring a folder of photos and videos in. It may be stopped and run again: files that are there already are found\n" +
			"by their content. Hidden files, symbolic links and what operating systems leave behind are passed over.\n\n" +
			"The exit code is 0 when every file was brought in, was there already, or was refused with a reason;\n" +
			"1 when a file could not be read, the import stopped early, or, with --wait, a file could not be processed.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return p.runImport(c.Context(), args[0], email, dryRun, wait)
		},
	})
	c.Flags().StringVar(&email, "owner", "", "e-mail address of whose photos they will be")
	c.Flags().BoolVar(&dryRun, "dry-run", false, "look at every file, store none")
	c.Flags().BoolVar(&wait, "wait", false, "wait until everything new is processed")
	if err := c.MarkFlagRequired("owner"); err != nil {
		panic(err) // the flag stands above
	}
	return c
}

func (p *program) runImport(ctx context.Context, dir, email string, dryRun, wait bool) error {
	s, err := p.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	owner, err := s.app.UserByEmail(ctx, app.SystemActor(), email)
	if err != nil {
		return err
	}
	if owner.SuspendedAt != nil {
		return fmt.Errorf("%s is suspended: albumen user suspend --lift --email %s", owner.Email, owner.Email)
	}
	plan, err := app.PlanImport(ctx, dir)
	if err != nil {
		return err
	}
	r := &importResult{Folder: dir, DryRun: dryRun, Files: len(plan.Files), Bytes: plan.Bytes, Counts: map[string]int{}, Skipped: map[string]int{}}
	for why, n := range plan.Skipped {
		r.Skipped[string(why)] = n
	}
	bar := newProgress(p.err, "Importing", plan.Bytes)
	var added []uuid.UUID
	record := func(one app.Imported) {
		r.Counts[string(one.Outcome)]++
		if one.Err != nil {
			r.Problems = append(r.Problems, importProblem{one.File.Path, string(one.Outcome), explain(ctx, one.Err)})
		} else if one.Outcome == app.ImportCreated && !dryRun {
			added = append(added, one.MediaID)
		}
		bar.add(one.File.Bytes)
	}
	for _, one := range plan.Unreadable {
		record(one)
	}
	actor := app.UserActor(owner)
	err = s.app.ImportFolder(ctx, actor, app.Import{Folder: plan, DryRun: dryRun, Report: record, Waiting: func(err error) {
		bar.say("A part of Albumen is away; trying again: " + explain(ctx, err))
	}})
	bar.finish()
	if err != nil {
		r.Stopped = explain(context.WithoutCancel(ctx), err)
	} else if wait && !dryRun {
		if err = p.waitProcessed(ctx, s.app, actor, added, r); err != nil {
			r.Stopped = explain(context.WithoutCancel(ctx), err)
		}
	}
	return p.reportImport(r)
}

func (p *program) reportImport(r *importResult) error {
	failed := r.Stopped != "" || r.Counts[string(app.ImportFailed)] > 0 || r.Processed["failed"] > 0
	if p.asJSON {
		if err := p.printJSON(r); err != nil {
			return err
		}
	} else if err := p.printImport(r); err != nil {
		return err
	}
	if r.Stopped != "" {
		fmt.Fprintf(p.err, "The import stopped early; run it again to go on. %s\n", r.Stopped)
	}
	if failed {
		return errReported
	}
	return nil
}

func (p *program) printImport(r *importResult) error {
	for _, problem := range r.Problems {
		fmt.Fprintf(p.out, "%s: %s: %s\n", problem.Outcome, problem.File, problem.Reason)
	}
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%d\tfiles found (%s)\t\n", r.Files, megabytes(r.Bytes))
	created := "brought in"
	if r.DryRun {
		created = "would be brought in"
	}
	for _, row := range []struct{ key, text string }{
		{string(app.ImportCreated), created}, {string(app.ImportDuplicate), "there already"}, {string(app.ImportRestored), "taken out of the trash"},
		{string(app.ImportRefused), "refused, see above"}, {string(app.ImportFailed), "failed, see above"},
	} {
		if n := r.Counts[row.key]; n > 0 {
			fmt.Fprintf(w, "%d\t%s\t\n", n, row.text)
		}
	}
	for _, why := range sortedKeys(r.Skipped) {
		fmt.Fprintf(w, "%d\tpassed over: %s\t\n", r.Skipped[why], why)
	}
	for _, status := range sortedKeys(r.Processed) {
		fmt.Fprintf(w, "%d\tprocessed: %s\t\n", r.Processed[status], status)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
