/* dispatch.c: which kernel and samplers this CPU gets. */
#include "dpa.h"
#include "hash/cpu.h"
#include "hash/kernel.h"
#include "hash/platform.h"
#include "sample/sampler.h"

#if DPA_X86 && DPA_VECTORS
#define AVX512 &dpa_kernel_avx512,
#define AVX2 &dpa_kernel_avx2,
#else
#define AVX512
#define AVX2
#endif
#if DPA_X86
#define SHANI &dpa_kernel_shani,
#else
#define SHANI
#endif
#if DPA_ARM64
#define ARMV8 &dpa_kernel_armv8,
#else
#define ARMV8
#endif
#if (DPA_X86 || DPA_ARM64) && DPA_VECTORS
#define VEC128 &dpa_kernel_vec128,
#else
#define VEC128
#endif

/* Best first: where 512-bit operations are whole, their lanes beat the SHA unit, which
 * starts its two rounds every other cycle there. Where they are split it starts them
 * every cycle (docs/kernels.md has the figures). */
static const struct dpa_kernel *const kernels[] = {
    AVX512 ARMV8 SHANI AVX2 VEC128 &dpa_kernel_portable};
static const struct dpa_kernel *const kernels_split[] = {
    SHANI AVX512 ARMV8 AVX2 VEC128 &dpa_kernel_portable};

/* One sample alone has no lanes to fill: least latency first. */
static const struct dpa_kernel *const singles[] = {ARMV8 SHANI &dpa_kernel_portable};

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const struct dpa_kernel *kernel_at(size_t index, uint32_t features)
{
    return (features & CPU_SPLIT512 ? kernels_split : kernels)[index];
}

static bool usable(uint32_t needs, uint32_t features)
{
    return (needs & ~features) == 0;
}

size_t dpa_kernel_count(void)
{
    return COUNT(kernels);
}

const char *dpa_kernel_name(size_t index)
{
    return kernel_at(index, dpa_cpu_detect())->name;
}

bool dpa_kernel_usable(size_t index)
{
    const uint32_t features = dpa_cpu_detect();
    return usable(kernel_at(index, features)->needs, features);
}

const char *dpa_engine_name(const dpa_engine *engine)
{
    return engine->bulk->name;
}

/* ---- Self-tests: what a kernel gets wrong here, no sample of its will show ---- */

#define TEST_BLOCKS 33  /* the widest kernel's lanes, and a rest */
#define TEST_SAMPLES 65 /* two groups of the widest kernel twice, and a rest */

static void fill(void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)((i + 1) * 2654435761u >> 13);
}

bool dpa_kernel_passes(const struct dpa_kernel *kernel)
{
    uint32_t schedule[2][64];
    const uint32_t(*wk)[64] = (const uint32_t(*)[64])schedule;
    const struct link_run runs[] = {{2, 1, wk}, {1, 2, wk}};
    sha256_state state[TEST_SAMPLES], expected[TEST_SAMPLES];
    uint8_t block[TEST_BLOCKS][64];
    fill(schedule, sizeof schedule);
    fill(state, sizeof state);
    fill(block, sizeof block);
    memcpy(expected, state, sizeof state);
    for (int r = 0; r < 2; r++) {
        kernel->compress(state, (const uint8_t(*)[64])block, TEST_BLOCKS);
        dpa_kernel_portable.compress(expected, (const uint8_t(*)[64])block, TEST_BLOCKS);
        kernel->link(state, TEST_SAMPLES, &runs[r]);
        dpa_kernel_portable.link(expected, TEST_SAMPLES, &runs[r]);
    }
    return memcmp(state, expected, sizeof state) == 0;
}

/* The portable kernel itself, against SHA-256 of the empty message. */
static bool portable_passes(void)
{
    static const sha256_state empty = {0xe3b0c442, 0x98fc1c14, 0x9afbf4c8, 0x996fb924,
                                       0x27ae41e4, 0x649b934c, 0xa495991b, 0x7852b855};
    sha256_state state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                          0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    const uint8_t block[1][64] = {{0x80}};
    dpa_kernel_portable.compress(&state, block, 1);
    return memcmp(state, empty, sizeof state) == 0;
}

/* ---- Choice ---- */

/* The widest samplers of this CPU, but none beyond the level of a kernel asked for by
 * name: shani and armv8 stand for 128 bits, portable for none. */
static void choose_samplers(const struct dpa_sampler_variant *samplers[2], const char *name,
                            uint32_t features)
{
    samplers[DPA_XOSHIRO256PP] = &dpa_xoshiro256pp_portable;
    samplers[DPA_MT19937] = &dpa_mt19937_portable;
#if (DPA_X86 || DPA_ARM64) && DPA_VECTORS
    if (name && strcmp(name, "portable") == 0)
        return;
    samplers[DPA_XOSHIRO256PP] = &dpa_xoshiro256pp_vec128;
    samplers[DPA_MT19937] = &dpa_mt19937_vec128;
#endif
#if DPA_X86 && DPA_VECTORS
    const bool wide = !name || strcmp(name, "avx512") == 0;
    if ((wide || strcmp(name, "avx2") == 0) && usable(dpa_xoshiro256pp_avx2.needs, features)) {
        samplers[DPA_XOSHIRO256PP] = &dpa_xoshiro256pp_avx2;
        samplers[DPA_MT19937] = &dpa_mt19937_avx2;
    }
    if (wide && usable(dpa_xoshiro256pp_avx512.needs, features)) {
        samplers[DPA_XOSHIRO256PP] = &dpa_xoshiro256pp_avx512;
        samplers[DPA_MT19937] = &dpa_mt19937_avx512;
    }
#endif
    (void)name;
    (void)features;
}

/* Whoever forces portable wants nothing else; the lanes have no form for one sample. */
static const struct dpa_kernel *choose_single(const struct dpa_kernel *bulk, uint32_t features)
{
    size_t i = 0;
    while (!usable(singles[i]->needs, features))
        i++;
    return bulk == &dpa_kernel_portable ? bulk : singles[i];
}

dpa_status dpa_engine_choose(dpa_engine *engine, const char *name)
{
    const uint32_t features = dpa_cpu_detect();
    const struct dpa_kernel *bulk = NULL;
    for (size_t i = 0; i < COUNT(kernels) && !bulk; i++) {
        const struct dpa_kernel *kernel = kernel_at(i, features);
        if (name ? strcmp(kernel->name, name) == 0 : usable(kernel->needs, features))
            bulk = kernel;
    }
    if (!bulk)
        return DPA_UNKNOWN_KERNEL;
    if (!usable(bulk->needs, features))
        return DPA_UNUSABLE_KERNEL;
    const struct dpa_kernel *single = choose_single(bulk, features);
    if (!portable_passes() || !dpa_kernel_passes(bulk) || !dpa_kernel_passes(single))
        return DPA_BROKEN_KERNEL;
    engine->bulk = bulk;
    engine->single = single;
    choose_samplers(engine->samplers, name, features);
    return DPA_OK;
}
