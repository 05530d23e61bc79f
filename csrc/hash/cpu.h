/* cpu.h: what this processor and its operating system let us use. */
#ifndef DPA_CPU_H
#define DPA_CPU_H

#include <stdint.h>

enum {
    CPU_SHANI = 1 << 0,
    CPU_AVX2 = 1 << 1,
    CPU_AVX512 = 1 << 2, /* F, DQ, BW and VL */
    CPU_NEON = 1 << 3,
    CPU_ARMSHA2 = 1 << 4,
    CPU_SPLIT512 = 1 << 5, /* runs 512-bit operations as two halves */
    CPU_SSE41 = 1 << 6,
    CPU_VBMI = 1 << 7,
};

/* Asks the processor at each call: no state, and only choices of engine ask. */
uint32_t dpa_cpu_detect(void);

#endif
