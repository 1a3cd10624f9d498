#include "resample.h"

#include <string.h>

// One source for every instruction set: GCC and Clang compile vectors to whatever
// the machine has, and integers give the same pixels on all of them.
typedef uint8_t v8u8 __attribute__((vector_size(8)));
typedef int32_t v8i32 __attribute__((vector_size(32)));

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__gnu_linux__)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "sse4.1", "default")))
#else
#define CLONES
#endif
#define INLINE static inline __attribute__((always_inline))

enum { BITS = 22, HALF = 1 << (BITS - 1) };

// lanes returns n bytes at a and n at b as numbers. They are put together in a
// register: written to memory in two parts, they could not be read as one at once.
INLINE v8i32
lanes(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint32_t low = 0, high = 0;
	memcpy(&low, a, n);
	memcpy(&high, b, n);
	return __builtin_convertvector((v8u8) (low | (uint64_t) high << 32), v8i32);
}

INLINE uint8_t
clip(int32_t sum)
{
	int32_t v = sum >> BITS;
	return (uint8_t) (v < 0 ? 0 : v > 255 ? 255 : v);
}

// Two rows at a time: a pixel of each makes eight lanes, two of them unused.
CLONES void
albumen_resample_rows(const uint8_t *src, size_t src_stride, int rows, AlbumenTaps t, uint8_t *dst)
{
	size_t dst_stride = (size_t) t.outputs * 3;

	for (int y = 0; y < rows; y += 2) {
		int second = y + 1 < rows; // else the last row is done twice
		const uint8_t *top = src + y * src_stride;
		const uint8_t *low = top + second * src_stride;
		uint8_t *out_top = dst + y * dst_stride;
		uint8_t *out_low = out_top + second * dst_stride;

		for (int x = 0; x < t.outputs; x++) {
			const int32_t *k = t.kernel + (size_t) x * t.width;
			const uint8_t *a = top + (size_t) t.first[x] * 3;
			const uint8_t *b = low + (size_t) t.first[x] * 3;
			v8i32 sum = { HALF, HALF, HALF, HALF, HALF, HALF, HALF, HALF };
			int last = t.count[x] - 1;

			for (int i = 0; i < last; i++, a += 3, b += 3)
				sum += lanes(a, b, 4) * k[i];
			// Four bytes might end behind the picture here.
			sum += lanes(a, b, 3) * k[last];
			for (int c = 0; c < 3; c++) {
				out_top[x * 3 + c] = clip(sum[c]);
				out_low[x * 3 + c] = clip(sum[c + 4]);
			}
		}
	}
}

enum { BLOCK = 64 };

CLONES void
albumen_resample_columns(const uint8_t *src, size_t src_stride, int row_bytes, AlbumenTaps t, uint8_t *dst)
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
				const uint8_t *row = in + (size_t) j * src_stride + x;
				int32_t weight = k[j];
				if (n == BLOCK)
					for (int i = 0; i < BLOCK; i++)
						sum[i] += row[i] * weight;
				else
					for (int i = 0; i < n; i++)
						sum[i] += row[i] * weight;
			}
			for (int i = 0; i < n; i++)
				out[x + i] = clip(sum[i]);
		}
	}
}
