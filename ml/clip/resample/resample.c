#include "resample.h"

#include <string.h>

// Integers give the same pixels on every machine; vectors only give them sooner.
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define WITH_AVX2 1
#define AVX2 __attribute__((target("avx2")))
#endif

enum { BITS = 22, HALF = 1 << (BITS - 1) };

static inline uint8_t
clip(int32_t sum)
{
	int32_t v = sum >> BITS;
	return (uint8_t) (v < 0 ? 0 : v > 255 ? 255 : v);
}

static void
row(const uint8_t *in, AlbumenTaps t, uint8_t *out)
{
	for (int x = 0; x < t.outputs; x++, out += 3) {
		const int32_t *k = t.kernel + (size_t) x * t.width;
		const uint8_t *p = in + (size_t) t.first[x] * 3;
		int32_t r = HALF, g = HALF, b = HALF;

		for (int i = 0; i < t.count[x]; i++, p += 3) {
			r += p[0] * k[i];
			g += p[1] * k[i];
			b += p[2] * k[i];
		}
		out[0] = clip(r);
		out[1] = clip(g);
		out[2] = clip(b);
	}
}

#ifdef WITH_AVX2
// lanes returns n bytes at a and n at b as eight numbers.
AVX2 static inline __m256i
lanes(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint32_t low = 0, high = 0;
	memcpy(&low, a, n);
	memcpy(&high, b, n);
	return _mm256_cvtepu8_epi32(_mm_insert_epi32(_mm_cvtsi32_si128((int) low), (int) high, 1));
}

// Two rows at a time: a pixel of each makes eight lanes, two of them unused.
AVX2 static void
two_rows_avx2(const uint8_t *top, const uint8_t *low, AlbumenTaps t, uint8_t *out_top, uint8_t *out_low)
{
	for (int x = 0; x < t.outputs; x++, out_top += 3, out_low += 3) {
		const int32_t *k = t.kernel + (size_t) x * t.width;
		const uint8_t *a = top + (size_t) t.first[x] * 3;
		const uint8_t *b = low + (size_t) t.first[x] * 3;
		__m256i sum = _mm256_set1_epi32(HALF);
		int last = t.count[x] - 1;
		int32_t sums[8];

		for (int i = 0; i < last; i++, a += 3, b += 3)
			sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(lanes(a, b, 4), _mm256_set1_epi32(k[i])));
		// Four bytes might end behind the picture here.
		sum = _mm256_add_epi32(sum, _mm256_mullo_epi32(lanes(a, b, 3), _mm256_set1_epi32(k[last])));
		_mm256_storeu_si256((__m256i *) sums, sum);
		for (int c = 0; c < 3; c++) {
			out_top[c] = clip(sums[c]);
			out_low[c] = clip(sums[c + 4]);
		}
	}
}
#endif

void
albumen_resample_rows(const uint8_t *src, size_t src_stride, int rows, AlbumenTaps t, uint8_t *dst)
{
	size_t dst_stride = (size_t) t.outputs * 3;
	int y = 0;

#ifdef WITH_AVX2
	if (__builtin_cpu_supports("avx2"))
		for (; y + 1 < rows; y += 2)
			two_rows_avx2(src + y * src_stride, src + (y + 1) * src_stride, t, dst + y * dst_stride, dst + (y + 1) * dst_stride);
#endif
	for (; y < rows; y++)
		row(src + y * src_stride, t, dst + y * dst_stride);
}

enum { BLOCK = 64 };

// columns is written for the compiler to vectorise, for each instruction set.
static inline __attribute__((always_inline)) void
columns(const uint8_t *src, size_t src_stride, int row_bytes, AlbumenTaps t, uint8_t *dst)
{
	for (int y = 0; y < t.outputs; y++) {
		const int32_t *k = t.kernel + (size_t) y * t.width;
		const uint8_t *in = src + (size_t) t.first[y] * src_stride;
		uint8_t *out = dst + (size_t) y * row_bytes;

		for (int x = 0; x < row_bytes; x += BLOCK) {
			int n = row_bytes - x < BLOCK ? row_bytes - x : BLOCK;
			int32_t sum[BLOCK];

			for (int i = 0; i < BLOCK; i++)
				sum[i] = HALF;
			for (int j = 0; j < t.count[y]; j++) {
				const uint8_t *p = in + (size_t) j * src_stride + x;
				int32_t weight = k[j];
				if (n == BLOCK)
					for (int i = 0; i < BLOCK; i++)
						sum[i] += p[i] * weight;
				else
					for (int i = 0; i < n; i++)
						sum[i] += p[i] * weight;
			}
			for (int i = 0; i < n; i++)
				out[x + i] = clip(sum[i]);
		}
	}
}

#ifdef WITH_AVX2
AVX2 static void
columns_avx2(const uint8_t *src, size_t src_stride, int row_bytes, AlbumenTaps t, uint8_t *dst)
{
	columns(src, src_stride, row_bytes, t, dst);
}
#endif

void
albumen_resample_columns(const uint8_t *src, size_t src_stride, int row_bytes, AlbumenTaps t, uint8_t *dst)
{
#ifdef WITH_AVX2
	if (__builtin_cpu_supports("avx2")) {
		columns_avx2(src, src_stride, row_bytes, t, dst);
		return;
	}
#endif
	columns(src, src_stride, row_bytes, t, dst);
}
