package media

import (
	"context"
	"fmt"
	"os"
	"strings"

	"albumen/media/internal/vips"
)

// decoded is what a child made of a file, and what is known about it otherwise.
type decoded struct {
	answer decodeAnswer
	header vips.Header
	claims claims
}

// decode has a child decode the still at path, which Sniff said to be t. Once the
// header is known, want says what to ask for and how many bytes that takes besides
// the decoding, whose need it is told. Errors are those of Processor.Still.
func (d *decoder) decode(ctx context.Context, path string, t Type, want func(h vips.Header, decoding int64) (decodeRequest, int64)) (decoded, error) {
	if !t.Decodable {
		return decoded{}, &ProcessError{CodeUnsupported, "Pictures cannot be made of this type of file.", nil}
	}
	info, err := os.Stat(path)
	if err != nil {
		return decoded{}, fmt.Errorf("still: %w", err)
	}
	said, err := readClaims(path, t)
	if err != nil {
		return decoded{}, fmt.Errorf("still: %w", err)
	}
	if err := d.checkSize(said.width, said.height, info.Size()); err != nil {
		return decoded{}, err
	}
	c, err := d.pool.acquire(ctx)
	if err != nil {
		return decoded{}, fmt.Errorf("still: %w", err)
	}
	defer d.pool.release(c)
	c.files++

	limited, cancel := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancel()
	heif := t.Ext == "heic" || t.Ext == "avif"
	allowDamaged := t.Ext == "jpg" || t.Ext == "png"
	// Only address space: libvips reserves a WebP's frame without touching it.
	frame := int64(said.width) * int64(said.height) * 4
	a, err := c.ask(limited, decodeRequest{
		Path: path, HEIF: heif, AllowDamaged: allowDamaged,
		MemoryBytes: headerMemory + frame + 2*min(info.Size(), d.cfg.MemoryLimitBytes),
	})
	if err != nil {
		return decoded{}, failed(ctx, err)
	}
	if a.Failure != "" {
		return decoded{}, brokenError(a.Failure)
	}
	h := a.Header
	if err := d.checkSize(h.Width, h.Height, info.Size()); err != nil {
		return decoded{}, err
	}
	decoding := decodeMemory(h, said, info.Size())
	request, besides := want(h, decoding)
	need := decoding + besides
	if err := d.admit(h, need); err != nil {
		return decoded{}, err
	}
	if err := d.memory.Acquire(ctx, need); err != nil {
		return decoded{}, err
	}
	defer d.memory.Release(need)

	// The wait for memory does not count against the file.
	limited, cancelDecode := context.WithTimeout(ctx, d.cfg.Timeout)
	defer cancelDecode()
	request.Path, request.HEIF, request.AllowDamaged = path, heif, allowDamaged
	request.Decode, request.Profile, request.MemoryBytes = true, h.Profile, need
	a, err = c.ask(limited, request)
	switch {
	case err != nil:
		return decoded{}, failed(ctx, err)
	case a.Failure != "":
		return decoded{}, brokenError(a.Failure)
	}
	return decoded{a, h, said}, nil
}

// checkSize decides by the size that a file claims whether it is decoded.
func (d *decoder) checkSize(width, height int, fileBytes int64) error {
	pixels := int64(width) * int64(height)
	if pixels > d.cfg.MaxPixels {
		return &ProcessError{CodeTooManyPixels, fmt.Sprintf("The picture has %d × %d pixels; at most %d million are allowed.",
			width, height, d.cfg.MaxPixels/1_000_000), nil}
	}
	if isBomb(pixels, fileBytes) {
		return &ProcessError{CodeTooManyPixels, fmt.Sprintf("The file claims %d × %d pixels but is far too small for that.",
			width, height), nil}
	}
	return nil
}

// admit refuses a file that needs more memory than any may have.
func (d *decoder) admit(h vips.Header, need int64) error {
	if need > d.cfg.MemoryLimitBytes {
		return &ProcessError{CodeTooManyPixels, fmt.Sprintf(
			"A picture of %d × %d pixels in this format needs more memory than is allowed for one file.", h.Width, h.Height), nil}
	}
	return nil
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
