/* test_distributions.c: columns of every kind against known answers (tests/vectors/space.txt),
 * levels against each other, and whole requests against one item at a time. */
#include <inttypes.h>

#include "expected.h"
#include "requests.h"

#include "sample/functions.h"

static dpa_links links;

/* ---- Known answers: numbers are 16 hex digits, doubles by their bits ---- */

static uint64_t next_number(FILE *file)
{
    uint64_t number = 0;
    CHECK(fscanf(file, "%" SCNx64, &number) == 1, "the file is cut off");
    return number;
}

static dpa_column next_column(FILE *file, uint64_t thresholds[MAX_THRESHOLDS])
{
    dpa_column column = {.kind = (dpa_kind)next_number(file), .items = 1, .thresholds = thresholds};
    column.a = from_bits(next_number(file));
    column.b = from_bits(next_number(file));
    column.low = from_bits(next_number(file));
    column.high = from_bits(next_number(file));
    column.start = next_number(file);
    column.step = next_number(file);
    column.count = next_number(file);
    column.picked = (uint32_t)next_number(file);
    for (uint64_t t = 0; column.kind == DPA_CHOICE && t < column.count; t++)
        thresholds[t] = next_number(file);
    return column;
}

static void known_functions(FILE *file)
{
    const double x = from_bits(next_number(file)), small = x < 1 ? x : 1;
    CHECK(to_bits(natural_log(x)) == next_number(file), "log of %.17g", x);
    CHECK(to_bits(exponential(x < 700 ? x : 700)) == next_number(file), "exp of %.17g", x);
    CHECK(to_bits(dpa_half_sine(small)) == next_number(file), "half sine of %.17g", small);
    const uint64_t quantile = next_number(file);
    CHECK(x >= 1 || to_bits(dpa_normal_quantile(x)) == quantile, "normal quantile of %.17g", x);
}

/* The value of two words as it lies in 64 bits. */
static uint64_t value_of(const struct dpa_distributions *level, const dpa_column *column, uint64_t first,
                         uint64_t second)
{
    uint64_t word[ROW + 1] = {first}, whole = first;
    double real;
    word[ROW] = second;
    if (column->kind < DPA_INTEGERS) {
        level->reals(column, word, 1, &real);
        return to_bits(real);
    }
    if (column->kind != DPA_SEED)
        level->integers(column, word, 1, &whole);
    return whole;
}

static void known_words(FILE *file, const struct level *levels, size_t count)
{
    uint64_t thresholds[MAX_THRESHOLDS];
    const uint64_t first = next_number(file), second = next_number(file);
    const dpa_column column = next_column(file, thresholds);
    CHECK(next_number(file) == 1, "one value");
    const uint64_t expected = next_number(file);
    for (size_t l = 0; l < count; l++)
        CHECK(value_of(levels[l].distributions, &column, first, second) == expected,
              "%s: kind %d of word %" PRIx64, levels[l].name, (int)column.kind, first);
}

#define SAMPLES 40 /* of one key, so that bulk kernels take part */
#define MOST_VALUES 8

/* Item i as it lies in memory, widened to 64 bits. */
static uint64_t stored(const dpa_column *column, const void *values, bool single_precision, size_t i)
{
    const size_t width = sample_size(column, single_precision) /
                         (column->kind == DPA_SUBSET ? column->items * column->picked : column->items);
    uint64_t whole;
    uint32_t half;
    if (width == 1)
        return ((const uint8_t *)values)[i];
    memcpy(&half, (const uint8_t *)values + i * width, sizeof half);
    if (width == sizeof half)
        return half;
    memcpy(&whole, (const uint8_t *)values + i * width, sizeof whole);
    return whole;
}

