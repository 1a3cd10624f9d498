package media

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/h2non/bimg"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"albumen/media/internal/vips"
)

// WebP qualities of the pictures.
const (
	thumbQuality   = 80
	previewQuality = 82
	wholeQuality   = 92 // also of JPEG
)

// smallEdge is the size that Thumbhash wants at most.
const smallEdge = 100

// DecoderMain is the whole life of a decoder child: it answers requests on its
// standard input until that is closed. The executable must call it when its
// first argument is DecoderArg, and exit with what it returns.
func DecoderMain() int {
	if err := confine(); err != nil {
		fmt.Fprintln(os.Stderr, "decoder:", err)
		return 1
	}
	if err := vips.Init(); err != nil {
		fmt.Fprintln(os.Stderr, "decoder:", err)
		return 1
	}
	bimg.VipsCacheSetMax(0)
	bimg.VipsCacheSetMaxMem(0)

	// Reading goes on while C code runs, so that the child ends with its
	// parent even in the middle of a picture.
	requests := make(chan decodeRequest)
	go func() {
		in := bufio.NewReader(os.Stdin)
		for {
			var r decodeRequest
			if err := readFrame(in, &r); err != nil {
				os.Exit(0)
			}
			requests <- r
		}
	}()
	runtime.LockOSThread()
	var err error
	for r := range requests {
		if r.Raster {
			err = answerRaster(os.Stdout, r)
		} else {
			err = writeFrame(os.Stdout, answer(r))
		}
		if err != nil {
			return 1
		}
	}
	return 0
}

// confine gives up what a decoder never needs: core dumps, files, privileges.
func confine() error {
	for _, l := range []struct {
		resource int
		limit    uint64
	}{{unix.RLIMIT_CORE, 0}, {unix.RLIMIT_FSIZE, 0}, {unix.RLIMIT_NOFILE, 64}} {
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: l.limit, Max: l.limit}); err != nil {
			return fmt.Errorf("set resource limit %d: %w", l.resource, err)
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	return nil
}

// limitMemory lets the address space grow by n bytes from now on. The soft
// limit is set anew for every file, so that what one was given does not count
// for the next.
func limitMemory(n int64) error {
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return fmt.Errorf("read own size: %w", err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[0], 10, 64)
	if err != nil {
		return fmt.Errorf("read own size: %w", err)
	}
	limit := unix.Rlimit{Cur: uint64(pages*int64(os.Getpagesize()) + n), Max: unix.RLIM_INFINITY}
	if err := unix.Setrlimit(unix.RLIMIT_AS, &limit); err != nil {
		return fmt.Errorf("limit memory: %w", err)
	}
	return nil
}

