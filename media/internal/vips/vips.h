// A thin layer over libvips for the one thing that needs care with files of
// strangers: opening them. See docs/adr/0010-open-with-libvips-encode-with-bimg.md.
#ifndef ALBUMEN_VIPS_H
#define ALBUMEN_VIPS_H

#include <vips/vips.h>

typedef struct {
	int width, height; // as stored (HEIF: as shown)
	int orientation;   // EXIF, 1-8
	int pages;
	int bands;
	int band_bytes;
	int interlaced;
	int quarter_chroma; // JPEG 4:2:0
	int profile; // has an embedded colour profile
	char loader[64];
} AlbumenHeader;

typedef struct {
	int width, height; // of the canvas
	int alpha;         // the canvas has a transparent pixel
	void *tiff;        // uncompressed, sRGB, 8 bits, right way up; g_free
	size_t tiff_len;
} AlbumenCanvas;

typedef struct {
	int width, height;
	void *rgba; // 4 bytes a pixel; g_free
} AlbumenPixels;

// Each returns 0, or -1 with libvips' error buffer set.
int albumen_init(void);
// heif names the HEIF loader, which libvips does not find for every brand.
int albumen_header(const char *path, int heif, int strict, AlbumenHeader *h);
// albumen_open decodes path, or data where that is not NULL, to fit edge×edge. profile converts through the
// embedded ICC profile, which must exist: libvips 8.14 changes the colours of
// pictures without one. strict fails where data are missing.
int albumen_open(const char *path, const void *data, size_t len, int edge, int heif, int strict, int profile, VipsImage **out);
// albumen_resize makes a copy of im of exactly that size.
int albumen_resize(VipsImage *im, int width, int height, VipsImage **out);
int albumen_canvas(VipsImage *im, AlbumenCanvas *c);
int albumen_pixels(VipsImage *im, AlbumenPixels *p);
// albumen_rgb returns 3 bytes a pixel, without the alpha band; g_free.
void *albumen_rgb(VipsImage *im);

#endif
