package clip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"albumen/media"
)

// Decode decodes a preview that the worker made (see media.DecodePreview), in this
// process. Files of strangers go to DecodeFile.
func Decode(preview []byte) (RGBImage, error) {
	r, err := media.DecodePreview(preview)
	if err != nil {
		return RGBImage{}, err
	}
	return RGBImage(r), nil
}

// DecodeFile decodes the still at path, of any origin and any type that Albumen
// shows, in a decoder child of r. As in Hugging Face's convert("RGB"), alpha is
// dropped and the first frame counts; unlike there, the EXIF orientation is applied
// and colours are converted to sRGB through an embedded profile. Errors that concern
// the file are *media.RefusedError and *media.ProcessError.
func DecodeFile(ctx context.Context, r *media.Rasters, path string) (RGBImage, error) {
	t, err := sniff(path)
	if err != nil {
		return RGBImage{}, fmt.Errorf("decode picture: %w", err)
	}
	raster, err := r.Decode(ctx, path, t)
	if err != nil {
		return RGBImage{}, fmt.Errorf("decode picture: %w", err)
	}
	return RGBImage(raster), nil
}

func sniff(path string) (media.Type, error) {
	f, err := os.Open(path)
	if err != nil {
		return media.Type{}, err
	}
	defer f.Close()
	head := make([]byte, media.SniffLen)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return media.Type{}, err
	}
	return media.Sniff(head[:n])
}
