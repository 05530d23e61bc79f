/* mt19937.c: Matsumoto and Nishimura's Mersenne Twister as CPython's random.Random
 * seeds and reads it, for a seed of one 32-bit word. */
#include "sample/mt19937.h"

#include "sample/sampler.h"

typedef uint32_t generator[MT_WORDS];

/* init_by_array with a key of one word: both loops, from the constant start. */
static void seed_one(uint32_t *mt, uint32_t key)
{
    uint32_t previous = MT19937_START[0];
    for (int i = 1; i < MT_WORDS; i++)
        mt[i] = previous = (MT19937_START[i] ^ (previous ^ previous >> 30) * 1664525u) + key;
    /* The first loop's last step comes round to word 1, the second starts at word 2. */
    mt[1] = previous = (mt[1] ^ (previous ^ previous >> 30) * 1664525u) + key;
    for (uint32_t i = 2; i < MT_WORDS; i++)
        mt[i] = previous = (mt[i] ^ (previous ^ previous >> 30) * 1566083941u) - i;
    mt[1] = (mt[1] ^ (previous ^ previous >> 30) * 1566083941u) - 1;
    mt[0] = 0x80000000u;
}

/* Word number k of the output. Twisting one word at a time, in place, when it is
 * asked for, does the work of ten words for ten words and not of 624. */
static uint32_t next(uint32_t *mt, uint64_t k)
{
    const uint32_t i = (uint32_t)(k % MT_WORDS), after = (i + 1) % MT_WORDS;
    const uint32_t joined = (mt[i] & 0x80000000u) | (mt[after] & 0x7fffffffu);
    uint32_t y = mt[(i + 397) % MT_WORDS] ^ joined >> 1 ^ (joined & 1 ? 0x9908b0dfu : 0);
    mt[i] = y;
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

static void seed(void *states, const sha256_state *digest, size_t n)
{
    generator *mt = states;
    for (size_t i = 0; i < n; i++)
        seed_one(mt[i], digest[i][7]);
}

static void draw(void *states, size_t n, uint64_t number, double *uniform)
{
    generator *mt = states;
    for (size_t i = 0; i < n; i++) {
        const uint32_t a = next(mt[i], 2 * number) >> 5, b = next(mt[i], 2 * number + 1) >> 6;
        uniform[i] = ((double)a * 0x1p26 + (double)b) * UNIT;
    }
}

const struct dpa_sampler_variant dpa_mt19937_portable = {
    "portable", 0, 1, sizeof(generator), seed, draw};
