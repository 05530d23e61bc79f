#include "hash/cpu.h"

#include <stdio.h>

#include "dpa_derivation.h"
#include "hash/platform.h"

#if DPA_X86

#if defined(_MSC_VER)
#include <intrin.h>
static void cpuid(uint32_t leaf, uint32_t r[4])
{
    __cpuidex((int *)r, (int)leaf, 0);
}
static uint64_t enabled_state(void)
{
    return _xgetbv(0);
}
#else
#include <cpuid.h>
static void cpuid(uint32_t leaf, uint32_t r[4])
{
    __cpuid_count(leaf, 0, r[0], r[1], r[2], r[3]);
}
static uint64_t enabled_state(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}
#endif

#define BIT(word, n) ((word) >> (n) & 1u)

/* Bit numbers: Intel SDM volume 2, CPUID; register state: volume 1, 13.3. */
uint32_t dpa_cpu_detect(void)
{
    uint32_t r[4], one[4], found = 0;
    cpuid(0, r);
    const uint32_t leaves = r[0];
    cpuid(1, one);
    if (BIT(one[2], 19))
        found |= CPU_SSE41;
    if (leaves < 7)
        return found;
    cpuid(7, r);
    const uint32_t ebx = r[1], ecx = r[2];
    const uint64_t state = BIT(one[2], 27) ? enabled_state() : 0;
    if (BIT(ebx, 29))
        found |= CPU_SHANI;
    if ((state & 0x06) == 0x06 && BIT(ebx, 5))
        found |= CPU_AVX2;
    if ((state & 0xe6) == 0xe6 && BIT(ebx, 16) && BIT(ebx, 17) && BIT(ebx, 30) && BIT(ebx, 31))
        found |= CPU_AVX512 | (BIT(ecx, 1) ? CPU_VBMI : 0);
    cpuid(0, r);
    const uint32_t family = (one[0] >> 8 & 15) + (one[0] >> 20 & 255);
    if (r[1] == 0x68747541 /* "Auth"enticAMD */ && family == 0x19 && (found & CPU_AVX512)) /* Zen 4 */
        found |= CPU_SPLIT512;
    return found;
}

#elif DPA_ARM64

#if defined(__linux__)
#include <sys/auxv.h>
#define HWCAP_BIT_SHA2 (1ul << 6) /* asm/hwcap.h */
#elif defined(_WIN32)
#include <windows.h>
#endif

uint32_t dpa_cpu_detect(void)
{
    uint32_t found = CPU_NEON;
#if defined(__linux__)
    if (getauxval(AT_HWCAP) & HWCAP_BIT_SHA2)
        found |= CPU_ARMSHA2;
#elif defined(__APPLE__)
    found |= CPU_ARMSHA2; /* every 64-bit Mac has them */
#elif defined(_WIN32)
    if (IsProcessorFeaturePresent(PF_ARM_V8_CRYPTO_INSTRUCTIONS_AVAILABLE))
        found |= CPU_ARMSHA2;
#endif
    return found;
}

#else

uint32_t dpa_cpu_detect(void)
{
    return 0;
}

#endif

const char *dpa_cpu_features(char *text, size_t size)
{
    /* by bit number */
    static const char *const names[] = {"sha", "avx2", "avx512", "neon", "sha2", "split512", "sse41",
                                        "vbmi"};
    const uint32_t found = dpa_cpu_detect();
    size_t used = 0;
    if (size > 0)
        text[0] = '\0';
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(found >> i & 1u) || used >= size)
            continue;
        const int wrote = snprintf(text + used, size - used, used ? " %s" : "%s", names[i]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    return text;
}
