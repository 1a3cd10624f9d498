package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"

	"albumen/config"
	"albumen/ml/serve"
)

// load reads the configuration and sets up the log.
func (p *program) load(need config.Need) (*config.Config, *slog.Logger, error) {
	cfg, err := config.Load(p.environ, p.dir, need)
	if err != nil {
		return nil, nil, err
	}
	cfg.MLThreads = cmp.Or(cfg.MLThreads, p.threads)
	options := &slog.HandlerOptions{Level: cfg.LogLevel}
	var handler slog.Handler = slog.NewTextHandler(p.err, options)
	if cfg.LogFormat == "json" {
		handler = slog.NewJSONHandler(p.err, options)
	}
	return cfg, slog.New(handler), nil
}

// source is where the configured model comes from.
func (p *program) source(cfg *config.Config) *serve.ModelSource {
	return serve.NewModelSource(serve.ModelConfig{
		Name: cfg.CLIPModel, Folder: cfg.CLIPModelFolder, Dir: cfg.CLIPModelDir, URL: cfg.CLIPModelURL,
		Device: cfg.MLDevice, Threads: cfg.MLThreads,
	})
}

// absent is the error of a source that has no model.
func absent(source *serve.ModelSource) error {
	if source.IsFolder() {
		return fmt.Errorf("CLIP_MODEL names the folder %s, which is not there", source.Folder())
	}
	return fmt.Errorf("%s is not in %s", source.Name(), source.Folder())
}

// openModel loads the configured model, which must be there.
func (p *program) openModel(ctx context.Context) (serve.Model, error) {
	cfg, _, err := p.load(config.NeedNothing)
	if err != nil {
		return nil, err
	}
	source := p.source(cfg)
	if !source.Present() {
		if source.IsFolder() {
			return nil, fmt.Errorf("%w: put the model there, or correct CLIP_MODEL", absent(source))
		}
		return nil, fmt.Errorf("%w yet: get it with albumen-ml fetch-model, or see docs/ml.md for machines without network", absent(source))
	}
	fmt.Fprintf(p.err, "loading the model %s …\n", source.Name())
	model, err := source.Load(ctx)
	if err != nil {
		return nil, err
	}
	if model.Identity().Random {
		fmt.Fprintln(p.err, "the weights of this model are random: its vectors mean nothing")
	}
	return model, nil
}
