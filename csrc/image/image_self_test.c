/* image_self_test.c: whether loops over pixels are right on this machine, before anything depends
 * on them. */
#include "hash/platform.h"
#include "image/loops.h"

#define TEST_BLOCKS 19 /* two groups, and a rest */
#define TEST_VALUES 151 /* two vectors of the widest level's bytes, and rests of all parts */

/* Random123's known answer for digits of pi: the portable loops against the published generator. */
static bool portable_passes(void)
{
    static const philox_words words = {0xa4093822, 0x299f31d0, 0x13198a2e, 0x03707344};
    static const uint64_t expected[1][2] = {{0x94fdccebd16cfe09, 0x24126ea15001e420}};
    uint64_t made[1][2];
    dpa_image_portable.outputs(words, 0x85a308d3243f6a88, 1, made);
    return memcmp(made, expected, sizeof made) == 0;
}

/* Normals are outputs looked up; a table for them would be too large for a small stack. */
static bool noise_equals_portable(const struct dpa_image_loops *loops)
{
    static const philox_words words = {1, 0x80000000, 0xffffffff, 0x9e3779b9};
    const uint64_t first = 0xffffffff - TEST_BLOCKS / 2; /* the counter's words carry */
    uint64_t made[TEST_BLOCKS][2], expected[TEST_BLOCKS][2];
    loops->outputs(words, first, TEST_BLOCKS, made);
    dpa_image_portable.outputs(words, first, TEST_BLOCKS, expected);
    return memcmp(made, expected, sizeof made) == 0;
}

/* The same values of each type. */
struct values {
    uint8_t bytes[TEST_VALUES];
    uint16_t words[TEST_VALUES];
    float reals[TEST_VALUES];
};

static void fill(struct values *values)
{
    memset(values, 0, sizeof *values); /* what lies between the arrays is compared, too */
    for (uint32_t i = 0; i < TEST_VALUES; i++) {
        const uint32_t mixed = (i + 1) * 2654435761u;
        values->bytes[i] = (uint8_t)(mixed >> 24);
        values->words[i] = (uint16_t)(mixed >> 16);
        values->reals[i] = (float)(int32_t)(mixed >> 8) * 0x1p-20f - 8;
    }
}

/* Some results lie outside the range of bytes, and of uint16. */
static void apply_tones(const struct dpa_image_loops *loops, struct values *values,
                        const float *noise, size_t step, bool mixed)
{
    static const float matrix[9] = {0.9f, 0.3f, -0.2f, 0.1f, 0.7f, 0.2f, -0.4f, 0.5f, 1.1f};
    static const dpa_tone tone = {1.17f, -30.5f, 20.7f, 0, matrix};
    if (mixed) {
        const size_t pixels = TEST_VALUES / 3;
        uint8_t *const bytes[3] = {values->bytes, values->bytes + 1, values->bytes + 2};
        uint16_t *const words[3] = {values->words, values->words + 1, values->words + 2};
        float *const reals[3] = {values->reals, values->reals + 1, values->reals + 2};
        loops->mix_uint8(bytes, 3, pixels, &tone, noise);
        loops->mix_uint16(words, 3, pixels, &tone, noise);
        loops->mix_float32(reals, 3, pixels, &tone, noise);
        return;
    }
    loops->tone_uint8(values->bytes, TEST_VALUES / step, &tone, noise, step);
    loops->tone_uint16(values->words, TEST_VALUES / step, &tone, noise, step);
    loops->tone_float32(values->reals, TEST_VALUES / step, &tone, noise, step);
    loops->gamma_float32(values->reals, TEST_VALUES, 0.7, 3);
}

static bool tones_equal_portable(const struct dpa_image_loops *loops)
{
    struct values source, made, expected;
    fill(&source);
    for (size_t how = 0; how < 8; how++) {
        const float *noise = how % 2 ? source.reals : NULL;
        const size_t step = how / 4 ? 3 : 1;
        fill(&made);
        fill(&expected);
        apply_tones(loops, &made, noise, step, how / 2 % 2);
        apply_tones(&dpa_image_portable, &expected, noise, step, how / 2 % 2);
        if (memcmp(&made, &expected, sizeof made) != 0)
            return false;
    }
    return true;
}

static bool sums_equal_portable(const struct dpa_image_loops *loops)
{
    static const uint32_t infinity = 0x7f800000;
    const struct dpa_image_loops *portable = &dpa_image_portable;
    struct values v;
    size_t finite = 0, expected = 0;
    fill(&v);
    memcpy(&v.reals[7], &infinity, sizeof infinity);
    v.reals[70] = 1e30f;
    return loops->sum_uint8(v.bytes, TEST_VALUES) == portable->sum_uint8(v.bytes, TEST_VALUES) &&
           loops->sum_uint16(v.words, TEST_VALUES) == portable->sum_uint16(v.words, TEST_VALUES) &&
           loops->sum_float32(v.reals, TEST_VALUES, 1, &finite) ==
               portable->sum_float32(v.reals, TEST_VALUES, 1, &expected) &&
           finite == expected;
}

/* A turn over the border, of each type, interpolation and number of channels that has loops of its
 * own, in a row that is as long as the widest vectors of grey pixels and a rest. */
static bool warps_equal_portable(const struct dpa_image_loops *loops)
{
    static const size_t channels[] = {1, 3, 4, 2};
    _Alignas(float) uint8_t made[2][70 * 4 * sizeof(float)];
    struct values source;
    dpa_warp warp = {.height = 5, .width = 7, .out_height = 1, .out_width = 70};
    fill(&source);
    warp.fill = &source;
    if (!dpa_turn_map(20, 4, &warp.map))
        return false;
    for (int how = 0; how < 108; how++) {
        const void *const images[] = {source.bytes, source.words, source.reals};
        warp.type = (dpa_pixel)(how % 3);
        warp.interpolation = (dpa_interpolation)(how / 3 % 3);
        warp.border = (dpa_border)(how / 9 % 3);
        warp.channels = channels[how / 27];
        memset(made, 0, sizeof made);
        dpa_warp_image(loops, &warp, images[how % 3], made[0]);
        dpa_warp_image(&dpa_image_portable, &warp, images[how % 3], made[1]);
        if (memcmp(made[0], made[1], sizeof made[0]) != 0)
            return false;
    }
    return true;
}

bool dpa_image_loops_pass(const struct dpa_image_loops *loops)
{
    return portable_passes() && noise_equals_portable(loops) && tones_equal_portable(loops) &&
           sums_equal_portable(loops) && warps_equal_portable(loops);
}
