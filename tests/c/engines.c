#include "engines.h"

#include "hash/cpu.h"
#include "hash/platform.h"

size_t usable_engines(dpa_engine engines[MAX_ENGINES])
{
    size_t n = 0;
    for (size_t i = 0; i < dpa_kernel_count(); i++) {
        if (!dpa_kernel_usable(i))
            continue;
        const dpa_status status = dpa_engine_choose(&engines[n], dpa_kernel_name(i));
        CHECK(status == DPA_OK, "%s: status %d", dpa_kernel_name(i), (int)status);
        n += status == DPA_OK;
    }
    return n;
}

static const struct level all_levels[] = {
    {"portable", {&dpa_xoshiro256pp_portable, &dpa_mt19937_portable}, &dpa_distributions_portable},
#if (DPA_X86 || DPA_ARM64) && DPA_VECTORS
    {"vec128", {&dpa_xoshiro256pp_vec128, &dpa_mt19937_vec128}, &dpa_distributions_portable},
#endif
#if DPA_X86 && DPA_VECTORS
    {"avx2", {&dpa_xoshiro256pp_avx2, &dpa_mt19937_avx2}, &dpa_distributions_avx2},
    {"avx512", {&dpa_xoshiro256pp_avx512, &dpa_mt19937_avx512}, &dpa_distributions_avx512},
#endif
};

size_t usable_levels(struct level levels[MAX_LEVELS])
{
    const uint32_t features = dpa_cpu_detect();
    size_t n = 0;
    for (size_t i = 0; i < sizeof all_levels / sizeof all_levels[0]; i++) {
        const struct level *level = &all_levels[i];
        if (((level->samplers[0]->needs | level->samplers[1]->needs) & ~features) == 0)
            levels[n++] = *level;
    }
    return n;
}

size_t engine_variants(struct variant variants[MAX_VARIANTS])
{
    dpa_engine engines[MAX_ENGINES];
    struct level levels[MAX_LEVELS];
    const size_t kernels = usable_engines(engines), level_count = usable_levels(levels);
    size_t n = 0;
    for (size_t i = 0; i < kernels; i++) {
        const char *name = dpa_engine_name(&engines[i]);
        snprintf(variants[n].name, sizeof variants[n].name, "%s", name);
        variants[n++].engine = engines[i];
        snprintf(variants[n].name, sizeof variants[n].name, "%s to the last sample", name);
        variants[n].engine = engines[i];
        variants[n].engine.single = engines[i].bulk;
        n++;
    }
    for (size_t l = 0; l < level_count; l++) {
        snprintf(variants[n].name, sizeof variants[n].name, "%s with vectors of level %s",
                 dpa_engine_name(&engines[0]), levels[l].name);
        variants[n].engine = engines[0];
        memcpy(variants[n].engine.samplers, levels[l].samplers, sizeof levels[l].samplers);
        variants[n].engine.distributions = levels[l].distributions;
        n++;
    }
    return n;
}

static const dpa_image_loops *const all_loops[] = {
    &dpa_image_portable,
#if DPA_ARM64 && DPA_VECTORS
    &dpa_image_neon,
#endif
#if DPA_X86 && DPA_VECTORS
    &dpa_image_sse41, &dpa_image_avx2, &dpa_image_avx512, &dpa_image_vbmi,
#endif
};

size_t usable_loops(const dpa_image_loops *loops[MAX_LOOPS])
{
    const uint32_t features = dpa_cpu_detect();
    size_t n = 0;
    for (size_t i = 0; i < sizeof all_loops / sizeof all_loops[0]; i++)
        if ((all_loops[i]->needs & ~features) == 0)
            loops[n++] = all_loops[i];
    return n;
}

dpa_engine portable_engine(void)
{
    const dpa_engine engine = {&dpa_kernel_portable,
                               &dpa_kernel_portable,
                               {&dpa_xoshiro256pp_portable, &dpa_mt19937_portable},
                               &dpa_distributions_portable};
    return engine;
}
