package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"albumen/app"
	"albumen/config"
	"albumen/db"
	"albumen/media"
	"albumen/ml"
	"albumen/redisdb"
	"albumen/storage"
)

// finding is one thing that was looked at.
type finding struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

func (p *program) check() *cobra.Command {
	var deploy bool
	c := p.withJSON(&cobra.Command{
		Use:   "check",
		Short: "Look whether everything that Albumen needs is there and consistent",
		Args:  cobra.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return p.runCheck(c.Context(), deploy) },
	})
	c.Flags().BoolVar(&deploy, "deploy", false, "complain about everything that is not fit for the internet, too")
	return c
}

func (p *program) runCheck(ctx context.Context, deploy bool) error {
	k := &checker{progress: p.err}
	cfg, log, err := p.load(config.NeedAll)
	if problems := config.Problems(err); problems != nil {
		for _, one := range problems {
			k.add(finding{Name: one.Variable, Detail: one.Message, Remedy: one.Remedy})
		}
	} else if err != nil {
		return err
	} else {
		k.add(finding{Name: "configuration", OK: true, Detail: "complete"})
		k.services(ctx, cfg, log)
		if deploy {
			for _, w := range cfg.Weaknesses() {
				k.add(finding{Name: w.Variable, Detail: w.Message, Remedy: w.Remedy})
			}
		}
	}
	k.programs(ctx)
	return p.reportCheck(k)
}

func (p *program) reportCheck(k *checker) error {
	found := k.found
	bad := 0
	for _, f := range found {
		if !f.OK {
			bad++
		}
	}
	if p.asJSON {
		result := map[string]any{"ok": bad == 0, "findings": found}
		if k.audit != nil {
			result["audit"] = k.audit
		}
		if err := p.printJSON(result); err != nil {
			return err
		}
	} else {
		for _, f := range found {
			mark := "ok  "
			if !f.OK {
				mark = "FAIL"
			}
			fmt.Fprintf(p.out, "%s  %s: %s\n", mark, f.Name, f.Detail)
			if f.Remedy != "" {
				fmt.Fprintf(p.out, "      %s\n", f.Remedy)
			}
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
	audit    *auditResult // nil where it could not be looked at
	progress io.Writer
}

func (k *checker) add(f finding) { k.found = append(k.found, f) }

// ask runs one check; its detail is what it returned, or the error.
func (k *checker) ask(name, remedy string, check func() (string, error)) bool {
	fmt.Fprintf(k.progress, "checking %s …\n", name)
	detail, err := check()
	if err != nil {
		k.add(finding{Name: name, Detail: err.Error(), Remedy: remedy})
		return false
	}
	k.add(finding{Name: name, OK: true, Detail: detail})
	return true
}

func (k *checker) services(ctx context.Context, cfg *config.Config, log *slog.Logger) {
	var cache *redis.Pool
	if k.ask("redis", "Start Redis, or correct REDIS_URL.", func() (detail string, err error) {
		cache, err = redisdb.Open(ctx, cfg.Redis.URL())
		return "answers", err
	}) {
		defer cache.Close()
	}
	k.ask("storage", "Make the folder of STORAGE_URL writable for the user that runs Albumen.", func() (string, error) {
		return "writes, reads and deletes", tryStorage(ctx, cfg.StorageURL)
	})
	var pool *db.Pool
	if !k.ask("database", "Start PostgreSQL, or correct DATABASE_URL.", func() (detail string, err error) {
		pool, err = db.Open(ctx, string(cfg.DatabaseURL))
		return "answers", err
	}) {
		return
	}
	defer pool.Close()
	if !k.ask("schema", "Run albumen migrate, or the version of Albumen that fits.", func() (string, error) {
		return "as this version needs it", pool.CheckSchema(ctx)
	}) {
		return
	}
	a := app.New(app.Deps{DB: pool, Log: log, SecretKey: []byte(cfg.SecretKey), DefaultZone: cfg.DefaultTimeZone, Now: time.Now})
	if cache != nil {
		k.meaning(ctx, ml.NewClient(cache, ml.Prefix), a)
	}
	k.ask("derived data", "Please report this with the output of albumen version: it must not happen.", func() (string, error) {
		drift, err := a.CheckDrift(ctx, app.SystemActor())
		if err == nil && drift != (app.Drift{}) {
			err = fmt.Errorf("%d rows of album_access and %d rows of month_counts differ from their sources", drift.AlbumAccess, drift.MonthCounts)
		}
		return "album_access and month_counts equal their sources", err
	})
	k.auditLog(ctx, a)
}

// tryStorage writes, reads and deletes a small object.
func tryStorage(ctx context.Context, address string) (err error) {
	store, err := storage.Open(address)
	if err != nil {
		return err
	}
	defer store.Close()
	key, want := "check/"+uuid.NewString(), []byte("albumen check")
	if _, err := store.Put(ctx, key, bytes.NewReader(want)); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	r, err := store.Open(ctx, key, 0, -1)
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
		return fmt.Errorf("read back %d bytes of %d: %v", len(got), len(want), err)
	}
	if err := store.Delete(ctx, key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}

// programs looks for what Albumen starts.
func (k *checker) programs(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	const remedy = "Install it: scripts/bootstrap does, or apt-get install libimage-exiftool-perl ffmpeg."
	for _, one := range [][]string{{"exiftool", "-ver"}, {"ffmpeg", "-version"}, {"ffprobe", "-version"}} {
		k.ask(one[0], remedy, func() (string, error) { return firstLine(ctx, one[0], one[1:]...) })
	}
	k.ask("libvips", "Reinstall libvips: a picture decoder could not start.", func() (string, error) {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find this program: %w", err)
		}
		_, err = firstLine(ctx, self, media.DecoderArg) // ends at once: its input is empty
		return "a decoder process starts", err
	})
}

func firstLine(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	line, _, _ := strings.Cut(string(out), "\n")
	if err != nil {
		return "", fmt.Errorf("%w %s", err, line)
	}
	return line, nil
}
