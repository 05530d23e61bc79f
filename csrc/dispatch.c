/* dispatch.c: which kernel and samplers this CPU gets. */
#include "cpu.h"
#include "dpa.h"
#include "kernel.h"
#include "platform.h"
#include "sampler.h"

/* Best first. */
static const struct kernel *const kernels[] = {
#if DPA_X86 && DPA_VECTORS
    &kernel_avx512,
#endif
#if DPA_X86
    &kernel_shani,
#endif
#if DPA_X86 && DPA_VECTORS
    &kernel_avx2,
#endif
#if (DPA_X86 || DPA_ARM64) && DPA_VECTORS
    &kernel_vec128,
#endif
    &kernel_portable,
};

#define KERNELS (sizeof kernels / sizeof kernels[0])

size_t dpa_kernel_count(void)
{
    return KERNELS;
}

const char *dpa_kernel_name(size_t index)
{
    return kernels[index]->name;
}

bool dpa_kernel_usable(size_t index)
{
    return (kernels[index]->needs & ~cpu_features()) == 0;
}

const char *dpa_engine_name(const dpa_engine *engine)
{
    return engine->bulk->name;
}

#define TEST_LANES 65 /* more than two groups of the widest kernel */

/* Chains of a few lengths on every lane, against the portable kernel. */
static bool passes_self_test(const struct kernel *kernel)
{
    /* SHA-256 of the empty message: FIPS 180-4's padding alone, after H0. */
    static const sha256_state empty = {0xe3b0c442, 0x98fc1c14, 0x9afbf4c8, 0x996fb924,
                                       0x27ae41e4, 0x649b934c, 0xa495991b, 0x7852b855};
    static const sha256_state initial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    static const uint32_t schedule[2][64] = {{1, 2, 3}, {0xffffffff, 0x80000000, 5}};
    static const struct link_run runs[] = {{2, 1, schedule}, {1, 2, schedule}};
    sha256_state state[TEST_LANES], expected[TEST_LANES];
    const size_t n = 2 * kernel->lanes + 1;
    uint8_t block[1][64] = {{0x80}};
    memcpy(state[0], initial, sizeof initial);
    kernel->compress(state, (const uint8_t(*)[64])block, 1);
    if (memcmp(state[0], empty, sizeof empty) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        for (uint32_t t = 0; t < 8; t++)
            state[i][t] = expected[i][t] = (uint32_t)(i + 1) * 2654435761u ^ t * 0x9e3779b9u;
    for (int r = 0; r < 2; r++) {
        kernel->link(state, n, &runs[r]);
        kernel_portable.link(expected, n, &runs[r]);
    }
    return memcmp(state, expected, n * sizeof state[0]) == 0;
}

static const struct kernel *find(const char *name, uint32_t features)
{
    for (size_t i = 0; i < KERNELS; i++)
        if (name ? strcmp(kernels[i]->name, name) == 0 : (kernels[i]->needs & ~features) == 0)
            return kernels[i];
    return NULL;
}

dpa_status dpa_engine_choose(dpa_engine *engine, const char *name)
{
    const uint32_t features = cpu_features();
    const struct kernel *kernel = find(name, features);
    if (!kernel)
        return DPA_UNKNOWN_KERNEL;
    if (kernel->needs & ~features)
        return DPA_UNUSABLE_KERNEL;
    if (!passes_self_test(kernel))
        return DPA_BROKEN_KERNEL;
    engine->bulk = engine->single = kernel;
    engine->samplers[DPA_XOSHIRO256PP] = &xoshiro256pp_portable;
    engine->samplers[DPA_MT19937] = &mt19937_portable;
    return DPA_OK;
}
