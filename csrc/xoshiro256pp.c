/* xoshiro256pp.c: xoshiro256++ 1.0 of Blackman and Vigna, seeded with a digest. */
#include "sampler.h"

typedef uint64_t generator[4];

static uint64_t rotl(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static uint64_t next(generator s)
{
    const uint64_t result = rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

static void seed(void *states, const sha256_state *digest, size_t n)
{
    generator *s = states;
    for (size_t i = 0; i < n; i++)
        for (int j = 0; j < 4; j++)
            s[i][j] = (uint64_t)digest[i][2 * j] << 32 | digest[i][2 * j + 1];
}

static void draw(void *states, size_t n, uint64_t number, double *uniform)
{
    generator *s = states;
    (void)number;
    for (size_t i = 0; i < n; i++)
        uniform[i] = (double)(next(s[i]) >> 11) * UNIT;
}

const struct sampler xoshiro256pp_portable = {"portable", 0, 1, sizeof(generator), seed, draw};
