/* kernel_avx512.c: two groups of sixteen lanes. */
#include "cpu.h"
#include "platform.h"

#if DPA_X86 && DPA_VECTORS

#include <immintrin.h>

#define KERNEL kernel_avx512
#define NAME "avx512"
#define NEEDS CPU_AVX512
#define ATTR TARGET("avx512f,avx512bw,avx512vl,avx512vbmi")
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

/* vpmultishiftqb brings each nibble to the foot of its byte, below a neighbour that
 * vpermb's table of four equal rows ignores. */
INLINE ATTR V hex_word(V x, int half)
{
    const __m512i at = _mm512_set1_epi64(half ? 0x2c2824200c080400 : 0x3c3834301c181410);
    const __m512i digits = _mm512_broadcast_i32x4(_mm_setr_epi8(
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'));
    return (V)_mm512_permutexvar_epi8(_mm512_multishift_epi64_epi8(at, (__m512i)x), digits);
}

#include "lanes.inc"

#endif