func answer(r decodeRequest) decodeAnswer {
	if err := limitMemory(r.MemoryBytes + addressSlack); err != nil {
		return decodeAnswer{Failure: err.Error()}
	}
	if !r.Decode {
		h, err := vips.ReadHeader(r.Path, r.HEIF, !r.AllowDamaged)
		return decodeAnswer{Header: h, Failure: text(err)}
	}
	im, damaged, err := open(r)
	if err != nil {
		return decodeAnswer{Failure: err.Error()}
	}
	defer im.Close()
	produce := pictures
	if r.Whole {
		produce = whole
	}
	a, err := produce(im, r)
	a.Result.Damaged = damaged
	a.Failure = text(err)
	return a
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// open decodes strictly first. What fails because its colour profile is broken
// is shown without it; what is incomplete is shown as far as it goes if allowed.
func open(r decodeRequest) (im *vips.Image, damaged bool, err error) {
	o := vips.Options{Edge: r.Edge, HEIF: r.HEIF, Strict: true, Profile: r.Profile}
	im, err = vips.Open(r.Path, o)
	if err != nil && r.Profile && (strings.Contains(err.Error(), "icc_") || strings.Contains(err.Error(), "profile")) {
		o.Profile = false
		im, err = vips.Open(r.Path, o)
	}
	if err == nil {
		damaged = isDataWarning(im.Warnings)
		if damaged && !r.AllowDamaged {
			im.Close()
			return nil, false, errors.New(im.Warnings)
		}
		return im, damaged, nil
	}
	if !r.AllowDamaged {
		return nil, false, err
	}
	o.Strict = false
	im, again := vips.Open(r.Path, o)
	if again != nil {
		if o.Data = wholeSegments(r.Path, r.MemoryBytes/2); o.Data != nil {
			im, again = vips.Open(r.Path, o)
		}
	}
	if again != nil {
		return nil, false, err
	}
	return im, true, nil
}

// isDataWarning tells warnings of wrong pixels, by libjpeg and by libtiff's fax
// decoder, from those of unusual but harmless headers.
func isDataWarning(s string) bool {
	s = strings.ToLower(s)
	return strings.Contains(s, "premature end") || strings.Contains(s, "bad huffman code") || strings.Contains(s, "bad code word") || strings.Contains(s, "arithmetic decod")
}

// pictures makes everything that is derived from one decoded picture. Encoding
// the preview takes most of the time, on one core; the rest is made beside it.
func pictures(im *vips.Image, asked decodeRequest) (a decodeAnswer, err error) {
	preview, err := im.Canvas()
	if err != nil {
		return a, fmt.Errorf("preview: %w", err)
	}
	r := &a.Result
	r.PreviewW, r.PreviewH, r.HasAlpha = preview.Width, preview.Height, preview.Alpha
	var group errgroup.Group
	group.Go(func() error {
		webp, err := encodeWebP(preview.TIFF, previewQuality)
		if err != nil {
			return fmt.Errorf("encode preview: %w", err)
		}
		r.Preview = webp
		return nil
	})
	group.Go(func() error { return small(im, asked, &a) })
	err = group.Wait()
	return a, err
}

// whole encodes the picture as it is: JPEG, or WebP where something is transparent.
func whole(im *vips.Image, _ decodeRequest) (a decodeAnswer, err error) {
	c, err := im.Canvas()
	if err != nil {
		return a, fmt.Errorf("whole: %w", err)
	}
	r := &a.Result
	r.PreviewW, r.PreviewH, r.HasAlpha = c.Width, c.Height, c.Alpha
	if c.Alpha {
		r.Preview, err = encodeWebP(c.TIFF, wholeQuality)
	} else {
		r.Preview, err = bimg.NewImage(c.TIFF).Process(bimg.Options{Type: bimg.JPEG, Quality: wholeQuality, StripMetadata: true, NoAutoRotate: true})
	}
	if err != nil {
		return a, fmt.Errorf("encode: %w", err)
	}
	return a, nil
}

// small makes the thumb and what is computed from it. Its size follows from
// the original's, not from the preview's, whose sides are rounded already.
func small(im *vips.Image, asked decodeRequest, a *decodeAnswer) error {
	r := &a.Result
	thumbImage, err := im.Resize(fit(asked.Width, asked.Height, ThumbEdge))
	if err != nil {
		return fmt.Errorf("thumb: %w", err)
	}
	defer thumbImage.Close()
	thumb, err := thumbImage.Canvas()
	if err != nil {
		return fmt.Errorf("thumb: %w", err)
	}
	r.ThumbW, r.ThumbH = thumb.Width, thumb.Height
	if r.Thumb, err = encodeWebP(thumb.TIFF, thumbQuality); err != nil {
		return fmt.Errorf("encode thumb: %w", err)
	}
	tiny, err := thumbImage.Resize(fit(thumb.Width, thumb.Height, smallEdge))
	if err != nil {
		return fmt.Errorf("small: %w", err)
	}
	defer tiny.Close()
	w, h, rgba, err := tiny.Pixels()
	if err != nil {
		return fmt.Errorf("pixels: %w", err)
	}
	r.Thumbhash = Thumbhash(w, h, rgba)
	r.PHash = perceptualHash(w, h, rgba)
	a.Flat = isFlat(rgba)
	return nil
}

// fit is the size of a picture of w×h when it fits edge×edge, never enlarged.
func fit(w, h, edge int) (int, int) {
	scale := float64(edge) / float64(max(w, h))
	if scale >= 1 {
		return w, h
	}
	return max(1, int(math.Round(float64(w)*scale))), max(1, int(math.Round(float64(h)*scale)))
}

// encodeWebP turns a canvas of our own making into WebP without metadata.
func encodeWebP(tiff []byte, quality int) ([]byte, error) {
	b, err := bimg.NewImage(tiff).Process(bimg.Options{Type: bimg.WEBP, Quality: quality, StripMetadata: true, NoAutoRotate: true})
	if err != nil {
		return nil, err
	}
	return stripWebP(b)
}

func isFlat(rgba []byte) bool {
	for i := 4; i < len(rgba); i++ {
		if rgba[i] != rgba[i-4] {
			return false
		}
	}
	return true
}
