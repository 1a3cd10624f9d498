// The kernels themselves, written once with the vector extensions of GCC and
// Clang. Each kernel_<set>.c selects an instruction set, defines
//   LANES    floats in one vector register
//   ROWS     rows of a tile: ROWS × 2 sums, 2 weights and 1 input fit the registers
//   TABLE    the name of this set's table
// and includes this file.
#include <math.h>
#include <string.h>

#define PANEL (2 * LANES)  // columns of a tile
#define KBLOCK 768         // inputs per pass, so that a block of rows stays in the cache
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 12")

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int ivec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

#define LOAD(p) (*(const vec *)(p))
#define STORE(p, v) (*(vec *)(p) = (v))

INLINE vec splat(float x) { return x - (vec){}; }

INLINE vec larger(vec a, vec b) {
  ivec m = a > b;
  return (vec)(((ivec)a & m) | ((ivec)b & ~m));
}

INLINE float sum(vec v) {
  float s = 0;
  for (int i = 0; i < LANES; i++) s += v[i];
  return s;
}

// e^x by 2^n · e^r with |r| ≤ ln 2 / 2 (the polynomial of Cephes' expf); x is
// cut to where the result is a normal number.
INLINE vec vexp(vec x) {
  x = larger(x, splat(-87.f));
  x = -larger(-x, splat(-88.f));
  vec t = x * 1.44269504088896341f + 12582912.f, n = t - 12582912.f;  // 1.5 · 2^23 rounds
  vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
  vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + (r + 1.f);
  ivec e = ((ivec)t - 0x4B400000 + 127) << 23;
  return p * (vec)e;
}

INLINE vec quick_gelu(vec x) { return x / (vexp(x * -1.702f) + 1.f); }

// x·Φ(x), erf after Abramowitz and Stegun 7.1.26 (error below 1.5e-7).
INLINE vec gelu(vec x) {
  vec z = larger(x, -x) * 0.70710678118654752f;
  vec t = 1.f / (z * 0.3275911f + 1.f);
  vec p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  vec tail = p * t * vexp(-z * z) * 0.5f;  // 1 - Φ(|x|)
  ivec neg = x < splat(0);
  return x * (vec)(((ivec)tail & neg) | ((ivec)(1.f - tail) & ~neg));
}

// pack lays n rows of k weights (w: one row per output, as checkpoints have
// them) out as panels of PANEL outputs: panels[p][input][output]. Outputs
// beyond n are zero.
static void pack(const float *w, size_t ldw, int n, int k, float *panels) {
  for (int j0 = 0; j0 < n; j0 += PANEL, panels += (size_t)k * PANEL)
    for (int k0 = 0; k0 < k; k0 += 16) {
      int kn = k - k0 < 16 ? k - k0 : 16;
      for (int j = 0; j < PANEL; j++)
        for (int i = k0; i < k0 + kn; i++)
          panels[(size_t)i * PANEL + j] = j0 + j < n ? w[(size_t)(j0 + j) * ldw + i] : 0;
    }
}

// tile computes rows × PANEL outputs: c = a · b + bias [+ c]. next is where the
// next panel lies, fetched meanwhile.
INLINE void tile(const int rows, const float *a, size_t lda, const float *b, int k, const float *next,
                 const float *bias, float *c, size_t ldc, int add) {
  vec s0[ROWS], s1[ROWS];
  UNROLL for (int i = 0; i < rows; i++) s0[i] = s1[i] = (vec){};
  for (int j = 0; j < k; j++) {
    __builtin_prefetch(next + (size_t)j * LANES, 0, 2);
    vec b0 = LOAD(b + (size_t)j * PANEL), b1 = LOAD(b + (size_t)j * PANEL + LANES);
    UNROLL for (int i = 0; i < rows; i++) {
      vec x = splat(a[i * lda + j]);
      s0[i] += x * b0;
      s1[i] += x * b1;
    }
  }
  vec z0 = {}, z1 = {};
  if (bias) z0 = LOAD(bias), z1 = LOAD(bias + LANES);
  UNROLL for (int i = 0; i < rows; i++) {
    float *o = c + i * ldc;
    vec x = s0[i] + z0, y = s1[i] + z1;
    if (add) x += LOAD(o), y += LOAD(o + LANES);
    STORE(o, x);
    STORE(o + LANES, y);
  }
}