static void known_key(FILE *file, const dpa_engine *engines, size_t count)
{
    char key[64], name[128], text[SAMPLES * 64];
    int64_t offsets[SAMPLES + 1] = {0};
    uint64_t thresholds[MAX_THRESHOLDS], filled[SAMPLES * MOST_VALUES], expected[MOST_VALUES];
    void *const values[1] = {filled};
    CHECK(fscanf(file, "%63s %127s", key, name) == 2, "key and name");
    dpa_column column = next_column(file, thresholds);
    const size_t n = (size_t)next_number(file), size = strlen(key);
    for (size_t k = 0; k < n; k++)
        expected[k] = next_number(file);
    for (size_t i = 0; i < SAMPLES; i++) {
        memcpy(text + i * size, key, size);
        offsets[i + 1] = (int64_t)((i + 1) * size);
    }
    dpa_tag(name, strlen(name), column.tag);
    const dpa_request request = {.keys = {.text = (const uint8_t *)text, .offsets = offsets},
                                 .depth = 10, .column = &column, .columns = 1, .values = values};
    for (size_t e = 0; e < count; e++) {
        void *scratch = allocate_aligned(dpa_scratch_size(&engines[e], &request, SAMPLES));
        dpa_generate(&engines[e], &links, &request, 1, SAMPLES - 1, scratch);
        dpa_generate(&engines[e], &links, &request, 0, 1, scratch);
        free(scratch);
        for (size_t i = 0; i < SAMPLES * n; i++)
            CHECK(stored(&column, filled, false, i) == expected[i % n], "%s: %s of %s, kind %d, item %zu",
                  dpa_engine_name(&engines[e]), name, key, (int)column.kind, i);
    }
}

static void known_answers(void)
{
    dpa_engine engines[MAX_ENGINES];
    struct level levels[MAX_LEVELS];
    const size_t engine_count = usable_engines(engines), level_count = usable_levels(levels);
    FILE *file = open_vectors("space.txt");
    char what[16];
    int lines = 0;
    for (; fscanf(file, "%15s", what) == 1; lines++) {
        if (strcmp(what, "functions") == 0)
            known_functions(file);
        else if (strcmp(what, "words") == 0)
            known_words(file, levels, level_count);
        else
            known_key(file, engines, engine_count);
    }
    CHECK(lines > 700, "%d lines", lines);
    fclose(file);
}

/* ---- Levels against the portable one ---- */

/* Small and large words are in the tails, the smallest in the far one. */
static uint64_t any_word(uint64_t *seed)
{
    const uint64_t bits = random_bits(seed), shift = random_bits(seed) % 64;
    return bits % 3 == 0 ? bits >> shift : bits % 3 == 1 ? ~(bits >> shift) : bits;
}

static void equals_portable(const struct level *level, const dpa_column *column, size_t n, uint64_t seed)
{
    static uint64_t word[2 * BATCH];
    const size_t words = column->kind == DPA_BETA ? ROW + n : n;
    for (size_t i = 0; i < words; i++)
        word[i] = any_word(&seed);
    uint64_t *exactly = allocate(words * sizeof word[0]); /* with its end watched */
    void *found = allocate(n * sizeof(uint64_t)), *expected = allocate(n * sizeof(uint64_t));
    memcpy(exactly, word, words * sizeof word[0]);
    if (column->kind < DPA_INTEGERS) {
        level->distributions->reals(column, exactly, n, found);
        dpa_distributions_portable.reals(column, exactly, n, expected);
    } else {
        level->distributions->integers(column, exactly, n, found);
        dpa_distributions_portable.integers(column, exactly, n, expected);
    }
    CHECK(memcmp(found, expected, n * sizeof(uint64_t)) == 0, "%s: kind %d, %zu words", level->name,
          (int)column->kind, n);
    free(exactly);
    free(found);
    free(expected);
}

static void every_level(void)
{
    struct level levels[MAX_LEVELS];
    const size_t count = usable_levels(levels);
    uint64_t thresholds[MAX_THRESHOLDS], seed = 3;
    for (size_t l = 0; l < count; l++)
        for (int kind = DPA_UNIFORM; kind <= DPA_CHOICE; kind++)
            for (size_t n = 0; n <= BATCH; n++) {
                const dpa_column column = random_column((dpa_kind)kind, &seed, thresholds);
                equals_portable(&levels[l], &column, n, n);
            }
}

