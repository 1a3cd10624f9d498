#include "vips.h"

#include <string.h>

// While libvips streams, it and the libraries below it only warn of pixels that
// cannot be read or are wrong. Keep the first such warning, so that a strict open
// can fail. Other warnings are of harmless headers. See docs/adr/0079-damaged-is-what-lost-pixels.md.
static GMutex missing_lock;
static char missing[256];

static void
on_warning(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer data)
{
	static const char *const lost[] = {
		"error in tile", "not enough data",                // libvips
		"IDAT: CRC error", "bad adaptive filter value",    // libpng
		"Improper JPEG strip/tile size",                   // libtiff
	};
	size_t i;

	for (i = 0; i < G_N_ELEMENTS(lost) && !strstr(message, lost[i]); i++)
		;
	if (i == G_N_ELEMENTS(lost))
		return;
	g_mutex_lock(&missing_lock);
	if (!missing[0])
		g_strlcpy(missing, message, sizeof missing);
	g_mutex_unlock(&missing_lock);
}

int
albumen_init(void)
{
	if (vips_init("albumen"))
		return -1;
	g_log_set_handler("VIPS", G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG, on_warning, NULL);
	vips_cache_set_max(0);
	vips_cache_set_max_mem(0);
	return 0;
}

// Sources, not file names: libvips would read "[...]" in a name as options.
static VipsSource *
source(const char *path)
{
	return vips_source_new_from_file(path);
}

static int
get_int(VipsImage *im, const char *name, int fallback)
{
	int v;
	if (vips_image_get_typeof(im, name) == G_TYPE_INT && !vips_image_get_int(im, name, &v))
		return v;
	return fallback;
}

