package media

import (
	"context"
	"fmt"
	"os"
	"strings"

	"albumen/media/internal/vips"
)

// Still makes the pictures of the still at path, which Sniff said to be t. The
// file itself is never changed. Errors that concern the file are *ProcessError;
// others (a cancelled context, a decoder that cannot be started) are not.
func (p *Processor) Still(ctx context.Context, path string, t Type) (Result, error) {
	if !t.Decodable {
		return Result{}, &ProcessError{CodeUnsupported, "Pictures cannot be made of this type of file.", nil}
	}
	info, err := os.Stat(path)
	if err != nil {
		return Result{}, fmt.Errorf("still: %w", err)
	}
	said, err := readClaims(path, t)
	if err != nil {
		return Result{}, fmt.Errorf("still: %w", err)
	}
	if err := p.checkSize(said.width, said.height, info.Size()); err != nil {
		return Result{}, err
	}
	c, err := p.pool.acquire(ctx)
	if err != nil {
		return Result{}, fmt.Errorf("still: %w", err)
	}
	defer p.pool.release(c)
	c.files++

	limited, cancel := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancel()
	heif := t.Ext == "heic" || t.Ext == "avif"
	allowDamaged := t.Ext == "jpg" || t.Ext == "png"
	// Only address space: libvips reserves a WebP's frame without touching it.
	frame := int64(said.width) * int64(said.height) * 4
	a, err := c.ask(limited, decodeRequest{
		Path: path, HEIF: heif, AllowDamaged: allowDamaged,
		MemoryBytes: headerMemory + frame + 2*min(info.Size(), p.cfg.MemoryLimitBytes),
	})
	if err != nil {
		return Result{}, failed(ctx, err)
	}
	if a.Failure != "" {
		return Result{}, brokenError(a.Failure)
	}
	if err := p.checkSize(a.Header.Width, a.Header.Height, info.Size()); err != nil {
		return Result{}, err
	}
	need, err := p.admit(a.Header, said, info.Size())
	if err != nil {
		return Result{}, err
	}
	if err := p.memory.Acquire(ctx, need); err != nil {
		return Result{}, err
	}
	defer p.memory.Release(need)

	// The wait for memory does not count against the file.
	limited, cancelDecode := context.WithTimeout(ctx, p.cfg.Timeout)
	defer cancelDecode()
	h := a.Header
	a, err = c.ask(limited, decodeRequest{
		Path: path, HEIF: heif, Decode: true, Profile: h.Profile, MemoryBytes: need, AllowDamaged: allowDamaged,
	})
	switch {
	case err != nil:
		return Result{}, failed(ctx, err)
	case a.Failure != "":
		return Result{}, brokenError(a.Failure)
	case a.Result.Damaged && a.Flat:
		return Result{}, &ProcessError{CodeBroken, "The file is damaged: no part of the picture can be read.", nil}
	}
	r := a.Result
	r.Orientation = h.Orientation
	r.Width, r.Height = h.Width, h.Height
	if r.Orientation >= 5 {
		r.Width, r.Height = h.Height, h.Width
	}
	r.Animated = said.animated || h.Pages > 1 && t.Ext == "gif"
	return r, nil
}

// checkSize decides by the size that a file claims whether it is decoded.
func (p *Processor) checkSize(width, height int, fileBytes int64) error {
	pixels := int64(width) * int64(height)
	if pixels > p.cfg.MaxPixels {
		return &ProcessError{CodeTooManyPixels, fmt.Sprintf("The picture has %d × %d pixels; at most %d million are allowed.",
			width, height, p.cfg.MaxPixels/1_000_000), nil}
	}
	if isBomb(pixels, fileBytes) {
		return &ProcessError{CodeTooManyPixels, fmt.Sprintf("The file claims %d × %d pixels but is far too small for that.",
			width, height), nil}
	}
	return nil
}

// admit returns the memory that decoding gets, unless that is more than any
// file may have.
func (p *Processor) admit(h vips.Header, said claims, fileBytes int64) (int64, error) {
	need := decodeMemory(h, said, fileBytes) + canvasMemory
	if need > p.cfg.MemoryLimitBytes {
		return 0, &ProcessError{CodeTooManyPixels, fmt.Sprintf(
			"A picture of %d × %d pixels in this format needs more memory than is allowed for one file.", h.Width, h.Height), nil}
	}
	return need, nil
}

// brokenError sorts libvips' message into a code.
func brokenError(failure string) error {
	err := fmt.Errorf("libvips: %s", failure)
	switch {
	case isMemoryText(failure):
		return &ProcessError{CodeOutOfMemory, "The picture needs more memory than is allowed for one file.", err}
	case strings.Contains(failure, "is not a known buffer format"), strings.Contains(failure, "not in a known format"),
		strings.Contains(failure, "Unsupported"), strings.Contains(failure, "unsupported"):
		return &ProcessError{CodeUnsupported, "This variant of the format cannot be shown.", err}
	}
	return &ProcessError{CodeBroken, "The file is damaged or incomplete.", err}
}

func isMemoryText(s string) bool {
	s = strings.ToLower(s)
	for _, sign := range []string{"out of memory", "cannot allocate memory", "failed to allocate", "unable to allocate", "memory allocation", "insufficient memory"} {
		if strings.Contains(s, sign) {
			return true
		}
	}
	return false
}
