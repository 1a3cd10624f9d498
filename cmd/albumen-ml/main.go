// Command albumen-ml is the process that turns pictures and texts into
// vectors for search by meaning.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"

	"albumen/config"
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
	// A decoder child is confined from its first moment on.
	if len(os.Args) > 1 && os.Args[1] == media.DecoderArg {
		os.Exit(media.DecoderMain())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{environ: os.Environ(), dir: ".", out: os.Stdout, err: os.Stderr, threads: runtime.GOMAXPROCS(0)}
	// A thread that computes pictures keeps its place among Go's processors while the
	// system lets something more urgent run. With one place per core, texts would wait for it.
	runtime.GOMAXPROCS(3 * p.threads)
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// program is one call of albumen-ml.
type program struct {
	environ []string
	dir     string    // where .env lies
	out     io.Writer // results
	err     io.Writer // progress and complaints
	asJSON  bool
	threads int  // of the model, unless ML_THREADS says otherwise; 0: as many as Go uses
	started bool // the command line was understood
}

var (
	errUsage    = errors.New("wrong usage")
	errReported = errors.New("failed") // and has said why
)

func (p *program) run(ctx context.Context, args []string) int {
	root := &cobra.Command{
		Use: "albumen-ml", Short: "Search by meaning, for Albumen", Args: cobra.NoArgs,
		SilenceUsage: true, SilenceErrors: true,
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("%w: say what to do, such as albumen-ml serve", errUsage)
		},
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.AddCommand(p.serve(), p.embedText(), p.embedImage(), p.bench(), p.fetchModel(), p.check(), p.version())
	p.noteStart(root)
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
		if config.Problems(err) != nil {
			fmt.Fprintln(p.err, "albumen-ml: the configuration is not complete:")
		}
		fmt.Fprintln(p.err, "albumen-ml:", err)
		return exitFailed
	}
	fmt.Fprintf(p.err, "albumen-ml: %v\nRun albumen-ml --help, or albumen-ml COMMAND --help.\n", err)
	return exitUsage
}

// noteStart tells failures from wrong usage: what fails before a command runs
// is about how it was called.
func (p *program) noteStart(root *cobra.Command) {
	for _, c := range root.Commands() {
		run := c.RunE
		c.RunE = func(c *cobra.Command, args []string) error {
			p.started = true
			return run(c, args)
		}
	}
}

// withJSON adds --json to a command that has a result.
func (p *program) withJSON(c *cobra.Command) *cobra.Command {
	c.Flags().BoolVar(&p.asJSON, "json", false, "print the result as JSON")
	return c
}

func (p *program) printJSON(result any) error {
	encoder := json.NewEncoder(p.out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(result); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.out, "albumen-ml", version)
			return err
		},
	}
}
