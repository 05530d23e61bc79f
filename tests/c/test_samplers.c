/* test_samplers.c: the generators against published outputs, then each other. */
#include "engines.h"

#include "sample/mt19937.h"

/* The constant start is what init_genrand(19650218) computes. */
static void start_is_its_recurrence(void)
{
    uint32_t word = 19650218;
    for (uint32_t i = 0; i < MT_WORDS; i++) {
        if (i > 0)
            word = 1812433253u * (word ^ word >> 30) + i;
        CHECK(MT19937_START[i] == word, "word %u", i);
    }
}

/* Room for the states of n generators, rounded up to whole lanes. */
static void *states_for(const struct dpa_sampler_variant *sampler, size_t n)
{
    return allocate_aligned((n + sampler->lanes - 1) / sampler->lanes * sampler->lanes *
                            sampler->state_size);
}

static double *uniforms_for(const struct dpa_sampler_variant *sampler, size_t n)
{
    return allocate((n + sampler->lanes - 1) / sampler->lanes * sampler->lanes * sizeof(double));
}

/* The outputs are 64 bits and a uniform shows the upper 53 of them. */
static void published_xoshiro(const struct dpa_sampler_variant *sampler)
{
    static const sha256_state digest[1] = {{0, 1, 0, 2, 0, 3, 0, 4}}; /* state {1, 2, 3, 4} */
    FILE *file = open_vectors("xoshiro256pp.txt");
    void *states = states_for(sampler, 1);
    double *uniform = uniforms_for(sampler, 1);
    char line[32];
    uint64_t draws = 0;
    sampler->seed(states, digest, 1);
    for (; fgets(line, sizeof line, file); draws++) {
        const uint64_t output = strtoull(line, NULL, 10);
        sampler->draw(states, 1, draws, uniform);
        CHECK(uniform[0] == (double)(output >> 11) * UNIT, "%s: output %d", sampler->level,
              (int)draws);
    }
    CHECK(draws == 10, "%d outputs", (int)draws);
    free(states);
    free(uniform);
    fclose(file);
}

static void published_mt19937(const struct dpa_sampler_variant *sampler)
{
    FILE *file = open_vectors("cpython_random.txt");
    void *states = states_for(sampler, 1);
    double *uniform = uniforms_for(sampler, 1);
    unsigned long seed;
    int seeds = 0;
    for (; fscanf(file, "%lu", &seed) == 1; seeds++) {
        const sha256_state digest[1] = {{1, 2, 3, 4, 5, 6, 7, (uint32_t)seed}};
        sampler->seed(states, digest, 1);
        for (uint64_t draw = 0; draw < 320; draw++) {
            double expected = -1;
            CHECK(fscanf(file, "%la", &expected) == 1, "the line of seed %lu is cut off", seed);
            sampler->draw(states, 1, draw, uniform);
            CHECK(uniform[0] == expected, "%s: seed %lu, draw %d", sampler->level, seed, (int)draw);
        }
    }
    CHECK(seeds == 4, "%d seeds", seeds);
    free(states);
    free(uniform);
    fclose(file);
}

/* The draws that the portable sampler makes of most generators: row d is draw d. */
static double *portable_draws(const struct dpa_sampler_variant *portable, const sha256_state *digest,
                              size_t most, size_t draws)
{
    void *states = states_for(portable, most);
    double *uniform = allocate(draws * most * sizeof *uniform);
    portable->seed(states, digest, most);
    for (size_t draw = 0; draw < draws; draw++)
        portable->draw(states, most, draw, uniform + draw * most);
    free(states);
    return uniform;
}

/* The first draws of the first n generators equal the portable ones. */
static void first_draws(const struct dpa_sampler_variant *sampler, const sha256_state *digest, size_t n,
                        size_t draws, const double *expected, size_t row)
{
    void *states = states_for(sampler, n);
    double *uniform = uniforms_for(sampler, n);
    sampler->seed(states, digest, n);
    for (size_t draw = 0; draw < draws; draw++) {
        sampler->draw(states, n, draw, uniform);
        CHECK(memcmp(uniform, expected + draw * row, n * sizeof *uniform) == 0,
              "%s: %zu generators, draw %zu", sampler->level, n, draw);
    }
    free(states);
    free(uniform);
}

/* Every count around the lanes, and around what dpa_generate hands over; a few counts
 * to behind the Mersenne Twister's second refill, at draws 312 and 624. */
static void equals_portable(const struct dpa_sampler_variant *sampler,
                            const struct dpa_sampler_variant *portable)
{
    const size_t lanes = sampler->lanes, most = 4 * lanes + 1 < 194 ? 194 : 4 * lanes + 1;
    const size_t counts[] = {1, 3, lanes - 1, lanes, lanes + 1, 96};
    const size_t few = 8, many = 720;
    sha256_state *random = allocate(most * sizeof *random);
    fill_random(random, most * sizeof *random, 5);
    memset(random[0], 0, sizeof random[0]); /* nothing special for zero */
    const sha256_state *digest = (const sha256_state *)random;
    double *expected = portable_draws(portable, digest, most, many);
    for (size_t n = 0; n <= most; n++)
        first_draws(sampler, digest, n, few, expected, most);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        first_draws(sampler, digest, counts[i], many, expected, most);
    free(random);
    free(expected);
}

void test_samplers(void)
{
    struct level levels[MAX_LEVELS];
    const size_t n = usable_levels(levels);
    start_is_its_recurrence();
    for (size_t i = 0; i < n; i++) {
        published_xoshiro(levels[i].samplers[DPA_XOSHIRO256PP]);
        published_mt19937(levels[i].samplers[DPA_MT19937]);
        equals_portable(levels[i].samplers[DPA_XOSHIRO256PP], &dpa_xoshiro256pp_portable);
        equals_portable(levels[i].samplers[DPA_MT19937], &dpa_mt19937_portable);
    }
}
