/* sampler.h: a sampler for one vector level, a batch of samples at a time. Private to csrc. */
#ifndef DPA_SAMPLER_H
#define DPA_SAMPLER_H

#include <stddef.h>
#include <stdint.h>

#include "hash/kernel.h"

#define UNIT 0x1p-53 /* the step between the uniforms, in [0, 1) */

struct dpa_sampler_variant {
    const char *level; /* the vector level, named as kernels are */
    uint32_t needs;    /* CPU_* bits */
    unsigned lanes;    /* generators it works on at once */
    size_t state_size; /* bytes of one generator's state */
    /* Seeds n generators from their digests. states has room for n rounded up to
     * whole lanes, aligned to DPA_SCRATCH_ALIGN. */
    void (*seed)(void *states, const sha256_state *digest, size_t n);
    /* Draw number `draw` of each of n generators, the n that were seeded; draws come in
     * order from 0. uniform has room for n rounded up to whole lanes, too. */
    void (*draw)(void *states, size_t n, uint64_t draw, double *uniform);
};

extern const struct dpa_sampler_variant dpa_xoshiro256pp_portable;
extern const struct dpa_sampler_variant dpa_xoshiro256pp_vec128;
extern const struct dpa_sampler_variant dpa_xoshiro256pp_avx2;
extern const struct dpa_sampler_variant dpa_xoshiro256pp_avx512;
extern const struct dpa_sampler_variant dpa_mt19937_portable;
extern const struct dpa_sampler_variant dpa_mt19937_vec128;
extern const struct dpa_sampler_variant dpa_mt19937_avx2;
extern const struct dpa_sampler_variant dpa_mt19937_avx512;

#endif
