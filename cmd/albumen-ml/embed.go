package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"albumen/media"
	"albumen/ml"
	"albumen/ml/clip"
	"albumen/ml/serve"
)

// embedding is the result for one text or file.
type embedding struct {
	Text   string    `json:"text,omitempty"`
	File   string    `json:"file,omitempty"`
	Vector []float32 `json:"vector,omitempty"` // of unit length
	Error  string    `json:"error,omitempty"`
}

// of says which model a result is of.
type of struct {
	Model     string `json:"model"`
	Dimension int    `json:"dimension"`
	Random    bool   `json:"random"`
}

func whose(m ml.Model) of { return of{m.ID, m.Dimension, m.Random} }

func (p *program) embedText() *cobra.Command {
	return p.withJSON(&cobra.Command{
		Use: "embed-text TEXT", Short: "Print the vector of a text", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.runEmbedText(c.Context(), args[0]) },
	})
}

func (p *program) runEmbedText(ctx context.Context, text string) error {
	model, err := p.openModel(ctx)
	if err != nil {
		return err
	}
	defer model.Close()
	vectors, err := model.EmbedTexts(ctx, []string{text})
	if err != nil {
		return fmt.Errorf("embed the text: %w", err)
	}
	result := embedding{Text: text, Vector: vectors[0]}
	if p.asJSON {
		return p.printJSON(struct {
			of
			embedding
		}{whose(model.Identity()), result})
	}
	return p.printPlain(result)
}

func (p *program) embedImage() *cobra.Command {
	return p.withJSON(&cobra.Command{
		Use: "embed-image FILE…", Short: "Print the vectors of picture files", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return p.runEmbedImage(c.Context(), args) },
	})
}

// runEmbedImage goes on after a file that cannot be read, and fails at the end.
func (p *program) runEmbedImage(ctx context.Context, paths []string) error {
	model, err := p.openModel(ctx)
	if err != nil {
		return err
	}
	defer model.Close()
	rasters, err := media.NewRasters(media.Config{Workers: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer rasters.Close()
	results, bad := make([]embedding, 0, len(paths)), 0
	for _, path := range paths {
		vector, err := embedFile(ctx, model, rasters, path)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		result := embedding{File: path, Vector: vector}
		if err != nil {
			bad++
			result.Error = err.Error()
			fmt.Fprintf(p.err, "%s: %v\n", path, err)
		}
		results = append(results, result)
		if !p.asJSON && err == nil {
			if err := p.printPlain(result); err != nil {
				return err
			}
		}
	}
	if p.asJSON {
		if err := p.printJSON(struct {
			of
			Images []embedding `json:"images"`
		}{whose(model.Identity()), results}); err != nil {
			return err
		}
	}
	if bad > 0 {
		fmt.Fprintf(p.err, "%d of %d files could not be embedded.\n", bad, len(paths))
		return errReported
	}
	return nil
}

func embedFile(ctx context.Context, model serve.Model, rasters *media.Rasters, path string) ([]float32, error) {
	im, err := clip.DecodeFile(ctx, rasters, path)
	if err != nil {
		return nil, err
	}
	px, err := model.Prepare(im)
	if err != nil {
		return nil, err
	}
	vectors, err := model.EmbedImages(ctx, []clip.Pixels{px})
	if err != nil {
		return nil, err
	}
	return vectors[0], nil
}

// printPlain prints one line: the name and every number, separated by tabs and
// spaces.
func (p *program) printPlain(e embedding) error {
	var line strings.Builder
	line.WriteString(e.File)
	if e.File != "" {
		line.WriteByte('\t')
	}
	for i, x := range e.Vector {
		if i > 0 {
			line.WriteByte(' ')
		}
		fmt.Fprintf(&line, "%.6g", x)
	}
	if _, err := fmt.Fprintln(p.out, line.String()); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}
