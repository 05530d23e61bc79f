/* fuzz_kernels.c: libFuzzer's bytes choose a request, or blocks and a run of links, or a tone of
 * pixels, and all kernels, samplers and loops must agree on it with the portable ones. */
#include <math.h>

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
    dpa_kernel_portable.compress(expected, block, n);
    /* A chaining value that all keys share must not lie where digests go. */
    sha256_state before[200];
    memcpy(before, expected, n * sizeof *before);
    const struct key_blocks keys = {block, (const sha256_state *)before, seed >> 4 & 1};
    const struct key_blocks *start = seed >> 5 & 1 ? &keys : NULL;
    kernel->link(state, n, start, run);
    dpa_kernel_portable.link(expected, n, start, run);
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

/* Equal bits, but that one NaN is as good as another. */
static bool same_floats(const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(a + i, b + i, sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
            return false;
    return true;
}

static void fuzz_tone(const dpa_image_loops *level, const dpa_tone *tone, size_t n, uint64_t start,
                      const float *table, uint64_t seed)
{
    static const size_t sizes[] = {1, 2, 4}; /* by dpa_pixel */
    uint32_t key[4];
    fill_random((uint8_t *)key, sizeof key, seed);
    for (int type = DPA_UINT8; type <= DPA_FLOAT32; type++) {
        void *made = allocate(n * sizes[type]), *expected = allocate(n * sizes[type]);
        fill_random(made, n * sizes[type], seed + 1);
        memcpy(expected, made, n * sizes[type]);
        const double mean = dpa_mean(level, (dpa_pixel)type, made, n, 1);
        CHECK(mean == dpa_mean(&dpa_image_portable, (dpa_pixel)type, made, n, 1), "%s: mean of %zu",
              level->level, n);
        dpa_apply_tone(level, (dpa_pixel)type, made, n, 1, tone, key, table);
        dpa_apply_tone(&dpa_image_portable, (dpa_pixel)type, expected, n, 1, tone, key, table);
        CHECK(type == DPA_FLOAT32 ? same_floats(made, expected, n)
                                  : memcmp(made, expected, n * sizes[type]) == 0,
              "%s: tone of %zu pixels", level->level, n);
        free(made);
        free(expected);
    }
    float *noise = allocate(n * sizeof *noise), *known = allocate(n * sizeof *known);
    if (table) {
        dpa_noise(level, key, start, table, noise, n);
        dpa_noise(&dpa_image_portable, key, start, table, known, n);
        CHECK(memcmp(noise, known, n * sizeof *noise) == 0, "%s: noise", level->level);
    }
    free(noise);
    free(known);
}

/* Images and results of their exact sizes, maps of any size. */
static void fuzz_warp(const uint8_t *data, size_t size)
{
    const dpa_image_loops *loops[MAX_LOOPS];
    const size_t count = usable_loops(loops);
    uint8_t fill[9 * sizeof(float)] = {0};
    dpa_warp warp = {.fill = fill};
    warp.type = (dpa_pixel)take(&data, &size, 3);
    warp.interpolation = (dpa_interpolation)take(&data, &size, 3);
    warp.border = (dpa_border)take(&data, &size, 3);
    warp.channels = 1 + take(&data, &size, 9);
    warp.height = 1 + take(&data, &size, 40);
    warp.width = 1 + take(&data, &size, 80);
    warp.out_height = 1 + take(&data, &size, 20);
    warp.out_width = 1 + take(&data, &size, 300);
    int64_t *const numbers[] = {&warp.map.xx, &warp.map.xy, &warp.map.yx,
                                &warp.map.yy, &warp.map.x,  &warp.map.y};
    for (int i = 0; i < 6; i++) {
        const unsigned shift = (unsigned)take(&data, &size, 64);
        *numbers[i] = (int64_t)take(&data, &size, UINT64_MAX) >> shift;
    }
    if (!dpa_warp_possible(&warp))
        return;
    const size_t pixel = warp.channels * bytes_of(warp.type);
    const size_t made = warp.out_height * warp.out_width * pixel;
    uint8_t *image = allocate(warp.height * warp.width * pixel);
    uint8_t *result = allocate(made), *expected = allocate(made);
    fill_random(image, warp.height * warp.width * pixel, take(&data, &size, UINT64_MAX));
    dpa_warp_image(loops[0], &warp, image, expected);
    for (size_t i = 1; i < count; i++) {
        dpa_warp_image(loops[i], &warp, image, result);
        const bool same = warp.type == DPA_FLOAT32
                              ? same_floats((float *)(void *)result, (float *)(void *)expected,
                                            made / sizeof(float))
                              : memcmp(result, expected, made) == 0;
        CHECK(same, "%s: a warp", loops[i]->level);
    }
    free(image);
    free(result);
    free(expected);
}

/* The numbers of a tone are any bits. */
static void fuzz_pixels(const uint8_t *data, size_t size)
{
    static float table[DPA_NOISE_TABLE];
    const dpa_image_loops *loops[MAX_LOOPS];
    const size_t count = usable_loops(loops), n = take(&data, &size, 4) > 0 ? take(&data, &size, 300)
                                                                          : take(&data, &size, 4200);
    const bool noisy = take(&data, &size, 2);
    const uint64_t start = take(&data, &size, UINT64_MAX - n), seed = take(&data, &size, UINT64_MAX);
    dpa_tone tone = {0};
    float *const numbers[] = {&tone.gain, &tone.offset, &tone.stdev};
    for (int i = 0; i < 3; i++) {
        const uint32_t bits = (uint32_t)take(&data, &size, (uint64_t)1 << 32);
        memcpy(numbers[i], &bits, sizeof bits);
    }
    tone.most = (uint32_t)take(&data, &size, 256);
    if (table[0] == 0)
        for (size_t k = 0; k < DPA_NOISE_TABLE; k++)
            table[k] = ((float)k - 32767.5f) / 8192;
    for (size_t i = 1; i < count; i++)
        fuzz_tone(loops[i], &tone, n, start, noisy ? table : NULL, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (variant_count == 0) {
        dpa_links_init(&links);
        variant_count = engine_variants(variants);
    }
    const uint64_t subject = take(&data, &size, 8);
    if (subject == 0)
        fuzz_run(data, size);
    else if (subject == 1)
        fuzz_pixels(data, size);
    else if (subject == 2)
        fuzz_warp(data, size);
    else
        fuzz_request(data, size);
    if (checks_failed > 0)
        abort();
    return 0;
}
