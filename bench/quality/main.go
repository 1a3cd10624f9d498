// Command quality says how well a model finds real photographs by their
// captions: recall at k over a folder of pictures with labels.tsv.
package main

import (
	"context"
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"albumen/media"
	"albumen/ml/clip"
	"albumen/ml/serve"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == media.DecoderArg {
		os.Exit(media.DecoderMain())
	}
	corpus := flag.String("corpus", "../shared/corpus", "the folder with labels.tsv and its pictures")
	name := flag.String("model", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "a model's name, or a folder with one")
	models := flag.String("models", ".data/models", "the folder in which models with a name lie")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *corpus, *name, *models); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// errUnproven ends a run without trained weights.
var errUnproven = errors.New("quality on real photographs is unproven: no model with trained weights is here." +
	" Fetch one (albumen-ml fetch-model), or name its folder in CLIP_MODEL, and run make quality again")

func run(ctx context.Context, corpus, name, models string) error {
	wanted := serve.ModelConfig{Name: name, Dir: models}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		wanted.Folder = name
	}
	source := serve.NewModelSource(wanted)
	if !source.Present() {
		return errUnproven
	}
	model, err := source.Load(ctx)
	if err != nil {
		return fmt.Errorf("load %s: %w", source.Name(), err)
	}
	defer model.Close()
	if model.Identity().Random {
		return fmt.Errorf("the weights of %s were never trained: %w", source.Name(), errUnproven)
	}
	photos, err := readLabels(filepath.Join(corpus, "labels.tsv"))
	if err != nil {
		return err
	}
	if err := embed(ctx, model, corpus, photos); err != nil {
		return err
	}
	searches, err := searchesOf(ctx, model, photos)
	if err != nil {
		return err
	}
	fmt.Printf("%s on %d pictures, %d searches\n", model.Identity().ID, len(photos), len(searches))
	report(photos, searches)
	return nil
}

// labelled is one picture of the corpus.
type labelled struct {
	file, label, kind string
	captions          []string
	vector            []float32
}

// readLabels reads file, label, caption (several between bars) and kind.
func readLabels(path string) ([]*labelled, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the labels: %w", err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, 4
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		return nil, fmt.Errorf("read the labels in %s: %d rows: %w", path, len(rows), err)
	}
	var photos []*labelled
	for _, row := range rows[1:] {
		p := &labelled{file: row[0], label: row[1], kind: row[3]}
		for c := range strings.SplitSeq(row[2], "|") {
			p.captions = append(p.captions, strings.TrimSpace(c))
		}
		photos = append(photos, p)
	}
	return photos, nil
}

func embed(ctx context.Context, model serve.Model, corpus string, photos []*labelled) error {
	rasters, err := media.NewRasters(media.Config{Workers: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("start the decoder: %w", err)
	}
	defer rasters.Close()
	for batch := range slices.Chunk(photos, model.Batch()) {
		var px []clip.Pixels
		for _, p := range batch {
			im, err := clip.DecodeFile(ctx, rasters, filepath.Join(corpus, p.file))
			if err != nil {
				return fmt.Errorf("%s: %w", p.file, err)
			}
			one, err := model.Prepare(im)
			if err != nil {
				return fmt.Errorf("%s: %w", p.file, err)
			}
			px = append(px, one)
		}
		vectors, err := model.EmbedImages(ctx, px)
		if err != nil {
			return fmt.Errorf("embed pictures: %w", err)
		}
		for i, v := range vectors {
			batch[i].vector = v
		}
	}
	return nil
}
