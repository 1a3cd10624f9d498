package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"albumen/config"
	"albumen/ml"
	"albumen/ml/clip"
	"albumen/ml/serve"
	"albumen/redisdb"
)

// finding is one thing that was looked at.
type finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

func (p *program) check() *cobra.Command {
	var running bool
	c := p.withJSON(&cobra.Command{
		Use: "check", Short: "Say whether search by meaning works, and what it lacks", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return p.runCheck(c.Context(), running) },
	})
	c.Flags().BoolVar(&running, "running", false, "ask only the processes that run, without loading the model")
	return c
}

func (p *program) runCheck(ctx context.Context, running bool) error {
	k := &checker{progress: p.err}
	cfg, _, err := p.load(config.NeedRedis)
	if problems := config.Problems(err); problems != nil {
		for _, one := range problems {
			k.found = append(k.found, finding{Name: one.Variable, Detail: one.Message, Remedy: one.Remedy})
		}
		return p.reportCheck(k.found)
	} else if err != nil {
		return err
	}
	if !running {
		k.device(cfg)
		k.model(ctx, p.source(cfg))
	}
	k.process(ctx, cfg)
	return p.reportCheck(k.found)
}

func (p *program) reportCheck(found []finding) error {
	bad := 0
	for _, f := range found {
		if !f.OK {
			bad++
		}
	}
	if p.asJSON {
		if err := p.printJSON(map[string]any{"ok": bad == 0, "findings": found}); err != nil {
			return err
		}
	} else {
		var b strings.Builder
		for _, f := range found {
			mark := "ok  "
			if !f.OK {
				mark = "FAIL"
			}
			fmt.Fprintf(&b, "%s  %s: %s\n", mark, f.Name, f.Detail)
			if f.Remedy != "" {
				fmt.Fprintf(&b, "      %s\n", f.Remedy)
			}
		}
		if _, err := fmt.Fprint(p.out, b.String()); err != nil {
			return fmt.Errorf("print the result: %w", err)
		}
	}
	if bad > 0 {
		fmt.Fprintf(p.err, "%d of %d checks failed.\n", bad, len(found))
		return errReported
	}
	return nil
}

// checker collects findings.
type checker struct {
	found    []finding
	progress io.Writer
}

// ask runs one check; its detail is what it returned, or the error.
func (k *checker) ask(name, remedy string, check func() (string, error)) bool {
	fmt.Fprintf(k.progress, "checking %s …\n", name)
	detail, err := check()
	if err != nil {
		k.found = append(k.found, finding{Name: name, Detail: err.Error(), Remedy: remedy})
		return false
	}
	k.found = append(k.found, finding{Name: name, OK: true, Detail: detail})
	return true
}

func (k *checker) device(cfg *config.Config) {
	k.ask("device", "Write ML_DEVICE=auto or cpu.", func() (string, error) {
		if cfg.MLDevice == "cuda" {
			return "", errors.New("ML_DEVICE is cuda, but this build computes on the processor only")
		}
		return serve.Device(cfg.MLThreads), nil
	})
}

func (k *checker) model(ctx context.Context, source *serve.ModelSource) {
	remedy := "Get it with albumen-ml fetch-model, or copy its folder there; docs/ml.md tells how."
	if source.IsFolder() {
		remedy = "Put the model there, or correct CLIP_MODEL."
	}
	there := k.ask("model", remedy, func() (string, error) {
		if !source.Present() {
			return "", absent(source)
		}
		return fmt.Sprintf("%s is in %s", source.Name(), source.Folder()), nil
	})
	if !there {
		return
	}
	var model serve.Model
	loaded := k.ask("loading", "Copy or fetch the whole model again, or choose another with CLIP_MODEL.", func() (string, error) {
		started := time.Now()
		m, err := source.Load(ctx)
		if err != nil {
			return "", err
		}
		model = m
		detail := fmt.Sprintf("%s, %d numbers, in %.1f s", m.Identity().ID, m.Identity().Dimension, time.Since(started).Seconds())
		if m.Identity().Random {
			detail += "; its weights are random, so that what it finds is found by chance"
		}
		return detail, nil
	})
	if !loaded {
		return
	}
	defer model.Close()
	k.ask("self-test", "Please report this together with the output of albumen-ml check --json.", func() (string, error) { return selfTest(ctx, model) })
}

// selfTest embeds a text and a picture, by itself and among others.
func selfTest(ctx context.Context, model serve.Model) (string, error) {
	texts, err := model.EmbedTexts(ctx, []string{"a photo of a cat", "a photo of a cat", "dogs"})
	if err != nil {
		return "", fmt.Errorf("embed texts: %w", err)
	}
	px, err := model.Prepare(noise())
	if err != nil {
		return "", fmt.Errorf("scale a picture: %w", err)
	}
	images, err := model.EmbedImages(ctx, []clip.Pixels{px, px, px})
	if err != nil {
		return "", fmt.Errorf("embed pictures: %w", err)
	}
	for _, v := range append(texts, images...) {
		if length := product(v, v); len(v) != model.Identity().Dimension || !(math.Abs(length-1) < 1e-3) {
			return "", fmt.Errorf("a vector has %d numbers and the length %g", len(v), math.Sqrt(length))
		}
	}
	if product(texts[0], texts[1]) < 0.9999 || product(images[0], images[2]) < 0.9999 {
		return "", errors.New("the same text or picture does not give the same vector")
	}
	if product(texts[0], texts[2]) > 0.99999 {
		return "", errors.New("different texts give the same vector")
	}
	return "texts and pictures are embedded", nil
}

func product(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

func (k *checker) process(ctx context.Context, cfg *config.Config) {
	var statuses []ml.Status
	reached := k.ask("redis", "Start Redis, or correct REDIS_URL.", func() (string, error) {
		pool, err := redisdb.Open(ctx, cfg.Redis.URL())
		if err != nil {
			return "", err
		}
		defer pool.Close()
		statuses, err = ml.NewClient(pool, ml.Prefix).Statuses(ctx)
		return "answers", err
	})
	if !reached {
		return
	}
	if len(statuses) == 0 {
		k.ask("process", "Start it with albumen-ml serve, or all of Albumen with make run.", func() (string, error) {
			return "", errors.New("none runs")
		})
	}
	for _, s := range statuses {
		remedy := "See its log."
		if s.Detail != nil {
			remedy = s.Detail.Text
		}
		k.ask("process", remedy, func() (string, error) {
			detail := fmt.Sprintf("%d on %s since %s: %s", s.PID, s.Host, s.Since.Format(time.RFC3339), s.State)
			switch s.State {
			case ml.StateReady:
				return fmt.Sprintf("%s, %s, %d pictures, %.1f a second", detail, s.Model.ID, s.Images, s.ImagesPerSecond), nil
			case ml.StateFetching:
				return fmt.Sprintf("%s, %d of %d MB", detail, s.Fetched/1e6, s.FetchTotal/1e6), nil
			case ml.StateLoading:
				return detail, nil
			}
			return "", errors.New(detail)
		})
	}
}
