/* dispatch.c: which kernel and samplers this CPU gets. */
#include "dpa_derivation.h"
#include "hash/cpu.h"
#include "hash/kernel.h"
#include "hash/platform.h"
#include "sample/distributions.h"
#include "sample/sampler.h"

/* A kernel, which has the name, and the samplers and distributions that come with it when it
 * is forced. */
struct choice {
    const struct dpa_kernel *kernel;
    const struct dpa_sampler_variant *samplers[2]; /* by dpa_sampler */
    const struct dpa_distributions *distributions;
    bool alone; /* good for a single sample, too: has no lanes that it would leave idle */
};

#define SAMPLERS(level) {&dpa_xoshiro256pp_##level, &dpa_mt19937_##level}
#define LEVEL(level) SAMPLERS(level), &dpa_distributions_##level
#if DPA_VECTORS /* the portable distributions already have 128-bit vectors */
#define LEVEL_128 SAMPLERS(vec128), &dpa_distributions_portable
#else
#define LEVEL_128 LEVEL(portable)
#endif

/* Best first: where 512-bit operations are whole, their lanes beat the SHA unit, which
 * starts its two rounds every other cycle there (docs/kernels.md has the figures). */
static const struct choice choices[] = {
#if DPA_X86 && DPA_VECTORS
    {&dpa_kernel_avx512, LEVEL(avx512), false},
    {&dpa_kernel_shani, LEVEL(avx2), true}, /* which it needs anyway */
#elif DPA_X86
    {&dpa_kernel_shani, LEVEL_128, true},
#endif
#if DPA_ARM64
    {&dpa_kernel_armv8, LEVEL_128, true},
#endif
#if DPA_X86 && DPA_VECTORS
    {&dpa_kernel_avx2, LEVEL(avx2), false},
#endif
#if (DPA_X86 || DPA_ARM64) && DPA_VECTORS
    {&dpa_kernel_vec128, LEVEL_128, false},
#endif
    {&dpa_kernel_portable, LEVEL(portable), true},
};

#define COUNT (sizeof choices / sizeof choices[0])

/* Where 512-bit operations are split, the SHA unit starts its rounds every cycle: the
 * first two change places. */
static const struct choice *choice_at(size_t index, uint32_t features)
{
#if DPA_X86 && DPA_VECTORS
    if (features & CPU_SPLIT512 && index < 2)
        return &choices[1 - index];
#endif
    (void)features;
    return &choices[index];
}

static bool usable(const struct choice *choice, uint32_t features)
{
    return (choice->kernel->needs & ~features) == 0;
}

const char *dpa_version(void)
{
    return DPA_VERSION;
}

size_t dpa_kernel_count(void)
{
    return COUNT;
}

const char *dpa_kernel_name(size_t index)
{
    return choice_at(index, dpa_cpu_detect())->kernel->name;
}

bool dpa_kernel_usable(size_t index)
{
    const uint32_t features = dpa_cpu_detect();
    return usable(choice_at(index, features), features);
}

const char *dpa_engine_name(const dpa_engine *engine)
{
    return engine->bulk->name;
}

/* ---- Choice; the last of the table, portable, is always usable ---- */

static const struct choice *named(const char *name)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(choices[i].kernel->name, name) == 0)
            return &choices[i];
    return NULL;
}

static const struct choice *best(uint32_t features)
{
    size_t i = 0;
    while (!usable(choice_at(i, features), features))
        i++;
    return choice_at(i, features);
}

/* Least latency for one sample. Whoever forces portable wants nothing else. */
static const struct choice *best_alone(const struct choice *bulk, uint32_t features)
{
    size_t i = 0;
    while (!choices[i].alone || !usable(&choices[i], features))
        i++;
    return bulk->kernel == &dpa_kernel_portable ? bulk : &choices[i];
}

/* Where no kernel is forced: a CPU whose best kernel is shani may have wide vectors. */
static const struct choice *widest_vectors(uint32_t features)
{
    const struct choice *widest = &choices[COUNT - 1];
    for (size_t i = 0; i < COUNT; i++)
        if (usable(&choices[i], features) &&
            choices[i].samplers[0]->lanes > widest->samplers[0]->lanes)
            widest = &choices[i];
    return widest;
}

dpa_status dpa_engine_choose(dpa_engine *engine, const char *name)
{
    const uint32_t features = dpa_cpu_detect();
    const struct choice *bulk = name ? named(name) : best(features);
    if (!bulk)
        return DPA_UNKNOWN_KERNEL;
    if (!usable(bulk, features))
        return DPA_UNUSABLE_KERNEL;
    const struct choice *single = best_alone(bulk, features);
    const struct choice *sampling = name ? bulk : widest_vectors(features);
    const struct dpa_kernel *chosen[] = {bulk->kernel, single->kernel};
    if (!dpa_kernels_pass(chosen, bulk->kernel == &dpa_kernel_portable ? 0 : 2))
        return DPA_BROKEN_KERNEL;
    engine->bulk = bulk->kernel;
    engine->single = single->kernel;
    memcpy(engine->samplers, sampling->samplers, sizeof engine->samplers);
    engine->distributions = sampling->distributions;
    return DPA_OK;
}