// activate applies an activation to rows × PANEL values that were just stored.
static void activate(float *c, size_t ldc, int rows, int epilogue) {
  for (int i = 0; i < rows; i++, c += ldc)
    for (int j = 0; j < PANEL; j += LANES) {
      vec x = LOAD(c + j);
      STORE(c + j, epilogue == EPI_QUICK_GELU ? quick_gelu(x) : gelu(x));
    }
}

typedef void (*tile_fn)(const float *, size_t, const float *, int, const float *, const float *, float *, size_t, int);
#define TILE(n)                                                                                              \
  static __attribute__((noinline)) void tile##n(const float *a, size_t lda, const float *b, int k,           \
                                                const float *next, const float *bias, float *c, size_t ldc,  \
                                                int add) {                                                   \
    tile(n, a, lda, b, k, next, bias, c, ldc, add);                                                          \
  }
TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if ROWS > 6
TILE(7) TILE(8)
#endif
#if ROWS > 8
TILE(9) TILE(10) TILE(11) TILE(12)
#endif
static const tile_fn TILES[] = {0, tile1, tile2, tile3, tile4, tile5, tile6,
#if ROWS > 6
                                tile7, tile8,
#endif
#if ROWS > 8
                                tile9, tile10, tile11, tile12,
#endif
};

// gemm computes panels p0 … p1-1 of c (m rows) from m rows of k inputs. Every
// row of c has room for whole panels, and so has the bias.
static void gemm(const float *a, size_t lda, const float *panels, int m, int k, int p0, int p1, const float *bias,
                float *c, size_t ldc, int epilogue) {
  int blocks = (m + ROWS - 1) / ROWS, kb = m > 64 ? KBLOCK : k;
  for (int k0 = 0; k0 < k; k0 += kb) {
    int kn = k - k0 < kb ? k - k0 : kb, last = k0 + kn == k;
    for (int p = p0; p < p1; p++) {
      const float *b = panels + ((size_t)p * k + k0) * PANEL;
      for (int i = 0; i < blocks; i++) {
        int r0 = (int)((long)m * i / blocks), r1 = (int)((long)m * (i + 1) / blocks);
        const float *next = p + 1 < p1 && i < 2 ? b + (size_t)k * PANEL + (size_t)i * kn * LANES : b;
        float *o = c + r0 * ldc + p * PANEL;
        TILES[r1 - r0](a + r0 * lda + k0, lda, b, kn, next, last && bias ? bias + p * PANEL : 0, o, ldc,
                       k0 || epilogue == EPI_ADD);
        if (last && epilogue != EPI_NONE && epilogue != EPI_ADD) activate(o, ldc, r1 - r0, epilogue);
      }
    }
  }
}

// layernorm normalises rows of d values: y = (x - mean) / sqrt(variance + eps) · gain + bias.
static void layernorm(const float *x, size_t ldx, const float *gain, const float *bias, float eps, float *y,
                     size_t ldy, int rows, int d) {
  int whole = d / LANES * LANES;
  for (int r = 0; r < rows; r++, x += ldx, y += ldy) {
    vec v = {};
    float mean = 0, square = 0;
    for (int j = 0; j < whole; j += LANES) v += LOAD(x + j);
    for (int j = whole; j < d; j++) mean += x[j];
    mean = (mean + sum(v)) / d;
    v = (vec){};
    for (int j = 0; j < whole; j += LANES) { vec e = LOAD(x + j) - mean; v += e * e; }
    for (int j = whole; j < d; j++) square += (x[j] - mean) * (x[j] - mean);
    float scale = 1.f / sqrtf((square + sum(v)) / d + eps);
    for (int j = 0; j < whole; j += LANES)
      STORE(y + j, (LOAD(x + j) - mean) * scale * LOAD(gain + j) + LOAD(bias + j));
    for (int j = whole; j < d; j++) y[j] = (x[j] - mean) * scale * gain[j] + bias[j];
  }
}

