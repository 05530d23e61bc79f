/* test_dispatch.c: choosing a kernel, and saying what there is. */
#include "engines.h"

#include "image/warp.h"

/* A failed choice says why and leaves the engine alone. */
static void refused(const char *name, dpa_status expected)
{
    dpa_engine engine, before;
    memset(&engine, 0x5a, sizeof engine);
    memcpy(&before, &engine, sizeof engine);
    const dpa_status status = dpa_engine_choose(&engine, name);
    CHECK(status == expected, "%s: status %d", name, (int)status);
    CHECK(memcmp(&engine, &before, sizeof engine) == 0, "%s", name);
}

static void every_name(void)
{
    size_t usable = 0;
    for (size_t i = 0; i < dpa_kernel_count(); i++) {
        const char *name = dpa_kernel_name(i);
        dpa_engine engine;
        if (!dpa_kernel_usable(i)) {
            refused(name, DPA_UNUSABLE_KERNEL);
            continue;
        }
        usable++;
        const dpa_status status = dpa_engine_choose(&engine, name);
        CHECK(status == DPA_OK, "%s: status %d", name, (int)status);
        if (status == DPA_OK)
            CHECK(strcmp(dpa_engine_name(&engine), name) == 0, "%s", name);
    }
    CHECK(usable > 0, "portable runs everywhere");
}

/* Best first, so no name means the first usable one. */
static void no_name(void)
{
    size_t best = 0;
    dpa_engine engine;
    while (!dpa_kernel_usable(best))
        best++;
    const dpa_status status = dpa_engine_choose(&engine, NULL);
    CHECK(status == DPA_OK, "status %d", (int)status);
    if (status == DPA_OK)
        CHECK(strcmp(dpa_engine_name(&engine), dpa_kernel_name(best)) == 0, "%s",
              dpa_engine_name(&engine));
}

static bool usable(const char *name)
{
    for (size_t i = 0; i < dpa_kernel_count(); i++)
        if (strcmp(dpa_kernel_name(i), name) == 0)
            return dpa_kernel_usable(i);
    return false;
}

static void has_samplers(const char *name, const char *level)
{
    dpa_engine engine;
    const dpa_status status = dpa_engine_choose(&engine, name);
    CHECK(status == DPA_OK, "%s: status %d", name ? name : "no name", (int)status);
    for (int s = 0; s < 2 && status == DPA_OK; s++)
        CHECK(strcmp(engine.samplers[s]->level, level) == 0, "%s: sampler %d of level %s, not %s",
              name ? name : "no name", s, engine.samplers[s]->level, level);
    if (status == DPA_OK) { /* the portable distributions are those of vec128, too */
        const char *expected = strcmp(level, "vec128") == 0 ? "portable" : level;
        CHECK(strcmp(engine.distributions->level, expected) == 0, "%s: distributions of level %s",
              name ? name : "no name", engine.distributions->level);
    }
}

/* A kernel that is forced brings the samplers of its level; without a name they are the
 * widest ones, whatever the kernel. */
static void samplers_by_name(void)
{
    static const char *const levels[][2] = { /* from narrow to wide */
        {"portable", "portable"}, {"vec128", "vec128"}, {"shani", "avx2"},
        {"armv8", "vec128"},      {"avx2", "avx2"},     {"avx512", "avx512"},
    };
    const char *widest = "portable";
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (!usable(levels[i][0]))
            continue;
        widest = levels[i][1];
        has_samplers(levels[i][0], levels[i][1]);
    }
    has_samplers(NULL, widest);
}

/* ---- Loops over pixels ---- */

static void no_loops(const char *name, dpa_status expected)
{
    const dpa_image_loops *const before = &dpa_image_portable, *loops = before;
    const dpa_status status = dpa_image_choose(&loops, name);
    CHECK(status == expected && loops == before, "%s: status %d", name, (int)status);
}

/* Whether a kernel that is forced gives the loops of one of the levels, best first, of which
 * this CPU can run the first ones that it has. */
static void has_loops(const char *name, const char *levels)
{
    const dpa_image_loops *loops = NULL, *all[MAX_LOOPS];
    const size_t n = usable_loops(all);
    const char *best = NULL;
    const dpa_status status = dpa_image_choose(&loops, name);
    for (size_t i = 0; i < n; i++) /* from narrow to wide */
        if (!levels || strstr(levels, all[i]->level))
            best = all[i]->level;
    CHECK(status == DPA_OK, "%s: status %d", name ? name : "no name", (int)status);
    if (status == DPA_OK)
        CHECK(best && strcmp(dpa_image_level(loops), best) == 0, "%s: loops of level %s, not %s",
              name ? name : "no name", dpa_image_level(loops), best ? best : "any");
}

