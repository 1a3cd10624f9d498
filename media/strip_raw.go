package media

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// stripRAW makes the copy of the largest preview in a RAW file that can be
// decoded, turned as the RAW says: of what the sensor saw nothing can be written
// without the maker's notes.
func (p *Processor) stripRAW(ctx context.Context, path, to string) (Stripped, error) {
	dir, err := os.MkdirTemp(filepath.Dir(to), "albumen-preview-*")
	if err != nil {
		return Stripped{}, fmt.Errorf("strip: %w", err)
	}
	defer os.RemoveAll(dir)
	// %t and %-c: one file for each tag, also where there are several of a name.
	if _, err := p.exif.run(ctx, path, "-b", "-a", "-JpgFromRaw", "-JpgFromRaw2", "-PreviewImage", "-PreviewTIFF", "-OtherImage", "-W", dir+"/%t%-c.%s"); err != nil {
		return Stripped{}, failed(ctx, fmt.Errorf("take the preview out of a RAW: %w", err))
	}
	best, pixels, err := largestJPEG(dir)
	if err != nil {
		return Stripped{}, err
	}
	if pixels == 0 {
		return Stripped{}, &ProcessError{CodeUnsupported, "No copy without metadata can be made of this RAW file: it holds no preview.", nil}
	}
	jpeg := photo("image/jpeg", "jpg")
	if err := stripContainer(ctx, best, jpeg, to); err != nil {
		return Stripped{}, err
	}
	orientation, err := p.orientationOf(ctx, path)
	if err != nil {
		return Stripped{}, err
	}
	if err := turnJPEG(to, orientation); err != nil {
		return Stripped{}, err
	}
	return Stripped{Type: jpeg, Rendered: true}, nil
}

// largestJPEG is the file in dir with the most pixels; 0 where none is a JPEG.
func largestJPEG(dir string) (path string, pixels int64, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", 0, fmt.Errorf("strip: %w", err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return "", 0, fmt.Errorf("strip: %w", err)
		}
		if w, h := jpegSize(b); int64(w)*int64(h) > pixels {
			path, pixels = filepath.Join(dir, e.Name()), int64(w)*int64(h)
		}
	}
	return path, pixels, nil
}

// orientationOf reads the main orientation of a file, 0 if it has none.
func (p *Processor) orientationOf(ctx context.Context, path string) (int, error) {
	out, err := p.exif.run(ctx, path, "-j", "-n", "-Orientation")
	if err != nil {
		return 0, failed(ctx, fmt.Errorf("read the orientation: %w", err))
	}
	var said []struct{ Orientation any }
	if err := json.Unmarshal(out, &said); err != nil || len(said) != 1 {
		return 0, nil //nolint:nilerr // it says nothing
	}
	v, _ := said[0].Orientation.(float64)
	return int(v), nil
}

// turnJPEG writes an orientation into a stripped JPEG that has none.
func turnJPEG(path string, orientation int) error {
	if orientation < 2 || orientation > 8 {
		return nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("strip: %w", err)
	}
	at := 2
	if len(b) > 20 && b[3] == jpegAPP0 {
		at += 2 + int(b[4])<<8 + int(b[5])
	}
	if len(b) > at+2 && b[at+1] == jpegAPP1 {
		return nil // its own
	}
	exif := append([]byte("\xff\xe1\x00\x22Exif\x00\x00"), orientationEXIF(orientation)...)
	if err := os.WriteFile(path, append(b[:at:at], append(exif, b[at:]...)...), 0o600); err != nil {
		return fmt.Errorf("strip: %w", err)
	}
	return nil
}

// jpegSize reads width and height from the frame's header; zeros where there is none.
func jpegSize(b []byte) (w, h int) {
	for at := 2; at+9 < len(b) && b[at] == 0xff; {
		m := b[at+1]
		if m == 0xff {
			at++
			continue
		}
		if m >= 0xc0 && m <= 0xcf && m != 0xc4 && m != 0xc8 && m != 0xcc {
			if m == 0xc3 { // lossless: the sensor's data, which no browser shows
				return 0, 0
			}
			return int(b[at+7])<<8 | int(b[at+8]), int(b[at+5])<<8 | int(b[at+6])
		}
		at += 2 + int(b[at+2])<<8 + int(b[at+3])
	}
	return 0, 0
}
