/* kernel_vec128.c: two groups of four lanes, in what SSE2 and NEON have in common. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if (DPA_X86 || DPA_ARM64) && DPA_VECTORS

#define KERNEL dpa_kernel_vec128
#define NAME "vec128"
#define NEEDS 0 /* SSE2 and NEON belong to the 64-bit base */
#define ATTR
#define LANES 4

typedef uint32_t V __attribute__((vector_size(16)));

#define V_ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define V_XOR3(x, y, z) ((x) ^ (y) ^ (z))
#define V_CH(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define V_MAJ(x, y, z) (((x) & (y)) | ((z) & ((x) | (y))))
#define V_HEX(x, half) hex_word(half ? (x) & 0xffff : (x) >> 16)

/* As in kernel_portable.c: no shuffle of bytes is in the common base. */
INLINE V hex_word(V x)
{
    const V pairs = (x | x << 8) & 0x00ff00ff, nibbles = (pairs | pairs << 4) & 0x0f0f0f0f;
    const V letters = (nibbles + 0x06060606) >> 4 & 0x01010101;
    return nibbles + 0x30303030 + letters * ('a' - '9' - 1);
}

#include "hash/lanes.inc"

#endif
