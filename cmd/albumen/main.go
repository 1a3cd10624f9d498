// Command albumen is the album: the web process, the worker, and the tools of
// those who run it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"albumen/app"
	"albumen/config"
	"albumen/i18n"
	"albumen/media"
)

// version is set by the linker, see scripts/build.
var version = "unknown"

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	// A decoder child is confined from its first moment on: no configuration,
	// no connections.
	if len(os.Args) > 1 && os.Args[1] == media.DecoderArg {
		os.Exit(media.DecoderMain())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{environ: os.Environ(), dir: ".", in: os.Stdin, out: os.Stdout, err: os.Stderr}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// program is one call of albumen.
type program struct {
	environ []string
	dir     string // where .env lies and relative paths start
	in      *os.File
	out     io.Writer // results
	err     io.Writer // progress and complaints
	asJSON  bool
	started bool // the command line was understood
}

func (p *program) run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	root.SetOut(p.out)
	root.SetErr(p.err)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errReported):
		return exitFailed
	case p.started && !errors.Is(err, errUsage):
		fmt.Fprintln(p.err, "albumen:", explain(ctx, err))
		return exitFailed
	}
	fmt.Fprintf(p.err, "albumen: %v\nRun albumen --help, or albumen COMMAND --help.\n", err)
	return exitUsage
}

var (
	errUsage    = errors.New("wrong usage")
	errReported = errors.New("failed") // and has said why
)

// explain turns what people may be told into sentences.
func explain(ctx context.Context, err error) string {
	if problems := config.Problems(err); problems != nil {
		return "the configuration is not complete:\n" + err.Error()
	}
	e, ok := errors.AsType[*app.Error](err)
	if !ok {
		return err.Error()
	}
	var pairs []any
	for name, value := range e.Args {
		pairs = append(pairs, name, value)
	}
	said := i18n.T(ctx, e.Key, pairs...)
	for field, key := range e.Fields {
		said += "\n  " + field + ": " + i18n.T(ctx, key, pairs...)
	}
	return said
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "albumen",
		Short:         "A self-hosted album for photos and videos",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return fmt.Errorf("%w: say what to do, such as albumen web", errUsage)
		},
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.AddCommand(p.web(), p.worker(), p.migrate(), p.user(), p.check(), p.importFolder(), p.jobs(), p.media(), p.audit(), p.version())
	p.noteStart(root)
	return root
}

// noteStart tells failures from wrong usage: what fails before a command runs
// is about how it was called.
func (p *program) noteStart(c *cobra.Command) {
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		p.started = true
		return run(c, args)
	}
	for _, sub := range c.Commands() {
		p.noteStart(sub)
	}
}

// withJSON adds --json to a command that has a result.
func (p *program) withJSON(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&p.asJSON, "json", false, "print the result as JSON")
	return c
}
