/* engines.h: the kernels and samplers of this CPU, alone and in combinations that
 * dpa_engine_choose does not make. */
#ifndef ENGINES_H
#define ENGINES_H

#include "check.h"
#include "image/loops.h"
#include "sample/distributions.h"
#include "sample/sampler.h"

#define MAX_LEVELS 4
#define MAX_VARIANTS 32

/* The samplers and distributions of one level. */
struct level {
    const char *name;
    const struct dpa_sampler_variant *samplers[2]; /* by dpa_sampler */
    const struct dpa_distributions *distributions;
};

/* The levels that this CPU can run, portable first; returns how many. */
size_t usable_levels(struct level levels[MAX_LEVELS]);

/* An engine and what tells it from others. */
struct variant {
    dpa_engine engine;
    char name[64];
};

/* For every kernel: the engine as chosen, and one that leaves no sample to another
 * kernel. For every level of vectors: an engine with its samplers and
 * distributions. Returns how many. */
size_t engine_variants(struct variant variants[MAX_VARIANTS]);

dpa_engine portable_engine(void);

#define MAX_LOOPS 6

/* The loops over pixels that this CPU can run, portable first; returns how many. */
size_t usable_loops(const dpa_image_loops *loops[MAX_LOOPS]);

#endif
