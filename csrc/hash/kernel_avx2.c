/* kernel_avx2.c: two groups of eight lanes. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if DPA_X86 && DPA_VECTORS

#include <immintrin.h>

#define KERNEL dpa_kernel_avx2
#define NAME "avx2"
#define NEEDS CPU_AVX2
#define ATTR TARGET("avx2")
#define LANES 8

typedef uint32_t V __attribute__((vector_size(32)));

#define V_ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define V_XOR3(x, y, z) ((x) ^ (y) ^ (z))
#define V_CH(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define V_MAJ(x, y, z) (((x) & (y)) | ((z) & ((x) | (y))))
#define V_HEX(x, half) hex_word(x, half)

INLINE ATTR V hex_word(V x, int half)
{
    const __m256i twice = _mm256_add_epi8(
        _mm256_setr_epi8(2, 2, 3, 3, 6, 6, 7, 7, 10, 10, 11, 11, 14, 14, 15, 15, 2, 2, 3, 3, 6, 6,
                         7, 7, 10, 10, 11, 11, 14, 14, 15, 15),
        _mm256_set1_epi8(half ? -2 : 0));
    const __m256i digits = _mm256_broadcastsi128_si256(_mm_setr_epi8(
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'));
    const V bytes = (V)_mm256_shuffle_epi8((__m256i)x, twice);
    const V nibbles = (bytes & 0x000f000f) | (bytes >> 4 & 0x0f000f00);
    return (V)_mm256_shuffle_epi8(digits, (__m256i)nibbles);
}

#include "hash/lanes.inc"

#endif
