// Package vips opens still pictures with libvips: any type and brand that the
// library reads, right way up, in sRGB, no larger than asked for. It must only
// run in a decoder child, because C code can neither be cancelled nor trusted.
package vips

/*
#cgo pkg-config: vips
#include <stdlib.h>
#include "vips.h"
*/
import "C"

import (
	"errors"
	"io"
	"strings"
	"unsafe"
)

// Header is what a file claims before anything is decoded.
type Header struct {
	Width, Height int // as stored; of HEIF and AVIF as shown
	Orientation   int // EXIF, 1-8
	Pages         int // frames or pages
	Bands         int
	BandBytes     int
	Interlaced    bool   // PNG Adam7, progressive JPEG
	QuarterChroma bool   // JPEG 4:2:0
	Profile       bool   // has an embedded colour profile
	Loader        string // libvips' nickname, e.g. "jpegload_source"
}

// Init starts libvips without caches. Untrusted loaders stay blocked if
// VIPS_BLOCK_UNTRUSTED was set when the process started.
func Init() error {
	if C.albumen_init() != 0 {
		return failure()
	}
	return nil
}

// ReadHeader reads the header of the file at path; heif and strict as in Options.
func ReadHeader(path string, heif, strict bool) (Header, error) {
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	defer C.vips_thread_shutdown()
	var h C.AlbumenHeader
	if C.albumen_header(p, cBool(heif), cBool(strict), &h) != 0 {
		return Header{}, failure()
	}
	return Header{
		Width: int(h.width), Height: int(h.height), Orientation: int(h.orientation), Pages: int(h.pages),
		Bands: int(h.bands), BandBytes: int(h.band_bytes), Interlaced: h.interlaced != 0, QuarterChroma: h.quarter_chroma != 0, Profile: h.profile != 0, Loader: C.GoString(&h.loader[0]),
	}, nil
}

// Image is a decoded picture in memory: 8 bits, sRGB, right way up. Close it.
type Image struct {
	im *C.VipsImage
	// Warnings is what the decoder complained about without giving up.
	Warnings string
}

// Options say how Open treats a file.
type Options struct {
	HEIF    bool // the file is HEIF or AVIF; libvips does not know every brand
	Edge    int  // the picture fits Edge×Edge; it is never enlarged
	Strict  bool // fail where data are missing, instead of showing the rest
	Profile bool // convert through the embedded colour profile, which must exist
	// Data is decoded instead of the file where it is set.
	Data []byte
}

// Open decodes the first frame of the file at path.
func Open(path string, o Options) (*Image, error) {
	p := C.CString(path)
	defer C.free(unsafe.Pointer(p))
	var im *C.VipsImage
	var data unsafe.Pointer
	if len(o.Data) > 0 {
		data = C.CBytes(o.Data)
		defer C.free(data)
	}
	if C.albumen_open(p, data, C.size_t(len(o.Data)), C.int(o.Edge), cBool(o.HEIF), cBool(o.Strict), cBool(o.Profile), &im) != 0 {
		return nil, failure()
	}
	return &Image{im: im, Warnings: takeErrors()}, nil
}

// Resize returns a copy of exactly that size.
func (i *Image) Resize(width, height int) (*Image, error) {
	var im *C.VipsImage
	if C.albumen_resize(i.im, C.int(width), C.int(height), &im) != 0 {
		return nil, failure()
	}
	return &Image{im: im}, nil
}

// Canvas is a picture on its way to an encoder.
type Canvas struct {
	Width, Height int
	Alpha         bool
	TIFF          []byte // uncompressed
}

// Canvas returns the picture as an uncompressed TIFF.
func (i *Image) Canvas() (Canvas, error) {
	var c C.AlbumenCanvas
	if C.albumen_canvas(i.im, &c) != 0 {
		return Canvas{}, failure()
	}
	defer C.g_free(C.gpointer(c.tiff))
	return Canvas{int(c.width), int(c.height), c.alpha != 0, C.GoBytes(c.tiff, C.int(c.tiff_len))}, nil
}

// Pixels returns width, height and 4 bytes (RGBA, not premultiplied) a pixel.
func (i *Image) Pixels() (w, h int, rgba []byte, err error) {
	var p C.AlbumenPixels
	if C.albumen_pixels(i.im, &p) != 0 {
		return 0, 0, nil, failure()
	}
	defer C.g_free(C.gpointer(p.rgba))
	return int(p.width), int(p.height), C.GoBytes(p.rgba, p.width*p.height*4), nil
}

// WriteRGB writes 3 bytes a pixel, rows on end; an alpha band is left out.
func (i *Image) WriteRGB(w io.Writer) error {
	rgb := C.albumen_rgb(i.im)
	if rgb == nil {
		return failure()
	}
	defer C.g_free(C.gpointer(rgb))
	width, height := i.Size()
	_, err := w.Write(unsafe.Slice((*byte)(rgb), width*height*3))
	return err
}

// Size is the picture's width and height in pixels.
func (i *Image) Size() (width, height int) { return int(i.im.Xsize), int(i.im.Ysize) }

// Close frees the pixels.
func (i *Image) Close() { C.g_object_unref(C.gpointer(i.im)) }

func cBool(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// failure makes an error of libvips' messages.
func failure() error {
	text := takeErrors()
	if text == "" {
		text = "libvips failed without a message"
	}
	return errors.New(text)
}

func takeErrors() string {
	defer C.vips_error_clear()
	return strings.TrimSpace(C.GoString(C.vips_error_buffer()))
}
