// Command albumen-ml is the process that turns pictures and texts into
// vectors for search by meaning.
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

	"albumen/config"
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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	p := &program{environ: os.Environ(), dir: ".", out: os.Stdout, err: os.Stderr}
	code := p.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// program is one call of albumen-ml.
type program struct {
	environ []string
	dir     string // where .env lies
	out     io.Writer
	err     io.Writer
	asJSON  bool
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
	root.AddCommand(p.serve(), p.check(), p.version())
	root.SetArgs(args)
	root.SetOut(p.out)
	root.SetErr(p.err)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errReported):
		return exitFailed
	case p.started:
		if config.Problems(err) != nil {
			fmt.Fprintln(p.err, "albumen-ml: the configuration is not complete:")
		}
		fmt.Fprintln(p.err, "albumen-ml:", err)
		return exitFailed
	}
	fmt.Fprintf(p.err, "albumen-ml: %v\n%s", err, root.UsageString())
	return exitUsage
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			p.started = true
			_, err := fmt.Fprintln(p.out, "albumen-ml", version)
			return err
		},
	}
}