/* The scalar quantile is the one of the columns. */
static void quantile_is_the_columns(void)
{
    const dpa_column column = {.kind = DPA_NORMAL, .items = 1, .a = 0, .b = 1};
    uint64_t seed = 4;
    for (int i = 0; i < 10000; i++) {
        const uint64_t word = any_word(&seed);
        const double u = (double)(2 * (word >> 12) + 1) * 0x1p-53;
        CHECK(to_bits(dpa_normal_quantile(u)) ==
                  value_of(&dpa_distributions_portable, &column, word, 0),
              "word %" PRIx64, word);
    }
}

/* The 128-bit product from four of 64 bits. */
static void products(void)
{
    uint64_t seed = 5;
    for (int i = 0; i < 10000; i++) {
        const uint64_t x = any_word(&seed), y = any_word(&seed);
        const uint64_t a = (x & 0xffffffff) * (y & 0xffffffff), b = (x >> 32) * (y & 0xffffffff);
        const uint64_t c = (x & 0xffffffff) * (y >> 32), d = (x >> 32) * (y >> 32);
        const uint64_t carry = ((a >> 32) + (b & 0xffffffff) + (c & 0xffffffff)) >> 32;
        CHECK(mul_high(x, y) == d + (b >> 32) + (c >> 32) + carry, "%" PRIx64 " %" PRIx64, x, y);
    }
}

/* ---- Whole requests, one item at a time ---- */

static void expected_subset(const dpa_column *column, const uint64_t *word, uint64_t *code)
{
    uint32_t *all = allocate(column->count * sizeof *all);
    for (uint32_t i = 0; i < column->count; i++)
        all[i] = i;
    for (uint64_t i = 0; i < column->picked; i++) {
        const uint64_t j = i + mul_high(word[i], column->count - i);
        const uint32_t chosen = all[j];
        all[j] = all[i];
        code[i] = all[i] = chosen;
    }
    free(all);
}

static uint64_t rounded(uint64_t real, bool single_precision)
{
    const float value = (float)from_bits(real);
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return single_precision ? bits : real;
}

/* Every item of one sample in column c. */
static void check_sample(const struct job *job, size_t c, size_t i, const char *name)
{
    const dpa_column *column = &job->column[c];
    const bool single = job->shape.single_precision;
    const uint8_t *digest = job->digests + 32 * i;
    const size_t words_of_item = column->kind == DPA_SUBSET ? column->picked : column->kind == DPA_BETA ? 2 : 1;
    const size_t of_item = column->kind == DPA_SUBSET ? column->picked : 1;
    const size_t words = column->items * words_of_item;
    uint64_t *word = allocate(words * sizeof *word), *expected = allocate(words * sizeof *expected);
    double uniform[256];
    expected_words(digest, column->tag, words, word);
    for (size_t j = 0; j < column->items; j++) {
        if (column->kind == DPA_DRAWN) {
            expected_uniforms(digest, job->shape.sampler, column->draw + 1, uniform);
            expected[j] = rounded(to_bits(column->a + (column->b - column->a) * uniform[column->draw]), single);
        } else if (column->kind == DPA_SUBSET) {
            expected_subset(column, word + j * of_item, expected + j * of_item);
        } else {
            const uint64_t *own = word + j * words_of_item;
            const uint64_t value = value_of(&dpa_distributions_portable, column, own[0], own[words_of_item - 1]);
            expected[j] = column->kind < DPA_INTEGERS ? rounded(value, single) : value;
        }
    }
    for (size_t k = 0; k < column->items * of_item; k++)
        CHECK(stored(column, job->values[c], single, i * column->items * of_item + k) == expected[k],
              "%s: column %zu (kind %d), sample %zu, item %zu", name, c, (int)column->kind, i, k);
    free(word);
    free(expected);
}