int
albumen_header(const char *path, int heif, int strict, AlbumenHeader *h)
{
	VipsSource *s;
	VipsImage *im;
	const char *loader;
	VipsFailOn fail_on = strict ? VIPS_FAIL_ON_ERROR : VIPS_FAIL_ON_NONE;

	if (!(s = source(path)))
		return -1;
	if (heif) {
		if (vips_heifload_source(s, &im, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, NULL))
			im = NULL;
	}
	else
		im = vips_image_new_from_source(s, "", "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, NULL);
	if (!im) {
		g_object_unref(s);
		return -1;
	}
	h->width = vips_image_get_width(im);
	h->height = vips_image_get_height(im);
	h->orientation = vips_image_get_orientation(im);
	h->pages = get_int(im, VIPS_META_N_PAGES, 1);
	h->bands = vips_image_get_bands(im);
	h->band_bytes = (int) vips_format_sizeof(vips_image_get_format(im));
	// The name for JPEG before libvips 8.15, and for everything since.
	h->interlaced = get_int(im, "jpeg-multiscan", 0) || get_int(im, "interlaced", 0);
	h->quarter_chroma = vips_image_get_typeof(im, "jpeg-chroma-subsample") &&
		!vips_image_get_string(im, "jpeg-chroma-subsample", &loader) && !strcmp(loader, "4:2:0");
	h->profile = vips_image_get_typeof(im, VIPS_META_ICC_NAME) != 0;
	memset(h->loader, 0, sizeof h->loader);
	if (vips_image_get_typeof(im, VIPS_META_LOADER) && !vips_image_get_string(im, VIPS_META_LOADER, &loader))
		g_strlcpy(h->loader, loader, sizeof h->loader);
	g_object_unref(im);
	g_object_unref(s);
	return 0;
}

// take replaces *im by next, which must have come from it.
static void
take(VipsImage **im, VipsImage *next)
{
	g_object_unref(*im);
	*im = next;
}

// to_srgb8 makes *im 3 or 4 bands of 8 bits in sRGB.
static int
to_srgb8(VipsImage **im)
{
	VipsImage *t;
	int alpha = vips_image_hasalpha(*im);
	int colour = (*im)->Bands - alpha;

	if ((*im)->Type == VIPS_INTERPRETATION_MULTIBAND && colour >= 3) {
		// No way to know what the bands are: show the first three.
		if (vips_extract_band(*im, &t, 0, "n", 3, NULL))
			return -1;
		take(im, t);
		if (vips_copy(*im, &t, "interpretation", VIPS_INTERPRETATION_sRGB, NULL))
			return -1;
		take(im, t);
	}
	else if ((*im)->Type != VIPS_INTERPRETATION_sRGB) {
		if (vips_colourspace(*im, &t, VIPS_INTERPRETATION_sRGB, NULL))
			return -1;
		take(im, t);
	}
	if ((*im)->Bands < 3 || (*im)->Bands > 4) {
		if (vips_extract_band(*im, &t, 0, "n", (*im)->Bands < 3 ? 1 : 3, NULL))
			return -1;
		take(im, t);
		if ((*im)->Bands == 1) {
			VipsImage *rgb[3] = { *im, *im, *im };
			if (vips_bandjoin(rgb, &t, 3, NULL))
				return -1;
			take(im, t);
		}
	}
	if ((*im)->BandFmt != VIPS_FORMAT_UCHAR) {
		if (vips_cast_uchar(*im, &t, NULL))
			return -1;
		take(im, t);
	}
	return 0;
}

// drop_opaque_alpha removes an alpha band that hides nothing.
static int
drop_opaque_alpha(VipsImage **im)
{
	VipsImage *alpha, *t;
	double least;

	if ((*im)->Bands != 4)
		return 0;
	if (vips_extract_band(*im, &alpha, 3, NULL))
		return -1;
	int failed = vips_min(alpha, &least, NULL);
	g_object_unref(alpha);
	if (failed)
		return -1;
	if (least < 255)
		return 0;
	if (vips_extract_band(*im, &t, 0, "n", 3, NULL))
		return -1;
	take(im, t);
	return 0;
}

// thumbnail decodes and reduces in one go, shrinking while loading where the
// format can. A NULL profile leaves colours unconverted.
static int
thumbnail(VipsSource *s, int edge, int heif, VipsFailOn fail_on, const char *profile, VipsImage **out)
{
	VipsImage *full;
	int failed;

	if (!heif && profile)
		return vips_thumbnail_source(s, out, edge, "height", edge, "size", VIPS_SIZE_DOWN,
			"fail_on", fail_on, "export_profile", profile, NULL);
	if (!heif)
		return vips_thumbnail_source(s, out, edge, "height", edge, "size", VIPS_SIZE_DOWN,
			"fail_on", fail_on, NULL);
	if (vips_heifload_source(s, &full, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", fail_on, NULL))
		return -1;
	if (profile)
		failed = vips_thumbnail_image(full, out, edge, "height", edge, "size", VIPS_SIZE_DOWN,
			"export_profile", profile, NULL);
	else
		failed = vips_thumbnail_image(full, out, edge, "height", edge, "size", VIPS_SIZE_DOWN, NULL);
	g_object_unref(full);
	return failed;
}

int
albumen_open(const char *path, const void *data, size_t len, int edge, int heif, int strict, int profile, VipsImage **out)
{
	VipsSource *s;
	VipsImage *im, *t;
	VipsFailOn fail_on = strict ? VIPS_FAIL_ON_ERROR : VIPS_FAIL_ON_NONE;
	int failed;

	missing[0] = 0;
	if (!(s = data ? vips_source_new_from_memory(data, len) : source(path)))
		return -1;
	failed = thumbnail(s, edge, heif, fail_on, profile ? "srgb" : NULL, &im);
	g_object_unref(s);
	if (failed)
		return -1;
	if (to_srgb8(&im) || !(t = vips_image_copy_memory(im))) {
		g_object_unref(im);
		return -1;
	}
	take(&im, t);
	if (strict && missing[0])
		vips_error("albumen", "data missing: %s", missing);
	if ((strict && missing[0]) || drop_opaque_alpha(&im)) {
		g_object_unref(im);
		return -1;
	}
	*out = im;
	return 0;
}

int
albumen_resize(VipsImage *im, int width, int height, VipsImage **out)
{
	VipsImage *t;

	if (vips_thumbnail_image(im, &t, width, "height", height, "size", VIPS_SIZE_FORCE, "no_rotate", TRUE, NULL))
		return -1;
	*out = vips_image_copy_memory(t);
	g_object_unref(t);
	return *out ? 0 : -1;
}

int
albumen_canvas(VipsImage *im, AlbumenCanvas *c)
{
	c->width = im->Xsize;
	c->height = im->Ysize;
	c->alpha = im->Bands == 4;
	return vips_tiffsave_buffer(im, &c->tiff, &c->tiff_len, "strip", TRUE, NULL);
}

int
albumen_pixels(VipsImage *im, AlbumenPixels *p)
{
	VipsImage *rgba;
	size_t n;

	if (im->Bands == 4) {
		rgba = im;
		g_object_ref(rgba);
	}
	else if (vips_addalpha(im, &rgba, NULL))
		return -1;
	if (rgba->BandFmt != VIPS_FORMAT_UCHAR) {
		VipsImage *t;
		if (vips_cast_uchar(rgba, &t, NULL)) {
			g_object_unref(rgba);
			return -1;
		}
		take(&rgba, t);
	}
	p->width = rgba->Xsize;
	p->height = rgba->Ysize;
	p->rgba = vips_image_write_to_memory(rgba, &n);
	g_object_unref(rgba);
	return p->rgba ? 0 : -1;
}

void *
albumen_rgb(VipsImage *im)
{
	VipsImage *rgb;
	void *bytes;
	size_t n;

	if (vips_extract_band(im, &rgb, 0, "n", 3, NULL))
		return NULL;
	bytes = vips_image_write_to_memory(rgb, &n);
	g_object_unref(rgb);
	return bytes;
}
