/* fuzz_kernels.c: libFuzzer's bytes choose a request, or blocks and a run of links,
 * and all kernels and samplers must agree on it with the portable ones. */
#include "requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static dpa_links links;
static struct variant variants[MAX_VARIANTS];
static size_t variant_count;

/* The next number below bound out of the input; 0 behind its end. */
static uint64_t take(const uint8_t **data, size_t *size, uint64_t bound)
{
    uint64_t x = 0;
    for (uint64_t reach = 1; reach < bound && *size > 0; reach <<= 8) {
        x = x << 8 | *(*data)++;
        --*size;
        if (reach >> 56)
            break;
    }
    return x % bound;
}

/* The portable kernel's time is the bound: deep chains get few samples. */
static void fuzz_request(const uint8_t *data, size_t size)
{
    struct shape shape;
    memset(&shape, 0, sizeof shape);
    shape.depth = 1 + (uint32_t)(take(&data, &size, 4) > 0 ? take(&data, &size, 12)
                                                           : take(&data, &size, 300));
    shape.count = take(&data, &size, shape.depth > 12 ? 40 : 220);
    shape.first = take(&data, &size, 40);
    shape.sampler = (dpa_sampler)take(&data, &size, 2);
    shape.skip = take(&data, &size, 4) > 0 ? take(&data, &size, 20) : take(&data, &size, 701);
    shape.columns = take(&data, &size, MAX_COLUMNS + 1);
    shape.declared = take(&data, &size, 2);
    shape.holes = shape.declared && take(&data, &size, 2);
    shape.single_precision = take(&data, &size, 2);
    shape.digests = take(&data, &size, 4) > 0;
    shape.prefix_size = take(&data, &size, 201);
    shape.ids = (enum ids)take(&data, &size, 3);
    shape.text_size = take(&data, &size, 201);
    shape.seed = take(&data, &size, UINT64_MAX);
    shape.start = take(&data, &size, UINT64_MAX);
    check_shape(variants, variant_count, &links, &shape);
}

/* The states are as good as any digests and halves. */
static void fuzz_words(const struct dpa_kernel *kernel, size_t n, const sha256_state *state, uint64_t seed)
{
    const unsigned wanted = 1 + (unsigned)(seed % 4);
    const struct word_blocks blocks = {state, state, seed >> 2 & 1, seed >> 3 & 1};
    uint64_t *word = allocate(wanted * n * sizeof *word), *expected = allocate(wanted * n * sizeof *word);
    kernel->words(&blocks, n, wanted, word, n);
    dpa_kernel_portable.words(&blocks, n, wanted, expected, n);
    CHECK(memcmp(word, expected, wanted * n * sizeof *word) == 0, "%s: %u words of %zu blocks",
          kernel->name, wanted, n);
    free(word);
    free(expected);
}

static void fuzz_kernel(const struct dpa_kernel *kernel, size_t n, const struct link_run *run,
                        uint64_t seed)
{
    sha256_state *state = allocate(n * sizeof *state), *expected = allocate(n * sizeof *expected);
    uint8_t(*blocks)[64] = allocate(n * sizeof *blocks);
    const uint8_t(*block)[64] = (const uint8_t(*)[64])blocks;
    fill_random(blocks, n * sizeof *blocks, seed);
    fill_random(state, n * sizeof *state, seed + 1);
    memcpy(expected, state, n * sizeof *state);
    kernel->compress(state, block, n);
    kernel->link(state, n, run);
    dpa_kernel_portable.compress(expected, block, n);
    dpa_kernel_portable.link(expected, n, run);
    CHECK(memcmp(state, expected, n * sizeof *state) == 0,
          "%s: %zu samples, %zu links of %zu blocks", kernel->name, n, run->links, run->blocks);
    fuzz_words(kernel, n, (const sha256_state *)expected, seed);
    free(state);
    free(expected);
    free(blocks);
}

static void fuzz_run(const uint8_t *data, size_t size)
{
    const size_t n = take(&data, &size, 200), links_of_run = take(&data, &size, 12);
    const size_t blocks = 1 + take(&data, &size, 4), rows = links_of_run * blocks;
    const uint64_t seed = take(&data, &size, UINT64_MAX);
    uint32_t(*schedule)[64] = allocate(rows * sizeof *schedule);
    const struct link_run run = {links_of_run, blocks, (const uint32_t(*)[64])schedule};
    fill_random(schedule, rows * sizeof *schedule, seed + 2);
    for (size_t v = 0; v < variant_count; v++)
        fuzz_kernel(variants[v].engine.bulk, n, &run, seed);
    free(schedule);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (variant_count == 0) {
        dpa_links_init(&links);
        variant_count = engine_variants(variants);
    }
    if (take(&data, &size, 4) > 0)
        fuzz_request(data, size);
    else
        fuzz_run(data, size);
    if (checks_failed > 0)
        abort();
    return 0;
}
