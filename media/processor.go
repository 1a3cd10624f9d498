package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"time"

	"golang.org/x/sync/semaphore"
)

// Processor makes pictures and reads metadata. It owns the decoder children and
// the exiftool processes; its methods may be called from many goroutines.
type Processor struct {
	*decoder
	exif *exiftool
}

// NewProcessor checks cfg and fills in its defaults. Processes are started when
// the first file comes.
func NewProcessor(cfg Config) (*Processor, error) {
	if cfg.Exiftool == "" {
		cfg.Exiftool = "exiftool"
	}
	exif, err := exec.LookPath(cfg.Exiftool)
	if err != nil {
		return nil, fmt.Errorf("media: exiftool is needed, install it (package libimage-exiftool-perl): %w", err)
	}
	for _, program := range []struct{ name, from string }{{"ffprobe", "ffmpeg"}, {"ffmpeg", "ffmpeg"}, {"prlimit", "util-linux"}} {
		if _, err := exec.LookPath(program.name); err != nil {
			return nil, fmt.Errorf("media: %s is needed, install it (package %s): %w", program.name, program.from, err)
		}
	}
	d, err := newDecoder(cfg)
	if err != nil {
		return nil, err
	}
	return &Processor{decoder: d, exif: newExiftool(exif, d.cfg.Workers)}, nil
}

// decoder is the children and the limits within which they decode files.
type decoder struct {
	cfg    Config
	pool   *pool
	memory *semaphore.Weighted
}

// newDecoder checks cfg and fills in its defaults.
func newDecoder(cfg Config) (*decoder, error) {
	if cfg.Workers <= 0 {
		cfg.Workers = min(runtime.NumCPU(), 4)
	}
	if cfg.MaxPixels <= 0 {
		cfg.MaxPixels = 400_000_000
	}
	if cfg.MemoryLimitBytes <= 0 {
		cfg.MemoryLimitBytes = 384 * mib
	}
	if cfg.MemoryLimitBytes < canvasMemory+headerMemory {
		return nil, fmt.Errorf("media: a memory limit of %d MiB is too small, at least %d are needed",
			cfg.MemoryLimitBytes/mib, (canvasMemory+headerMemory)/mib)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = time.Minute
	}
	if cfg.DefaultZone == nil {
		cfg.DefaultZone = time.UTC
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	if cfg.SelfExe == "" {
		exe, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("media: find own executable: %w", err)
		}
		cfg.SelfExe = exe
	}
	return &decoder{
		cfg:    cfg,
		pool:   newPool(cfg.SelfExe, cfg.Workers, cfg.Logger),
		memory: semaphore.NewWeighted(cfg.MemoryLimitBytes),
	}, nil
}

// Close ends the children after their present file.
func (p *Processor) Close() error {
	p.pool.close()
	return p.exif.close()
}

// failed wraps what went wrong around a child into the error of one file. A
// cancelled context is passed on as it is: it says nothing of the file.
func failed(parent context.Context, err error) error {
	switch {
	case parent.Err() != nil:
		return parent.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return &ProcessError{CodeTimeout, "Making the pictures took too long.", err}
	case errors.Is(err, errChildDied):
		if isMemoryText(err.Error()) {
			return &ProcessError{CodeOutOfMemory, "The picture needs more memory than is allowed for one file.", err}
		}
		return &ProcessError{CodeCrashed, "The decoder stopped working on this file.", err}
	}
	return err
}
