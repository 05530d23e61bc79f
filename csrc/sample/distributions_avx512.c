/* distributions_avx512.c: 512-bit vectors. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if DPA_X86 && DPA_VECTORS

#define LEVEL "avx512"
#define NEEDS CPU_AVX512
#define ATTR TARGET("avx512f,avx512dq,avx512vl")
#define DISTRIBUTIONS dpa_distributions_avx512
#define TO_DOUBLE(x) ((double)(int64_t)(x))

#include "sample/distributions.inc"

#endif
