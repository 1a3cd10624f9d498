package media

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"albumen/media/internal/vips"
)

// Stripped is a copy of an original that tells nothing but the picture.
type Stripped struct {
	Type  Type // of the copy
	Bytes int64
	// Rendered: the copy was decoded and encoded anew, since its format cannot be
	// cleaned or hides what else is in it. Otherwise every pixel is the original's.
	Rendered bool
}

// Strip writes a copy of the file at path, which Sniff said to be t, to the new
// file at to: without positions, serial numbers, names, dates, comments, maker
// notes, embedded thumbnails and previews, and without what is appended to the
// picture. Orientation and colour profile stay. What the copy may hold is listed
// for each format; all else is left out, known or not. Where that cannot be done a
// picture is made of the decoded original instead, or of the preview in a RAW.
// Errors that concern the file are *ProcessError, and then nothing must be served
// in its place; to does not exist after any error.
func (p *Processor) Strip(ctx context.Context, path string, t Type, to string) (s Stripped, err error) {
	if path, err = filepath.Abs(path); err != nil { // a child works in another folder
		return s, fmt.Errorf("strip: %w", err)
	}
	if to, err = filepath.Abs(to); err != nil {
		return s, fmt.Errorf("strip: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(to) //nolint:errcheck // most often it was never made
		}
	}()
	switch {
	case t.Kind == KindVideo:
		s, err = p.stripVideo(ctx, path, t, to)
	case t.Ext == "jpg", t.Ext == "png", t.Ext == "webp", t.Ext == "gif", t.Ext == "jxl":
		s, err = Stripped{Type: t}, stripContainer(ctx, path, t, to)
	case t.Ext == "heic", t.Ext == "avif":
		s, err = Stripped{Type: t}, stripHEIF(ctx, path, to)
	case t.Ext == "tif":
		s, err = Stripped{Type: t}, p.stripTIFF(ctx, path, to)
	default:
		s, err = p.stripRAW(ctx, path, to)
	}
	if errors.Is(err, errNotStrippable) && t.Decodable {
		os.Remove(to) //nolint:errcheck // the copy that was begun
		s, err = p.render(ctx, path, t, to)
	}
	if errors.Is(err, errNotStrippable) {
		err = &ProcessError{CodeUnsupported, "The metadata cannot be removed from this type of file.", err}
	}
	if err != nil {
		return Stripped{}, err
	}
	info, err := os.Stat(to)
	if err != nil {
		return Stripped{}, fmt.Errorf("strip: %w", err)
	}
	s.Bytes = info.Size()
	return s, nil
}

// errNotStrippable reports a file whose parts cannot all be told: it is damaged,
// or of a kind that is not known here.
var errNotStrippable = errors.New("cannot be stripped")

func notStrippable(why string) error { return fmt.Errorf("%w: %s", errNotStrippable, why) }

// stripContainer copies the parts of a file that make the picture. It knows no
// pixels, needs little memory and cannot be surprised by what it does not know.
func stripContainer(ctx context.Context, path string, t Type, to string) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("strip: %w", err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("strip: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	r := bufio.NewReaderSize(readerWithin(ctx, in), 64<<10)
	w := bufio.NewWriterSize(out, 64<<10)
	switch t.Ext {
	case "jpg":
		err = stripJPEG(r, w)
	case "png":
		err = stripPNG(r, w)
	case "gif":
		err = stripGIF(r, w)
	case "jxl":
		err = stripJXL(r, w)
	case "webp":
		return stripRIFF(r, out) // goes back to its sizes
	}
	if err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("strip: %w", err)
	}
	return nil
}

// readerWithin reads until ctx ends.
func readerWithin(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(b []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(b)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }

// cutOff turns the end of a file within a part into errNotStrippable.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return notStrippable("the file is cut off")
	}
	return err
}

// render makes a picture of the decoded original, in full size where the memory
// of one file suffices: JPEG, or WebP where something is transparent.
func (p *Processor) render(ctx context.Context, path string, t Type, to string) (Stripped, error) {
	d, err := p.decode(ctx, path, t, func(h vips.Header, decoding int64) (decodeRequest, int64) {
		// Held at once: the picture with an alpha band, its canvas twice, what is encoded.
		const bytesPerPixel = 4 + 4 + 4 + 2
		edge := min(max(h.Width, h.Height), renderEdge)
		need := func(edge int) int64 {
			w, hi := fit(h.Width, h.Height, edge)
			return canvasMemory + int64(w)*int64(hi)*bytesPerPixel
		}
		if decoding+need(edge) > p.cfg.MemoryLimitBytes {
			edge = min(edge, reducedEdge)
		}
		if decoding+need(edge) > p.cfg.MemoryLimitBytes {
			edge = min(edge, PreviewEdge)
		}
		return decodeRequest{Whole: true, Edge: edge}, need(edge)
	})
	if err != nil {
		return Stripped{}, err
	}
	typ := photo("image/jpeg", "jpg")
	if d.answer.Result.HasAlpha {
		typ = photo("image/webp", "webp")
	}
	if err := os.WriteFile(to, d.answer.Result.Preview, 0o600); err != nil {
		return Stripped{}, fmt.Errorf("strip: %w", err)
	}
	return Stripped{Type: typ, Rendered: true}, nil
}

// renderEdge is the longest edge that WebP can have.
const renderEdge = 16383
