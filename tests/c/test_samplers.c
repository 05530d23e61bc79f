/* test_samplers.c: the generators against published outputs, then each other. */
#include "check.h"
#include "mt19937.h"
#include "sampler.h"

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
static void *states_for(const struct sampler *sampler, size_t n)
{
    return allocate_aligned((n + sampler->lanes - 1) / sampler->lanes * sampler->lanes *
                            sampler->state_size);
}

static double *uniforms_for(const struct sampler *sampler, size_t n)
{
    return allocate((n + sampler->lanes - 1) / sampler->lanes * sampler->lanes * sizeof(double));
}

/* The outputs are 64 bits and a uniform shows the upper 53 of them. */
static void published_xoshiro(const struct sampler *sampler)
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

static void published_mt19937(const struct sampler *sampler)
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

/* Counts around the lanes; 3 groups of them, since samplers interleave groups. */
static void equals_portable(const struct sampler *sampler, const struct sampler *portable)
{
    const size_t most = 3 * (size_t)sampler->lanes + 1;
    sha256_state *digest = allocate(most * sizeof *digest);
    void *expected_states = states_for(portable, most);
    double *expected = allocate(most * sizeof *expected);
    fill_random(digest, most * sizeof *digest, 5);
    memset(digest[0], 0, sizeof digest[0]); /* nothing special for zero */
    for (size_t n = 0; n <= most; n++) {
        void *states = states_for(sampler, n);
        double *uniform = uniforms_for(sampler, n);
        portable->seed(expected_states, (const sha256_state *)digest, n);
        sampler->seed(states, (const sha256_state *)digest, n);
        for (uint64_t draw = 0; draw < 8; draw++) {
            portable->draw(expected_states, n, draw, expected);
            sampler->draw(states, n, draw, uniform);
            CHECK(memcmp(uniform, expected, n * sizeof *expected) == 0, "%s: %zu samples, draw %d",
                  sampler->level, n, (int)draw);
        }
        free(states);
        free(uniform);
    }
    free(digest);
    free(expected_states);
    free(expected);
}

void test_samplers(void)
{
    dpa_engine engines[MAX_ENGINES];
    const size_t n = usable_engines(engines);
    start_is_its_recurrence();
    for (size_t i = 0; i < n; i++) {
        published_xoshiro(engines[i].samplers[DPA_XOSHIRO256PP]);
        published_mt19937(engines[i].samplers[DPA_MT19937]);
        equals_portable(engines[i].samplers[DPA_XOSHIRO256PP], &xoshiro256pp_portable);
        equals_portable(engines[i].samplers[DPA_MT19937], &mt19937_portable);
    }
}