#define WHOLE(n) (((n) + PANEL - 1) / PANEL * PANEL)

// attention_scratch is how many floats attention needs to work in.
static size_t attention_scratch(int keys, int dh) {
  return (size_t)WHOLE(keys) * dh + (size_t)WHOLE(dh) * keys + (size_t)ROWS * (WHOLE(keys) + WHOLE(dh));
}

// attention computes heads h0 … h1-1 of one sequence of the given number of
// keys. A row of qkv holds the queries, keys and values of all heads, dh each.
// With causal, a position sees itself and what is before it.
static void attention(const float *qkv, size_t ld, float *out, size_t ldo, int keys, int heads, int dh, int h0, int h1,
                     int causal, float *scratch) {
  int wk = WHOLE(keys), wd = WHOLE(dh);
  float *kp = scratch, *vp = kp + (size_t)wk * dh, *p = vp + (size_t)wd * keys, *o = p + (size_t)ROWS * wk;
  float scale = 1.f / sqrtf((float)dh);
  for (int h = h0; h < h1; h++) {
    const float *q = qkv + (size_t)h * dh, *ks = q + (size_t)heads * dh, *vs = ks + (size_t)heads * dh;
    pack(ks, ld, keys, dh, kp);
    for (int d0 = 0; d0 < wd; d0 += PANEL) {
      float *panel = vp + (size_t)d0 * keys;
      int w = dh - d0 < PANEL ? dh - d0 : PANEL;
      for (int j = 0; j < keys; j++, panel += PANEL) {
        memcpy(panel, vs + j * ld + d0, w * sizeof(float));
        for (int i = w; i < PANEL; i++) panel[i] = 0;
      }
    }
    int blocks = (keys + ROWS - 1) / ROWS;
    for (int i = 0; i < blocks; i++) {
      int r0 = (int)((long)keys * i / blocks), r1 = (int)((long)keys * (i + 1) / blocks), rows = r1 - r0;
      int seen = causal ? r1 : keys;
      for (int j = 0; j < seen; j += PANEL) {
        const float *b = kp + (size_t)j * dh;
        TILES[rows](q + r0 * ld, ld, b, dh, b, 0, p + j, wk, 0);
      }
      for (int r = 0; r < rows; r++) {
        float *s = p + (size_t)r * wk, most;
        int n = causal ? r0 + r + 1 : keys, pad = WHOLE(seen);
        for (int j = n; j < pad; j++) s[j] = -INFINITY;
        vec m = LOAD(s), total = {};
        for (int j = LANES; j < pad; j += LANES) m = larger(m, LOAD(s + j));
        most = m[0];
        for (int j = 1; j < LANES; j++) most = m[j] > most ? m[j] : most;
        for (int j = 0; j < pad; j += LANES) {
          vec e = vexp((LOAD(s + j) - most) * scale);
          STORE(s + j, e);
          total += e;
        }
        for (int j = n; j < pad; j++) s[j] = 0;
        vec inverse = splat(1.f / sum(total));
        for (int j = 0; j < pad; j += LANES) STORE(s + j, LOAD(s + j) * inverse);
      }
      for (int d0 = 0; d0 < wd; d0 += PANEL) {
        const float *b = vp + (size_t)d0 * keys;
        TILES[rows](p, wk, b, seen, b, 0, o + d0, wd, 0);
      }
      for (int r = 0; r < rows; r++)
        memcpy(out + (size_t)(r0 + r) * ldo + (size_t)h * dh, o + (size_t)r * wd, dh * sizeof(float));
    }
  }
}

const kernels TABLE = {LANES, pack, gemm, layernorm, attention_scratch, attention};
