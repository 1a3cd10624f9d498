// AVX-512 (F, BW, DQ, VL).
#ifdef __x86_64__
#include <math.h>
#include <string.h>
#include "kernel.h"
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")
#pragma GCC optimize("O3,no-math-errno,fp-contract=fast")
#endif
#define LANES 16
#define ROWS 12
#define TABLE kernels_avx512
#include "kernel_body.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
