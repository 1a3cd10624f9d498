// The two passes of resample.go. Both are pure functions of their arguments.
#ifndef ALBUMEN_RESAMPLE_H
#define ALBUMEN_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

// Output i of a pass is the sum of `count` inputs from `first` on, each times its
// coefficient in 1/2^22; coefficients of output i begin at kernel[i*width]. pairs,
// needed by rows alone, has them two by two from i*(width+1) on, width being odd: the
// upper parts (k >> 12) of both in 16 bits each, then the lower parts.
typedef struct {
	const int32_t *first, *count, *kernel, *pairs;
	int width, outputs;
} AlbumenTaps;

// albumen_resample_rows makes each of `rows` rows of RGB (src_stride bytes apart)
// a row of t.outputs pixels.
void albumen_resample_rows(const uint8_t *src, size_t src_stride, int rows, AlbumenTaps t, uint8_t *dst);

// albumen_resample_columns makes t.outputs rows of row_bytes bytes out of rows
// that lie src_stride bytes apart.
void albumen_resample_columns(const uint8_t *src, size_t src_stride, int row_bytes, AlbumenTaps t, uint8_t *dst);

#endif
