/* test_effect.c: whole effects, at each level, against their parts called one after the other. */
#include <math.h>

#include "engines.h"
#include "hash/platform.h"

#define RUNS 300
#define MOST (3 * 40 * 60 * 4) /* bytes of the largest picture */

static const dpa_image_loops *levels[MAX_LOOPS];
static size_t level_count;
static float table[DPA_NOISE_TABLE];
static const uint8_t digest[DPA_DIGEST_SIZE] = {42, 7};

static double between(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(random_bits(state) % 1001) / 1000;
}

static bool perhaps(uint64_t *state)
{
    return random_bits(state) % 2;
}

static dpa_effect neutral(void)
{
    return (dpa_effect){.scale = 1, .crop_area = NAN, .crop_ratio = NAN, .crop_x = 0.5,
                        .crop_y = 0.5, .gamma = 1, .brightness = 1, .contrast = 1,
                        .saturation = 1, .erase_ratio = 1, .erase_x = 0.5, .erase_y = 0.5};
}

static dpa_effect random_effect(uint64_t *state, bool colours)
{
    dpa_effect e = neutral();
    if (perhaps(state))
        e.rotation = between(state, -180, 180);
    if (perhaps(state))
        e.crop_area = between(state, 0.1, 1);
    if (perhaps(state))
        e.flip_vertical = 1;
    if (perhaps(state))
        e.gamma = between(state, 0.5, 2);
    if (perhaps(state))
        e.brightness = between(state, 0.5, 1.5);
    if (perhaps(state))
        e.contrast = between(state, 0.5, 1.5);
    if (colours && perhaps(state))
        e.saturation = between(state, 0, 2);
    if (perhaps(state))
        e.noise = between(state, 0, 0.1);
    if (perhaps(state))
        e.erase_area = between(state, 0, 0.5);
    return e;
}

static size_t result_values(const dpa_frame *frame)
{
    const dpa_warp *warp = &frame->warp;
    return warp->out_height * warp->out_width * warp->channels * warp->planes;
}

/* By the functions of the other sections of dpa_image.h, portable. */
static void by_parts(const dpa_frame *frame, const dpa_effect *e, const uint8_t *image,
                     uint8_t *result)
{
    static const double luma[3] = {0.299, 0.587, 0.114};
    const dpa_image_loops *loops = &dpa_image_portable;
    const size_t count = result_values(frame), width = bytes_of(frame->warp.type);
    const uint32_t most = frame->warp.type == DPA_FLOAT32 ? 0 : (uint32_t)frame->full_range;
    const bool cropped = !isnan(e->crop_area);
    const dpa_placement p = {e->rotation, 1, 0, 0, 0, 0, false, e->flip_vertical != 0, cropped,
                             cropped ? e->crop_area : 1,
                             (double)frame->warp.width / (double)frame->warp.height, 0.5, 0.5};
    dpa_warp warp = frame->warp;
    float matrix[9];
    uint32_t key[4];
    CHECK(dpa_place_map(&p, warp.height, warp.width, warp.out_height, warp.out_width, &warp.map),
          "map");
    dpa_warp_image(loops, &warp, image, result);
    for (size_t i = 0; warp.interpolation == DPA_CUBIC && most && i < count; i++) {
        uint16_t value = 0;
        if (width == 1)
            result[i] = result[i] < most ? result[i] : (uint8_t)most;
        else {
            memcpy(&value, result + 2 * i, 2);
            value = value < most ? value : (uint16_t)most;
            memcpy(result + 2 * i, &value, 2);
        }
    }
    if (e->gamma != 1)
        dpa_apply_gamma(loops, warp.type, result, count, e->gamma, frame->full_range, NULL);
    double offset = 0;
    if (e->contrast != 1)
        offset = e->brightness * (1 - e->contrast) *
                 dpa_mean(loops, warp.type, result, count, frame->full_range);
    for (int i = 0; i < 9; i++)
        matrix[i] = (float)((1 - e->saturation) * luma[i % 3] + (i % 4 ? 0 : e->saturation));
    const dpa_tone tone = {(float)(e->brightness * e->contrast), (float)offset,
                           (float)(e->noise * frame->full_range), most,
                           e->saturation != 1 ? matrix : NULL};
    dpa_noise_key(digest, key);
    if (e->noise != 0 || tone.matrix || tone.gain != 1 || tone.offset != 0)
        dpa_apply_tone(loops, warp.type, result, count, warp.planes, &tone, key,
                       e->noise != 0 ? table : NULL);
}

/* The box has the pixels of `erased`, all others those of the parts. */
static void check_box(const dpa_frame *frame, const dpa_steps *steps, const uint8_t *parts,
                      const uint8_t *made, int run)
{
    const dpa_warp *warp = &frame->warp;
    const size_t pixel = warp->channels * bytes_of(warp->type);
    for (size_t at = 0; at < result_values(frame) / warp->channels; at++) {
        const int64_t y = (int64_t)(at / warp->out_width % warp->out_height);
        const int64_t x = (int64_t)(at % warp->out_width);
        const bool inside =
            y >= steps->top && y < steps->bottom && x >= steps->left && x < steps->right;
        const void *expected = inside ? frame->erased : parts + at * pixel;
        CHECK(memcmp(made + at * pixel, expected, pixel) == 0, "run %d, pixel %zu", run, at);
    }
}

