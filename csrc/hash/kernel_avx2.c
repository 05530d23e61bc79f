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

#define V_REPEAT(...) ((V)_mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__))
#define V_LOOK_UP(bytes, index) ((V)_mm256_shuffle_epi8((__m256i)(bytes), (__m256i)(index)))

#include "hash/lanes.inc"

#endif
