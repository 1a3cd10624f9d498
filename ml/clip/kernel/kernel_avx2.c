// AVX2 with FMA.
#ifdef __x86_64__
#include <math.h>
#include <string.h>
#include "kernel.h"
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#pragma GCC optimize("O3,no-math-errno,fp-contract=fast")
#endif
#define LANES 8
#define ROWS 6
#define TABLE kernels_avx2
#include "kernel_body.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
