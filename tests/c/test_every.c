/* test_every.c: one digest over samples with columns of every kind, known in advance: the same
 * from every kernel, compiler, optimisation and machine. The environment may say how many samples
 * (EVERY) and of which kernels (KERNELS). */
#include "engines.h"

#include "hash/platform.h"

#define SPAN 4099 /* a prime: the rests of batches and lanes vary */
#define COLUMNS 12
#define MOST_ITEMS 7

/* The first half of the ids has xoshiro256++, the second half mt19937. The digests are those of
 * Python: SampleDigest over generate_augmentation_batch(range(N), space), with Space({
 *     "angle": Uniform(-30, 30, draw=0), "scale": Uniform(0.8, 1.2, draw=2),
 *     "bernoulli": Bernoulli(0.3, shape=3), "beta": Beta(0.4, 0.4, shape=3),
 *     "choice": Choice("abcde", weights 1 to 5), "integers": Integers(-5, 100, 3),
 *     "loguniform": LogUniform(0.1, 10, shape=2), "normal": Normal(0.5, 2, shape=5),
 *     "seed": Seed(), "subset": Subset(range(6), 3, shape=2),
 *     "truncatednormal": TruncatedNormal(0, 1, -1, 2), "uniform": Uniform(-1, 1, shape=7)})
 * and the first one is also that of tests/space_reference.py. */
static const struct {
    size_t count;
    const char *digest;
} known[] = {
    {20000, "92042ab6d891674ba2fd81e750bfa62ec36f4ba6e8b418fcc2abd6b5441baf30"},
    {100000, "783aa3068684dfe41b96aea852cb511f397ad4495e5375c547f50ea0675e3fe8"},
    {1000000, "ef89a523be87fc2b43e8459f0e9a39c67b349d9ceb0572cee2e4f5164eb2f06c"},
};

/* Cumulated weights 1 to 5, of 15. */
static const uint64_t thresholds[] = {0x1111111111111111, 0x3333333333333333, 0x6666666666666666,
                                      0xaaaaaaaaaaaaaaaa};

static const struct {
    const char *name;
    size_t width; /* bytes of an item or code */
    dpa_column column;
} declared[COLUMNS] = {
    {"angle", 8, {.kind = DPA_DRAWN, .items = 1, .draw = 0, .a = -30, .b = 30}},
    {"scale", 8, {.kind = DPA_DRAWN, .items = 1, .draw = 2, .a = 0.8, .b = 1.2}},
    {"bernoulli", 1, {.kind = DPA_BERNOULLI, .items = 3, .a = 0.3}},
    {"beta", 8, {.kind = DPA_BETA, .items = 3, .a = 0.4}},
    {"choice", 4, {.kind = DPA_CHOICE, .items = 1, .count = 4, .thresholds = thresholds}},
    {"integers", 8, {.kind = DPA_INTEGERS, .items = 1, .start = (uint64_t)-5, .step = 3, .count = 36}},
    {"loguniform", 8, {.kind = DPA_LOG_UNIFORM, .items = 2, .a = 0.1, .b = 10}},
    {"normal", 8, {.kind = DPA_NORMAL, .items = 5, .a = 0.5, .b = 2}},
    {"seed", 8, {.kind = DPA_SEED, .items = 1}},
    {"subset", 4, {.kind = DPA_SUBSET, .items = 2, .count = 6, .picked = 3}},
    {"truncatednormal", 8, {.kind = DPA_TRUNCATED_NORMAL, .items = 1, .a = 0, .b = 1,
                            .low = -1, .high = 2, .start = 714519742486081, .count = 3686622399119966}},
    {"uniform", 8, {.kind = DPA_UNIFORM, .items = MOST_ITEMS, .a = -1, .b = 1}},
};

static dpa_links links;
static dpa_column column[COLUMNS];
static uint64_t memory[COLUMNS][MOST_ITEMS * SPAN]; /* room for the widest items */
static uint8_t digests[SPAN][DPA_DIGEST_SIZE];

/* Adds samples first .. first + n - 1. The first one is made alone, which takes another path. */
static void add_span(const dpa_engine *engine, dpa_sampler sampler, size_t first, size_t n, uint64_t sum[4])
{
    void *values[COLUMNS];
    dpa_field fields[COLUMNS];
    for (size_t c = 0; c < COLUMNS; c++) {
        const size_t codes = column[c].kind == DPA_SUBSET ? column[c].picked : 1;
        values[c] = memory[c];
        fields[c] = (dpa_field){memory[c], declared[c].width, column[c].items * codes};
    }
    const dpa_request request = {.keys = {.start = first}, .depth = 10, .sampler = sampler,
                                 .column = column, .columns = COLUMNS, .values = values,
                                 .digests = digests};
    void *scratch = allocate_aligned(dpa_scratch_size(engine, &request, n));
    dpa_generate(engine, &links, &request, 0, 1, scratch);
    dpa_generate(engine, &links, &request, 1, n - 1, scratch);
    free(scratch);
    dpa_add_leaves(engine, &request.keys, 0, n, (const uint8_t(*)[DPA_DIGEST_SIZE])digests, fields,
                   COLUMNS, sum);
}

static void digest_of(const dpa_engine *engine, size_t count, char text[65])
{
    const size_t half = count / 2;
    uint64_t sum[4] = {0};
    uint8_t bytes[32];
    for (size_t first = 0, n; first < count; first += n) {
        const size_t end = first < half ? half : count;
        n = end - first < SPAN ? end - first : SPAN;
        add_span(engine, first < half ? DPA_XOSHIRO256PP : DPA_MT19937, first, n, sum);
    }
    for (int t = 0; t < 4; t++)
        store_le64(bytes + 8 * t, sum[t]);
    dpa_hex(bytes, text);
    text[64] = 0;
}

void test_every(void)
{
    dpa_engine engines[MAX_ENGINES];
    const size_t n = usable_engines(engines);
    const char *wanted = getenv("EVERY"), *kernels = getenv("KERNELS"), *expected = NULL;
    const size_t count = wanted ? strtoul(wanted, NULL, 10) : known[0].count;
    dpa_links_init(&links);
    for (size_t c = 0; c < COLUMNS; c++) {
        column[c] = declared[c].column;
        dpa_tag(declared[c].name, strlen(declared[c].name), column[c].tag);
    }
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++)
        if (known[k].count == count)
            expected = known[k].digest;
    for (size_t i = 0; i < n; i++) {
        const char *name = dpa_engine_name(&engines[i]);
        char text[65];
        if (kernels && kernels[0] && !strstr(kernels, name))
            continue;
        digest_of(&engines[i], count, text);
        CHECK(expected && strcmp(text, expected) == 0, "%s: %zu samples have %s", name, count, text);
    }
}
