package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"albumen/config"
	"albumen/ml/clip"
)

// benchResult is what the loaded model does on this machine.
type benchResult struct {
	of
	Device      string      `json:"device"`
	LoadSeconds float64     `json:"load_seconds"`
	PeakBytes   int64       `json:"peak_bytes"` // of memory
	Cells       []benchCell `json:"cells"`
}

type benchCell struct {
	What      string  `json:"what"`  // "scale", "image" or "text"
	Batch     int     `json:"batch"` // at a time
	PerSecond float64 `json:"per_second"`
}

func (p *program) bench() *cobra.Command {
	var seconds float64
	c := p.withJSON(&cobra.Command{
		Use: "bench", Short: "Measure how many pictures and texts a second the model embeds on this machine", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if seconds <= 0 || seconds > 600 {
				return fmt.Errorf("%w: --seconds must lie between 0 and 600", errUsage)
			}
			return p.runBench(c.Context(), time.Duration(seconds*float64(time.Second)))
		},
	})
	c.Flags().Float64Var(&seconds, "seconds", 2, "how long each measurement takes")
	return c
}

func (p *program) runBench(ctx context.Context, each time.Duration) error {
	cfg, _, err := p.load(config.NeedNothing)
	if err != nil {
		return err
	}
	started := time.Now()
	model, err := p.openModel(ctx)
	if err != nil {
		return err
	}
	defer model.Close()
	result := benchResult{of: whose(model.Identity()), Device: model.Device(), LoadSeconds: time.Since(started).Seconds()}
	batch := cfg.MLBatch
	if batch == 0 {
		batch = model.Batch()
	}
	preview := noise()
	px, err := model.Prepare(preview)
	if err != nil {
		return fmt.Errorf("prepare a picture: %w", err)
	}
	pictures, texts := make([]clip.Pixels, batch), make([]string, batch)
	for i := range batch {
		pictures[i], texts[i] = px, "a child on a red bike by the sea"
	}
	for _, cell := range []struct {
		what string
		n    int
		run  func(n int) error
	}{
		{"scale", 1, func(int) error { _, err := model.Prepare(preview); return err }},
		{"image", 1, func(n int) error { _, err := model.EmbedImages(ctx, pictures[:n]); return err }},
		{"image", batch, func(n int) error { _, err := model.EmbedImages(ctx, pictures[:n]); return err }},
		{"text", 1, func(n int) error { _, err := model.EmbedTexts(ctx, texts[:n]); return err }},
		{"text", batch, func(n int) error { _, err := model.EmbedTexts(ctx, texts[:n]); return err }},
	} {
		fmt.Fprintf(p.err, "measuring %s, %d at a time …\n", cell.what, cell.n)
		rate, err := measure(ctx, each, cell.n, cell.run)
		if err != nil {
			return fmt.Errorf("measure %s: %w", cell.what, err)
		}
		result.Cells = append(result.Cells, benchCell{cell.what, cell.n, rate})
	}
	result.PeakBytes = peakMemory()
	if p.asJSON {
		return p.printJSON(result)
	}
	return p.printBench(result)
}

// measure runs for a while, the first time not counted.
func measure(ctx context.Context, each time.Duration, n int, run func(int) error) (perSecond float64, err error) {
	if err := run(n); err != nil {
		return 0, err
	}
	done, started := 0, time.Now()
	for done == 0 || time.Since(started) < each {
		if err := run(n); err != nil {
			return 0, err
		}
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		done += n
	}
	return float64(done) / time.Since(started).Seconds(), nil
}

func (p *program) printBench(r benchResult) error {
	var b strings.Builder
	fmt.Fprintf(&b, "model     %s, %d numbers\n", r.Model, r.Dimension)
	fmt.Fprintf(&b, "device    %s\n", r.Device)
	fmt.Fprintf(&b, "loading   %.1f s\n", r.LoadSeconds)
	fmt.Fprintf(&b, "memory    %d MB at most\n", r.PeakBytes/1e6)
	names := map[string]string{"scale": "pictures scaled", "image": "pictures", "text": "texts"}
	for _, c := range r.Cells {
		fmt.Fprintf(&b, "%-14s %3d at a time %9.1f a second\n", names[c.What], c.Batch, c.PerSecond)
	}
	if _, err := fmt.Fprint(p.out, b.String()); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}

// noise is a picture of the size of a preview.
func noise() clip.RGBImage {
	im := clip.RGBImage{Width: 2048, Height: 1536, Pix: make([]byte, 2048*1536*3)}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range im.Pix {
		im.Pix[i] = uint8(i>>8) + uint8(random.Uint32N(64))
	}
	return im
}

// peakMemory is the most memory that this process has had, 0 where the system
// does not say.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err == nil {
				return kilobytes << 10
			}
		}
	}
	return 0
}
