/* sampler_avx512.c: 512-bit vectors. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if DPA_X86 && DPA_VECTORS

#include <immintrin.h>

#define LEVEL "avx512"
#define NEEDS CPU_AVX512
#define ATTR TARGET("avx512f,avx512dq")
#define XOSHIRO256PP dpa_xoshiro256pp_avx512
#define MT19937 dpa_mt19937_avx512
#define BYTES 64
#define V_UNIFORM(x) ((VD)_mm512_cvtepu64_pd((__m512i)((x) >> 11)) * UNIT)

#include "sample/samplers.inc"

#endif
