/* kernel_avx512.c: two groups of sixteen lanes. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if DPA_X86 && DPA_VECTORS

#include <immintrin.h>

#define KERNEL dpa_kernel_avx512
#define NAME "avx512"
#define NEEDS CPU_AVX512
#define ATTR TARGET("avx512f,avx512bw,avx512vl")
#define LANES 16

typedef uint32_t V __attribute__((vector_size(64)));

/* vpternlogd: the third operand is the truth table of what the macro says. */
#define TERNARY(x, y, z, table) \
    ((V)_mm512_ternarylogic_epi32((__m512i)(x), (__m512i)(y), (__m512i)(z), table))
#define V_ROTR(x, n) ((V)_mm512_ror_epi32((__m512i)(x), n))
#define V_XOR3(x, y, z) TERNARY(x, y, z, 0x96)
#define V_CH(x, y, z) TERNARY(x, y, z, 0xca)
#define V_MAJ(x, y, z) TERNARY(x, y, z, 0xe8)
#define V_HEX(x, half) hex_word(x, half)

/* As in kernel_avx2.c. AVX-512 VBMI would do it in two operations and save 1.6 % of the
 * whole, but the first CPUs with AVX-512 lack it. */
INLINE ATTR V hex_word(V x, int half)
{
    const __m512i twice = _mm512_broadcast_i32x4(
        half ? _mm_setr_epi8(0, 0, 1, 1, 4, 4, 5, 5, 8, 8, 9, 9, 12, 12, 13, 13)
             : _mm_setr_epi8(2, 2, 3, 3, 6, 6, 7, 7, 10, 10, 11, 11, 14, 14, 15, 15));
    const __m512i digits = _mm512_broadcast_i32x4(_mm_setr_epi8(
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'));
    const V bytes = (V)_mm512_shuffle_epi8((__m512i)x, twice);
    const V nibbles = (bytes & 0x000f000f) | (bytes >> 4 & 0x0f000f00);
    return (V)_mm512_shuffle_epi8(digits, (__m512i)nibbles);
}

#include "hash/lanes.inc"

#endif
