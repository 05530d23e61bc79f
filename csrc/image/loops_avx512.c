/* loops_avx512.c: 512-bit vectors. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if DPA_X86 && DPA_VECTORS

#include <immintrin.h>

#include "image/x86.h"

#define LEVEL "avx512"
#define NEEDS CPU_AVX512
#define ATTR TARGET("avx512f,avx512bw,avx512dq,avx512vl")
#define LOOPS dpa_image_avx512

#define VECTOR __m512i
#define LANES 4
#define LOAD(p) _mm512_loadu_si512(p)
#define STORE(p, v) _mm512_storeu_si512(p, v)
#define EACH_LANE(p) _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(p)))
#define SHUFFLE(v, pattern) _mm512_shuffle_epi8(v, pattern)
/* The 0x80 below each byte becomes 2^6 in either side, 2^20 in the sum: half a level. */
#define SPREAD(v, pattern) \
    _mm512_mask_shuffle_epi8(_mm512_set1_epi16(0x80), 0xaaaaaaaaaaaaaaaa, v, pattern)
#define HALF16(v) _mm512_srli_epi16(v, 1)
#define ADD16(a, b) _mm512_add_epi16(a, b)
#define SUB16(a, b) _mm512_sub_epi16(a, b)
#define TIMES15(a, b) _mm512_mulhrs_epi16(a, b)
#define PAIRS(a, b) _mm512_madd_epi16(a, b)
#define ROUND21(v) _mm512_srli_epi32(v, 21)
#define PACK32(a, b) _mm512_packus_epi32(a, b)
#define PACK16(a, b) _mm512_packus_epi16(a, b)
/* Pixels 4 * k to 4 * k + 3, and what brings them back in order. */
#define EACH_4(a, b, c, d) _mm512_setr_epi32(a, a, a, a, b, b, b, b, c, c, c, c, d, d, d, d)
#define WEIGHT(v, k) \
    _mm512_permutexvar_epi32(EACH_4(4 * (k), 4 * (k) + 1, 4 * (k) + 2, 4 * (k) + 3), v)
#define IN_ORDER(v)                                                                     \
    _mm512_permutexvar_epi32(                                                           \
        _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), v)
#define STORE_3(p, v)                                                                            \
    _mm512_mask_storeu_epi8(                                                                     \
        p, 0xffffffffffff,                                                                       \
        _mm512_permutexvar_epi32(_mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, \
                                                   11, 15),                                      \
                                 SHUFFLE(v, _mm512_broadcast_i32x4(DENSE))))

#define VECTOR_SIZE 64
#define PRODUCTS(x, y) (V64) _mm512_mul_epu32((__m512i)(x), (__m512i)(y))

#include "image/noise.inc"
#include "image/tone.inc"
#include "image/warp.inc"
#include "image/loops.inc"
#include "image/vbmi.inc"

#endif
