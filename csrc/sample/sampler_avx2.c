/* sampler_avx2.c: 256-bit vectors. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if DPA_X86 && DPA_VECTORS

#define LEVEL "avx2"
#define NEEDS CPU_AVX2
#define ATTR TARGET("avx2")
#define XOSHIRO256PP dpa_xoshiro256pp_avx2
#define MT19937 dpa_mt19937_avx2
#define BYTES 32
#define V_UNIFORM(x) V_UNIFORM_BY_PARTS(x)

#include "sample/samplers.inc"

#endif