static void whole_effects(void)
{
    static const uint8_t erased[3 * 4] = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9};
    static const double ranges[] = {200, 4095, 0.5};
    _Alignas(float) static uint8_t image[MOST], parts[MOST], made[MOST];
    uint64_t state = 3;
    for (int run = 0; run < RUNS; run++) {
        const int type = run % 3;
        dpa_frame frame = {.full_range = ranges[type], .erased = erased};
        dpa_warp *warp = &frame.warp;
        warp->type = (dpa_pixel)type;
        warp->interpolation = (dpa_interpolation)(run / 3 % 3);
        warp->border = (dpa_border)(run / 9 % 3);
        warp->fill = erased;
        warp->height = 1 + random_bits(&state) % 40;
        warp->width = 1 + random_bits(&state) % 60;
        warp->out_height = 1 + random_bits(&state) % 40;
        warp->out_width = 1 + random_bits(&state) % 60;
        warp->channels = run / 27 % 2 ? 3 : 1;
        warp->planes = run / 54 % 2 ? 3 / warp->channels : 1;
        const bool colours = warp->channels * warp->planes == 3;
        const dpa_effect effect = random_effect(&state, colours);
        for (size_t i = 0; i < MOST / 4; i++) {
            const uint32_t mixed = (uint32_t)i * 2654435761u;
            const float real = (float)(mixed >> 24) / 255;
            if (type == DPA_FLOAT32)
                memcpy(image + 4 * i, &real, 4);
            else
                memcpy(image + 4 * i, &mixed, 4);
        }
        dpa_steps steps;
        CHECK(dpa_prepare(&frame, &effect, digest, &steps) == DPA_FITS, "run %d", run);
        by_parts(&frame, &effect, image, parts);
        for (size_t l = 0; l < level_count; l++) {
            memset(made, 0xa5, sizeof made);
            CHECK(dpa_augment(levels[l], &frame, &steps, table, NULL, image, made) == DPA_FITS,
                  "run %d", run);
            check_box(&frame, &steps, parts, made, run);
        }
    }
}

static void known_steps(void)
{
    dpa_effect e = neutral();
    dpa_steps steps;
    dpa_frame frame = {.full_range = 255};
    frame.warp = (dpa_warp){.height = 480, .width = 640, .out_height = 480, .out_width = 640,
                            .channels = 3, .planes = 1};
    CHECK(dpa_prepare(&frame, &e, NULL, &steps) == DPA_FITS && steps.flags == DPA_COPIES &&
              steps.gain == 1 && steps.lift == 0 && steps.top == steps.bottom, "nothing to do");
    e.erase_area = 0.02; /* docs/spec.md, "Known answers of effects" */
    e.erase_ratio = 0.3;
    e.erase_x = 0.25;
    e.erase_y = 0.75;
    e.saturation = 0.3;
    e.contrast = 0.5;
    e.noise = 0.1;
    CHECK(dpa_prepare(&frame, &e, digest, &steps) == DPA_FITS, "steps");
    CHECK(steps.left == 149 && steps.top == 253 && steps.right == 149 + 43 &&
              steps.bottom == 253 + 143, "box");
    /* Objects of floats: where FLT_EVAL_METHOD is 1, constants of floats are doubles. */
    static const float own = 0.5093f, other = 0.0798f, stdev = 25.5f;
    CHECK(steps.matrix[0] == (double)own && steps.matrix[5] == (double)other, "matrix");
    CHECK(steps.flags == (DPA_COPIES | DPA_MIXES | DPA_NOISY) && steps.lift == 0.5 &&
              steps.stdev == (double)stdev, "tone");
}

static void refusals(void)
{
    dpa_frame frame = {.full_range = 1, .erased = "\0\0\0\0"};
    dpa_steps steps;
    float image[8] = {3e9f}, made[8];
    frame.warp = (dpa_warp){.type = DPA_FLOAT32, .height = 2, .width = 2, .out_height = 2,
                            .out_width = 2, .channels = 2, .planes = 1};
    dpa_effect e = neutral();
    e.scale = 0;
    CHECK(dpa_prepare(&frame, &e, NULL, &steps) == DPA_NO_MAP, "no scale");
    e = neutral();
    e.brightness = 1e39;
    CHECK(dpa_prepare(&frame, &e, NULL, &steps) == DPA_TOO_LARGE, "a gain");
    e = neutral();
    e.grey = 1;
    CHECK(dpa_prepare(&frame, &e, NULL, &steps) == DPA_NO_COLOURS, "two channels");
    e = neutral();
    e.brightness = 1e30;
    e.contrast = -1e8;
    CHECK(dpa_prepare(&frame, &e, NULL, &steps) == DPA_FITS &&
              dpa_augment(levels[0], &frame, &steps, NULL, NULL, image, made) == DPA_TOO_LARGE,
          "an offset");
    e = neutral();
    CHECK(dpa_prepare(&frame, &e, NULL, &steps) == DPA_FITS, "steps");
    steps.bottom = 3;
    CHECK(dpa_augment(levels[0], &frame, &steps, NULL, NULL, image, made) == DPA_NO_MAP, "a box");
}

void test_effect(void)
{
    level_count = usable_loops(levels);
    for (int k = 0; k < DPA_NOISE_TABLE; k++)
        table[k] = (float)k / 8192 - 4;
    known_steps();
    refusals();
    whole_effects();
}
