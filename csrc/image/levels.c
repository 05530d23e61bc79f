/* levels.c: which loops over pixels this CPU gets. */
#include "hash/cpu.h"
#include "hash/platform.h"
#include "image/loops.h"

/* Best first: the loops, and the kernels of the same level. */
static const struct choice {
    const struct dpa_image_loops *loops;
    const char *kernels[2];
} choices[] = {
#if DPA_X86 && DPA_VECTORS
    {&dpa_image_vbmi, {"avx512"}},
    {&dpa_image_avx512, {"avx512"}},
    {&dpa_image_avx2, {"avx2"}},
    {&dpa_image_sse41, {"shani", "vec128"}},
#endif
#if DPA_ARM64 && DPA_VECTORS
    {&dpa_image_neon, {"armv8", "vec128"}},
#endif
    {&dpa_image_portable, {"portable", "vec128"}}, /* vec128: where there is no SSE4.1 */
};

#define COUNT (sizeof choices / sizeof choices[0])

static bool belongs(const struct choice *choice, const char *kernel)
{
    for (int k = 0; k < 2; k++)
        if (!kernel || (choice->kernels[k] && strcmp(choice->kernels[k], kernel) == 0))
            return true;
    return false;
}

dpa_status dpa_image_choose(const dpa_image_loops **loops, const char *kernel)
{
    const uint32_t features = dpa_cpu_detect();
    dpa_status status = DPA_UNKNOWN_KERNEL;
    for (size_t i = 0; i < COUNT; i++) {
        if (!belongs(&choices[i], kernel))
            continue;
        if (choices[i].loops->needs & ~features) {
            status = DPA_UNUSABLE_KERNEL;
            continue;
        }
        if (!dpa_image_loops_pass(choices[i].loops))
            return DPA_BROKEN_KERNEL;
        *loops = choices[i].loops;
        return DPA_OK;
    }
    return status;
}

const char *dpa_image_level(const dpa_image_loops *loops)
{
    return loops->level;
}
