package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"albumen/config"
	"albumen/ml/hub"
	"albumen/ml/serve"
)

func (p *program) fetchModel() *cobra.Command {
	return p.withJSON(&cobra.Command{
		Use: "fetch-model [NAME]", Short: "Download a model (that of CLIP_MODEL), or what is missing of it", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.runFetch(c.Context(), strings.Join(args, "")) },
	})
}

func (p *program) runFetch(ctx context.Context, name string) error {
	environ := p.environ
	if name != "" {
		environ = append(environ[:len(environ):len(environ)], "CLIP_MODEL="+name)
	}
	cfg, err := config.Load(environ, p.dir, config.NeedNothing)
	if err != nil {
		return err
	}
	if cfg.CLIPModelFolder != "" {
		return fmt.Errorf("%s is a folder, to which nothing is downloaded: name a model, such as albumen-ml fetch-model %s", cfg.CLIPModel, hub.DefaultModel)
	}
	source := p.source(cfg)
	bar := &progressBar{out: p.err}
	fmt.Fprintf(p.err, "fetching %s into %s\n", source.Name(), source.Folder())
	err = source.Fetch(ctx, bar.show)
	bar.end()
	if err != nil {
		return err
	}
	return p.reportFetched(source)
}

func (p *program) reportFetched(source *serve.ModelSource) error {
	fingerprint, bytes, err := source.Describe()
	if err != nil {
		return err
	}
	unchecked := source.Unchecked()
	if len(unchecked) > 0 {
		fmt.Fprintf(p.err, "no checksum is published there for %s; only lengths were compared\n", strings.Join(unchecked, ", "))
	}
	if p.asJSON {
		return p.printJSON(map[string]any{"name": source.Name(), "folder": source.Folder(), "fingerprint": fingerprint, "bytes": bytes, "unchecked": append([]string{}, unchecked...)})
	}
	if _, err := fmt.Fprintf(p.out, "%s is in %s (%d MB)\n", source.Name(), source.Folder(), bytes/1e6); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}
