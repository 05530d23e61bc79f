/* sampler_vec128.c: 128-bit vectors, SSE2 and NEON. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if (DPA_X86 || DPA_ARM64) && DPA_VECTORS

#define LEVEL "vec128"
#define NEEDS 0
#define ATTR
#define XOSHIRO256PP dpa_xoshiro256pp_vec128
#define MT19937 dpa_mt19937_vec128
#define BYTES 16
#define V_UNIFORM(x) V_UNIFORM_BY_PARTS(x)

#include "sample/samplers.inc"

#endif
