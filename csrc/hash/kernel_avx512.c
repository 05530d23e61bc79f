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

/* AVX-512 VBMI would look hex digits up in two operations and save 1.6 % of the whole, but
 * the first CPUs with AVX-512 lack it. */
#define V_REPEAT(...) ((V)_mm512_broadcast_i32x4(_mm_setr_epi8(__VA_ARGS__)))
#define V_LOOK_UP(bytes, index) ((V)_mm512_shuffle_epi8((__m512i)(bytes), (__m512i)(index)))

#include "hash/lanes.inc"

#endif
