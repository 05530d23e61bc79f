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

#include "hash/lanes.inc"

#endif
