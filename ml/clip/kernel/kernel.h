// The kernels, as one table of functions for every instruction set.
#pragma once
#include <stddef.h>

// What a product does with its sums before it stores them.
enum { EPI_NONE, EPI_QUICK_GELU, EPI_GELU, EPI_ADD };

typedef struct {
  int lanes;  // floats in a vector register
  void (*pack)(const float *w, size_t ldw, int n, int k, float *panels);
  void (*gemm)(const float *a, size_t lda, const float *panels, int m, int k, int p0, int p1, const float *bias,
               float *c, size_t ldc, int epilogue);
  void (*layernorm)(const float *x, size_t ldx, const float *gain, const float *bias, float eps, float *y,
                    size_t ldy, int rows, int d);
  size_t (*attention_scratch)(int keys, int dh);
  void (*attention)(const float *qkv, size_t ld, float *out, size_t ldo, int keys, int heads, int dh, int h0, int h1,
                    int causal, float *scratch);
} kernels;

extern const kernels kernels_base;
#ifdef __x86_64__
extern const kernels kernels_avx2, kernels_avx512;
#endif