static void check_request(const struct variant *variant, size_t count, uint64_t seed)
{
    const struct shape shape = {.count = count, .depth = 1, .sampler = (dpa_sampler)(seed % 2),
                                .declared = true, .columns = MAX_COLUMNS, .holes = seed % 3 == 1,
                                .single_precision = seed % 4 > 1, .digests = true, .seed = seed};
    struct job job;
    open_job(&job, &shape);
    run_span(&job, &variant->engine, &links, 0, count);
    for (size_t c = 0; c < MAX_COLUMNS; c++)
        for (size_t i = 0; job.values[c] && i < count; i++)
            check_sample(&job, c, i, variant->name);
    close_job(&job);
}

/* One sample, whose names are hashed side by side; few; a batch, and one more. */
static void whole_requests(void)
{
    static const size_t counts[] = {1, 1, 1, 1, 2, 3, 7, 20, 64, 193};
    struct variant variants[MAX_VARIANTS];
    const size_t n = engine_variants(variants);
    for (size_t v = 0; v < n; v++)
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++)
            check_request(&variants[v], counts[k], k);
}

/* As many codes and words as there may be: a permutation, beside a small subset that shares its room. */
static void largest_subset(void)
{
    static int32_t all[2][65536], few[2][3];
    static uint64_t word[65536], expected[65536];
    uint8_t digests[2][32];
    void *const values[2] = {few, all};
    const dpa_column column[2] = {{.kind = DPA_SUBSET, .items = 1, .count = 5, .picked = 3},
                                  {.kind = DPA_SUBSET, .items = 1, .count = 65536, .picked = 65536}};
    const dpa_request request = {.depth = 1, .column = column, .columns = 2, .values = values,
                                 .digests = digests};
    const dpa_engine engine = portable_engine();
    const size_t size = dpa_scratch_size(&engine, &request, 1000);
    void *scratch = allocate_aligned(size);
    CHECK(size <= 720 * 1024 && size == dpa_scratch_size(&engine, &request, 768), "%zu bytes", size);
    dpa_generate(&engine, &links, &request, 0, 2, scratch);
    for (size_t i = 0; i < 2; i++) {
        expected_words(digests[i], column[1].tag, 65536, word);
        expected_subset(&column[1], word, expected);
        for (size_t k = 0; k < 65536; k++)
            CHECK((uint64_t)all[i][k] == expected[k], "sample %zu, place %zu", i, k);
    }
    free(scratch);
}

/* More names than are hashed side by side. */
static void many_names(void)
{
    static dpa_column column[100];
    static uint64_t word[100], in_a_batch[100][2];
    void *one[100], *two[100];
    for (size_t c = 0; c < 100; c++) {
        column[c].kind = DPA_SEED;
        column[c].items = 1;
        column[c].tag[0] = (uint8_t)c;
        one[c] = &word[c];
        two[c] = in_a_batch[c];
    }
    struct variant variants[MAX_VARIANTS];
    const size_t n = engine_variants(variants);
    for (size_t v = 0; v < n; v++)
        for (size_t columns = 0; columns <= 100; columns++) {
            dpa_request request = {.depth = 1, .column = column, .columns = columns, .values = one};
            void *scratch = allocate_aligned(dpa_scratch_size(&variants[v].engine, &request, 2));
            memset(word, 0, sizeof word);
            dpa_generate(&variants[v].engine, &links, &request, 0, 1, scratch);
            request.values = two;
            dpa_generate(&variants[v].engine, &links, &request, 0, 2, scratch);
            for (size_t c = 0; c < 100; c++)
                CHECK(word[c] == (c < columns ? in_a_batch[c][0] : 0), "%s: name %zu of %zu",
                      variants[v].name, c, columns);
            free(scratch);
        }
}

void test_distributions(void)
{
    dpa_links_init(&links);
    known_answers();
    every_level();
    quantile_is_the_columns();
    products();
    whole_requests();
    largest_subset();
    many_names();
}