static void loops_by_name(void)
{
    static const char *const levels[][2] = {
        {"portable", "portable"}, {"vec128", "portable sse41 neon"}, {"shani", "sse41"},
        {"armv8", "neon"},        {"avx2", "avx2"},                  {"avx512", "avx512 vbmi"},
    };
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
        if (usable(levels[i][0]))
            has_loops(levels[i][0], levels[i][1]);
    has_loops(NULL, NULL);
    no_loops("nonsense", DPA_UNKNOWN_KERNEL);
    no_loops("", DPA_UNKNOWN_KERNEL);
    no_loops("vbmi", DPA_UNKNOWN_KERNEL); /* a level, and no kernel */
    if (!usable("avx2"))
        no_loops("avx2", strcmp(dpa_kernel_name(0), "avx512") == 0 ? DPA_UNUSABLE_KERNEL : DPA_UNKNOWN_KERNEL);
}

/* As portable, but for one bit of the last value. */

static void wrong_outputs(const philox_words words, uint64_t first, size_t count, uint64_t (*out)[2])
{
    dpa_image_portable.outputs(words, first, count, out);
    out[count - 1][1] ^= (uint64_t)1 << 63;
}

static void wrong_uint8(uint8_t *pixels, size_t count, const dpa_tone *tone, const float *noise,
                        size_t step)
{
    dpa_image_portable.tone_uint8(pixels, count, tone, noise, step);
    pixels[count - 1] ^= 1;
}

static void wrong_uint16(uint16_t *pixels, size_t count, const dpa_tone *tone, const float *noise,
                         size_t step)
{
    dpa_image_portable.tone_uint16(pixels, count, tone, noise, step);
    pixels[count - 1] ^= noise != NULL;
}

static void wrong_float32(float *pixels, size_t count, const dpa_tone *tone, const float *noise,
                          size_t step)
{
    uint32_t bits;
    dpa_image_portable.tone_float32(pixels, count, tone, noise, step);
    memcpy(&bits, &pixels[count - 1], sizeof bits);
    bits ^= noise == NULL;
    memcpy(&pixels[count - 1], &bits, sizeof bits);
}

static uint64_t wrong_sum8(const uint8_t *pixels, size_t count)
{
    return dpa_image_portable.sum_uint8(pixels, count) ^ 1;
}

static uint64_t wrong_sum16(const uint16_t *pixels, size_t count)
{
    return dpa_image_portable.sum_uint16(pixels, count) ^ 1;
}

static uint64_t wrong_sum32(const float *pixels, size_t count, double full_range, size_t *finite)
{
    return dpa_image_portable.sum_float32(pixels, count, full_range, finite) ^ 1;
}

static uint64_t wrong_count(const float *pixels, size_t count, double full_range, size_t *finite)
{
    ++*finite;
    return dpa_image_portable.sum_float32(pixels, count, full_range, finite);
}

#define DEFINE_WRONG_MIX(type, pixel)                                                             \
    static void wrong_mix_##type(pixel *const channels[3], size_t step, size_t count,             \
                                 const dpa_tone *tone, const float *noise)                        \
    {                                                                                             \
        dpa_image_portable.mix_##type(channels, step, count, tone, noise);                        \
        channels[2][step * (count - 1)] = 7;                                                      \
    }

DEFINE_WRONG_MIX(uint8, uint8_t)
DEFINE_WRONG_MIX(uint16, uint16_t)
DEFINE_WRONG_MIX(float32, float)

/* The last bit of the last pixel, of one kind of warp alone. */
static dpa_interpolation wrong_interpolation;
static dpa_border wrong_border;

static void wrong_warp(const struct warp_plan *plan, const uint8_t *image, uint8_t *result)
{
    const dpa_warp *warp = plan->warp;
    dpa_image_portable.warp(plan, image, result);
    if (warp->interpolation == wrong_interpolation && warp->border == wrong_border)
        result[warp->out_height * warp->out_width * plan->pixel - 1] ^= 1;
}

