/* xoshiro256pp.c: the sampler xoshiro256++, one generator after the other. */
#include "sample/xoshiro256pp.h"

#include "sample/sampler.h"

static void seed(void *states, const sha256_state *digest, size_t n)
{
    xoshiro256pp *s = states;
    for (size_t i = 0; i < n; i++)
        xoshiro256pp_seed(s[i], digest[i]);
}

static void draw(void *states, size_t n, uint64_t number, double *uniform)
{
    xoshiro256pp *s = states;
    (void)number;
    for (size_t i = 0; i < n; i++)
        uniform[i] = (double)(xoshiro256pp_next(s[i]) >> 11) * UNIT;
}

const struct dpa_sampler_variant dpa_xoshiro256pp_portable = {
    "portable", 0, 1, sizeof(xoshiro256pp), seed, draw};
