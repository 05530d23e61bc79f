/* loops_sse41.c: 128-bit vectors of x86. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if DPA_X86 && DPA_VECTORS

#include "image/x86.h"

#define LEVEL "sse41"
#define NEEDS CPU_SSE41
#define ATTR TARGET("sse4.1")
#define LOOPS dpa_image_sse41

#define VECTOR __m128i
#define LANES 1
#define LOAD(p) _mm_loadu_si128((const __m128i *)(p))
#define STORE(p, v) _mm_storeu_si128((__m128i *)(p), v)
#define EACH_LANE(p) LOAD(p)
#define SHUFFLE(v, pattern) _mm_shuffle_epi8(v, pattern)
#define SPREAD(v, pattern) SHUFFLE(v, pattern)
#define HALF16(v) _mm_srli_epi16(v, 1)
#define ADD16(a, b) _mm_add_epi16(a, b)
#define SUB16(a, b) _mm_sub_epi16(a, b)
#define TIMES15(a, b) _mm_mulhrs_epi16(a, b)
#define PAIRS(a, b) _mm_madd_epi16(a, b)
#define ROUND21(v) _mm_srli_epi32(_mm_add_epi32(v, _mm_set1_epi32(1 << 20)), 21)
#define PACK32(a, b) _mm_packus_epi32(a, b)
#define PACK16(a, b) _mm_packus_epi16(a, b)
#define WEIGHT(v, k) _mm_shuffle_epi32(v, 0x55 * (k))
#define IN_ORDER(v) v
#define STORE_3(p, v) STORE(p, SHUFFLE(v, DENSE))

#define VECTOR_SIZE 16
#define PRODUCTS(x, y) (V64) _mm_mul_epu32((__m128i)(x), (__m128i)(y))

#include "image/noise.inc"
#include "image/tone.inc"
#include "image/warp.inc"
#include "image/loops.inc"

#endif
