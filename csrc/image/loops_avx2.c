/* loops_avx2.c: 256-bit vectors. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if DPA_X86 && DPA_VECTORS

#include <immintrin.h>

#include "image/x86.h"

#define LEVEL "avx2"
#define NEEDS CPU_AVX2
#define ATTR TARGET("avx2")
#define LOOPS dpa_image_avx2

#define VECTOR __m256i
#define LANES 2
#define LOAD(p) _mm256_loadu_si256((const __m256i *)(p))
#define STORE(p, v) _mm256_storeu_si256((__m256i *)(p), v)
#define EACH_LANE(p) _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(p)))
#define SHUFFLE(v, pattern) _mm256_shuffle_epi8(v, pattern)
#define SPREAD(v, pattern) SHUFFLE(v, pattern)
#define HALF16(v) _mm256_srli_epi16(v, 1)
#define ADD16(a, b) _mm256_add_epi16(a, b)
#define SUB16(a, b) _mm256_sub_epi16(a, b)
#define TIMES15(a, b) _mm256_mulhrs_epi16(a, b)
#define PAIRS(a, b) _mm256_madd_epi16(a, b)
#define ROUND21(v) _mm256_srli_epi32(_mm256_add_epi32(v, _mm256_set1_epi32(1 << 20)), 21)
#define PACK32(a, b) _mm256_packus_epi32(a, b)
#define PACK16(a, b) _mm256_packus_epi16(a, b)
/* Pixels 2 * k and 2 * k + 1, and what brings them back in order. */
#define WEIGHT(v, k)                                                                             \
    _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(2 * (k), 2 * (k), 2 * (k), 2 * (k),         \
                                                     2 * (k) + 1, 2 * (k) + 1, 2 * (k) + 1,      \
                                                     2 * (k) + 1))
#define IN_ORDER(v) _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7))
#define STORE_3(p, v)                                                                        \
    (_mm_storeu_si128((__m128i *)(p), _mm_shuffle_epi8(_mm256_castsi256_si128(v), DENSE)),   \
     _mm_storeu_si128((__m128i *)((p) + 12),                                                 \
                      _mm_shuffle_epi8(_mm256_extracti128_si256(v, 1), DENSE)))

#define VECTOR_SIZE 32
#define PRODUCTS(x, y) (V64) _mm256_mul_epu32((__m256i)(x), (__m256i)(y))

#include "image/noise.inc"
#include "image/tone.inc"
#include "image/warp.inc"
#include "image/loops.inc"

#endif