static void one_wrong_bit_of_pixels(void)
{
    dpa_image_loops loops = dpa_image_portable;
    CHECK(dpa_image_loops_pass(&loops), "a copy of portable");
#define REFUSED(function, replacement)                               \
    loops.function = replacement;                                    \
    CHECK(!dpa_image_loops_pass(&loops), "%s", #replacement);        \
    loops.function = dpa_image_portable.function;
    REFUSED(outputs, wrong_outputs)
    REFUSED(tone_uint8, wrong_uint8)
    REFUSED(tone_uint16, wrong_uint16)
    REFUSED(tone_float32, wrong_float32)
    REFUSED(sum_uint8, wrong_sum8)
    REFUSED(sum_uint16, wrong_sum16)
    REFUSED(sum_float32, wrong_sum32)
    REFUSED(sum_float32, wrong_count)
    REFUSED(mix_uint8, wrong_mix_uint8)
    REFUSED(mix_uint16, wrong_mix_uint16)
    REFUSED(mix_float32, wrong_mix_float32)
    for (int how = 0; how < 9; how++) {
        wrong_interpolation = (dpa_interpolation)(how / 3);
        wrong_border = (dpa_border)(how % 3);
        REFUSED(warp, wrong_warp)
    }
#undef REFUSED
}

/* The names are cut to any size, ended with NUL, and nothing is written behind. */
static void features_fit(void)
{
    char whole[256];
    dpa_cpu_features(whole, sizeof whole);
    for (size_t size = 0; size < 64; size++) {
        char text[80];
        memset(text, '#', sizeof text);
        const char *returned = dpa_cpu_features(text, size);
        CHECK(returned == text, "size %zu", size);
        for (size_t at = size; at < sizeof text; at++)
            CHECK(text[at] == '#', "size %zu, byte %zu", size, at);
        if (size > 0) {
            const size_t length = strlen(text);
            CHECK(length < size && strncmp(text, whole, length) == 0, "size %zu: %s", size, text);
        }
    }
}

static struct dpa_kernel wrong;

/* As portable, but for one bit of the last sample's digest. */
static void wrong_link(sha256_state *state, size_t n, const struct key_blocks *keys,
                       const struct link_run *run)
{
    dpa_kernel_portable.link(state, n, keys, run);
    state[n - 1][7] ^= 1;
}

/* As portable, but for keys that share a chaining value. */
static void wrong_shared(sha256_state *state, size_t n, const struct key_blocks *keys,
                         const struct link_run *run)
{
    dpa_kernel_portable.link(state, n, keys, run);
    if (keys && keys->step == 0)
        state[0][3] ^= 2;
}

static void wrong_compress(sha256_state *state, const uint8_t (*block)[64], size_t n)
{
    dpa_kernel_portable.compress(state, block, n);
    state[n - 1][0] ^= 0x80000000;
}

static void wrong_words(const struct word_blocks *blocks, size_t n, unsigned wanted, uint64_t *word,
                        size_t row)
{
    dpa_kernel_portable.words(blocks, n, wanted, word, row);
    word[3 * row + n - 1] ^= 1;
}

/* The self-test refuses a kernel for a single bit. */
static void one_wrong_bit(void)
{
    const struct dpa_kernel *const kernels[] = {&dpa_kernel_portable, &wrong};
    wrong = dpa_kernel_portable;
    CHECK(dpa_kernels_pass(kernels, 2), "a copy of portable");
    wrong.link = wrong_link;
    CHECK(!dpa_kernels_pass(kernels, 2), "link");
    wrong.link = wrong_shared;
    CHECK(!dpa_kernels_pass(kernels, 2), "link of keys that share a chaining value");
    wrong = dpa_kernel_portable;
    wrong.compress = wrong_compress;
    CHECK(!dpa_kernels_pass(kernels, 2), "compress");
    wrong = dpa_kernel_portable;
    wrong.words = wrong_words;
    CHECK(!dpa_kernels_pass(kernels, 2), "words");
    CHECK(dpa_kernels_pass(kernels, 1), "without the wrong one");
}

void test_dispatch(void)
{
    CHECK(strcmp(dpa_version(), DPA_VERSION) == 0, "%s", dpa_version());
    one_wrong_bit();
    refused("nonsense", DPA_UNKNOWN_KERNEL);
    refused("", DPA_UNKNOWN_KERNEL);
    refused("Portable", DPA_UNKNOWN_KERNEL);
    refused("portable ", DPA_UNKNOWN_KERNEL);
    every_name();
    no_name();
    samplers_by_name();
    one_wrong_bit_of_pixels();
    loops_by_name();
    features_fit();
}
