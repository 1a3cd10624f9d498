#include "resample.h"

#include <string.h>

// Integers give the same pixels on every machine; vectors only give them sooner.
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define WITH_AVX2 1
#define AVX2 __attribute__((target("avx2")))
#endif

enum { BITS = 22, HALF = 1 << (BITS - 1), SPLIT = 12 };

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
// two_pixels loads two pixels of the rows at a and b, as (r0, r1), (g0, g1), (b0, b1)
// of 16 bits for each row. It reads two bytes more.
AVX2 static inline __m256i
two_pixels(const uint8_t *a, const uint8_t *b)
{
	const __m256i spread = _mm256_setr_epi8(
		0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,
		0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1);
	__m128i low = _mm_loadl_epi64((const __m128i *) a), high = _mm_loadl_epi64((const __m128i *) b);
	return _mm256_shuffle_epi8(_mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1), spread);
}

// store writes one pixel of each of two rows.
AVX2 static inline void
store(__m256i upper, __m256i lower, uint8_t *first, uint8_t *second)
{
	__m256i sum = _mm256_add_epi32(_mm256_slli_epi32(upper, SPLIT), lower);
	int32_t sums[8];

	_mm256_storeu_si256((__m256i *) sums, sum);
	for (int c = 0; c < 3; c++) {
		first[c] = clip(sums[c]);
		second[c] = clip(sums[c + 4]);
	}
}

// Four rows and two taps at a time. Coefficients come in two parts, k = upper*2^12 +
// lower, that fit the 16 bits of a multiplication that also adds. Reads at most 5
// bytes behind the end of each row.
AVX2 static void
four_rows_avx2(const uint8_t *src, size_t stride, AlbumenTaps t, uint8_t *dst, size_t dst_stride)
{
	for (int x = 0; x < t.outputs; x++, dst += 3) {
		const int32_t *k = t.pairs + (size_t) x * (t.width + 1);
		const uint8_t *a = src + (size_t) t.first[x] * 3, *b = a + stride, *c = b + stride, *d = c + stride;
		__m256i upper1 = _mm256_setzero_si256(), lower1 = _mm256_set1_epi32(HALF);
		__m256i upper2 = upper1, lower2 = lower1;

		for (int i = 0; i < t.count[x]; i += 2, k += 2, a += 6, b += 6, c += 6, d += 6) {
			__m256i upper = _mm256_set1_epi32(k[0]), lower = _mm256_set1_epi32(k[1]);
			__m256i p = two_pixels(a, b), q = two_pixels(c, d);
			upper1 = _mm256_add_epi32(upper1, _mm256_madd_epi16(p, upper));
			lower1 = _mm256_add_epi32(lower1, _mm256_madd_epi16(p, lower));
			upper2 = _mm256_add_epi32(upper2, _mm256_madd_epi16(q, upper));
			lower2 = _mm256_add_epi32(lower2, _mm256_madd_epi16(q, lower));
		}
		store(upper1, lower1, dst, dst + dst_stride);
		store(upper2, lower2, dst + 2 * dst_stride, dst + 3 * dst_stride);
	}
}
#endif

void
albumen_resample_rows(const uint8_t *src, size_t src_stride, int rows, AlbumenTaps t, uint8_t *dst)
{
	size_t dst_stride = (size_t) t.outputs * 3;
	int y = 0;

#ifdef WITH_AVX2
	// Behind each of the four lies another row, of at least 6 bytes.
	if (src_stride >= 6 && __builtin_cpu_supports("avx2"))
		for (; y + 4 < rows; y += 4)
			four_rows_avx2(src + y * src_stride, src_stride, t, dst + y * dst_stride, dst_stride);
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
