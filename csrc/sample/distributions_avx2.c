/* distributions_avx2.c: 256-bit vectors. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if DPA_X86 && DPA_VECTORS

#define LEVEL "avx2"
#define NEEDS CPU_AVX2
#define ATTR TARGET("avx2")
#define DISTRIBUTIONS dpa_distributions_avx2
#define TO_DOUBLE(x) TO_DOUBLE_BY_PARTS(x)

#include "sample/distributions.inc"

#endif
