// The baseline of the architecture: SSE2 on x86-64, NEON on arm64.
#include "kernel.h"
#pragma GCC optimize("O3,no-math-errno,fp-contract=fast")
#define LANES 4
#ifdef __aarch64__
#define ROWS 8
#else
#define ROWS 6
#endif
#define TABLE kernels_base
#include "kernel_body.h"
