/* effect.c: all that a sample's parameters do to a picture (docs/spec.md, "Effects"). */
#include <math.h>

#include "image/loops.h"
#include "image/warp.h"

/* ---- Steps ---- */

_Static_assert(sizeof(dpa_effect) == 22 * sizeof(double), "a row of a table of doubles");
_Static_assert(sizeof(dpa_steps) == 28 * sizeof(uint64_t), "a row of a table of 64-bit words");

/* Shares of red, green and blue in what the eye takes for brightness (ITU-R BT.601). */
static const double luma[3] = {0.299, 0.587, 0.114};

/* From here on a number rounds to no finite float. */
static bool is_too_large(double number)
{
    return !(fabs(number) < 0x1.ffffffp127);
}

static bool place(const dpa_frame *frame, const dpa_effect *effect, dpa_map *map)
{
    const dpa_warp *warp = &frame->warp;
    const bool has_area = !isnan(effect->crop_area), has_ratio = !isnan(effect->crop_ratio);
    const double whole = (double)warp->width / (double)warp->height;
    const dpa_placement placement = {
        .rotation = effect->rotation,
        .scale = effect->scale,
        .shear_x = effect->shear_x,
        .shear_y = effect->shear_y,
        .translate_x = effect->translate_x,
        .translate_y = effect->translate_y,
        .flip_horizontal = effect->flip_horizontal != 0,
        .flip_vertical = effect->flip_vertical != 0,
        .cropped = has_area || has_ratio,
        .area = has_area ? effect->crop_area : 1,
        .ratio = has_ratio ? effect->crop_ratio : whole,
        .position_x = effect->crop_x,
        .position_y = effect->crop_y,
    };
    return dpa_place_map(&placement, warp->height, warp->width, warp->out_height, warp->out_width,
                         map);
}

/* Each row is the share of grey and what is left of the channel itself. */
static void mix(double saturation, dpa_steps *steps)
{
    for (int i = 0; i < 9; i++) {
        const double grey = (1 - saturation) * luma[i % 3], own = i % 4 == 0 ? saturation : 0;
        steps->matrix[i] = (float)(grey + own);
    }
}

static void erase_box(const dpa_warp *warp, const dpa_effect *effect, dpa_steps *steps)
{
    const double h = (double)warp->out_height, w = (double)warp->out_width;
    const double area = effect->erase_area * w * h, wide = sqrt(area * effect->erase_ratio),
                 high = sqrt(area / effect->erase_ratio);
    const double width = floor((wide < w ? wide : w) + 0.5);
    const double height = floor((high < h ? high : h) + 0.5);
    const double left = floor(effect->erase_x * (w - width) + 0.5);
    const double top = floor(effect->erase_y * (h - height) + 0.5);
    steps->top = (int64_t)top;
    steps->left = (int64_t)left;
    steps->bottom = (int64_t)(top + height);
    steps->right = (int64_t)(left + width);
}

dpa_fit dpa_prepare(const dpa_frame *frame, const dpa_effect *effect,
                    const uint8_t digest[DPA_DIGEST_SIZE], dpa_steps *steps)
{
    const size_t channels = frame->warp.channels * frame->warp.planes;
    const double saturation = effect->grey != 0 ? 0 : effect->saturation;
    const double gain = effect->brightness * effect->contrast;
    const double stdev = effect->noise * frame->full_range;
    dpa_warp warp = frame->warp;
    *steps = (dpa_steps){.gamma = effect->gamma, .lift = effect->brightness * (1 - effect->contrast)};
    if (!place(frame, effect, &steps->map))
        return DPA_NO_MAP;
    warp.map = steps->map;
    if (!dpa_warp_possible(&warp))
        return DPA_NO_MAP;
    if (is_too_large(gain) || is_too_large(stdev))
        return DPA_TOO_LARGE;
    steps->gain = (float)gain;
    steps->stdev = (float)stdev;
    mix(1, steps);
    if (saturation != 1 && channels != 1) {
        if (channels != 3)
            return DPA_NO_COLOURS;
        mix(saturation, steps);
        steps->flags |= DPA_MIXES;
    }
    if (dpa_is_identity(&warp))
        steps->flags |= DPA_COPIES;
    if (effect->noise != 0) {
        uint32_t key[4];
        dpa_noise_key(digest, key);
        for (int i = 0; i < 4; i++)
            steps->key[i] = key[i];
        steps->flags |= DPA_NOISY;
    }
    if (effect->erase_area != 0)
        erase_box(&warp, effect, steps);
    return DPA_FITS;
}

/* ---- Pixels ---- */

static size_t values_of(const dpa_warp *warp)
{
    return warp->out_height * warp->out_width * warp->channels * warp->planes;
}

static uint32_t most_of(const dpa_frame *frame)
{
    return frame->warp.type == DPA_FLOAT32 ? 0 : (uint32_t)frame->full_range;
}

/* The mean of bytes, each weighted by the opacity of its pixel. */
static double seen_mean(const uint8_t *pixels, const uint8_t *alpha, size_t count, size_t channels)
{
    uint64_t sum = 0, weights = 0;
    for (size_t i = 0; i < count / channels; i++) {
        uint32_t all = 0;
        for (size_t c = 0; c < channels; c++)
            all += *pixels++;
        sum += (uint64_t)all * alpha[i];
        weights += channels * alpha[i];
    }
    return weights ? (double)sum / (double)weights : 0;
}

dpa_fit dpa_apply_steps(const dpa_image_loops *loops, const dpa_frame *frame, const dpa_steps *steps,
                        const uint8_t *alpha, const float *table, uint16_t *scratch, void *pixels)
{
    const dpa_pixel type = frame->warp.type;
    const size_t count = values_of(&frame->warp);
    const bool noisy = steps->flags & DPA_NOISY, mixes = steps->flags & DPA_MIXES;
    double offset = 0;
    float matrix[9];
    if (steps->gamma != 1)
        dpa_apply_gamma(loops, type, pixels, count, steps->gamma, frame->full_range, scratch);
    if (steps->lift != 0) { /* with a contrast of 1 the mean does not count */
        const double mean =
            alpha ? seen_mean((const uint8_t *)pixels, alpha, count, frame->warp.channels)
                  : dpa_mean(loops, type, pixels, count, frame->full_range);
        offset = steps->lift * mean;
    }
    if (is_too_large(offset))
        return DPA_TOO_LARGE;
    const dpa_tone tone = {(float)steps->gain, (float)offset, (float)steps->stdev, most_of(frame),
                           mixes ? matrix : NULL};
    if (!noisy && !mixes && tone.gain == 1 && tone.offset == 0)
        return steps->gamma != 1 ? DPA_FITS : DPA_STAYS;
    uint32_t key[4];
    for (int i = 0; i < 4; i++)
        key[i] = (uint32_t)steps->key[i];
    for (int i = 0; i < 9; i++)
        matrix[i] = (float)steps->matrix[i];
    dpa_apply_tone(loops, type, pixels, count, frame->warp.planes, &tone, key,
                   noisy ? table : NULL);
    return DPA_FITS;
}

/* Of integers, whose range may be smaller than that of their type. */
static void clip_to_range(const dpa_frame *frame, void *pixels)
{
    const size_t count = values_of(&frame->warp);
    const uint32_t most = most_of(frame);
    if (most == 0 || most == (frame->warp.type == DPA_UINT8 ? UINT8_MAX : UINT16_MAX))
        return;
    uint8_t *bytes = (uint8_t *)pixels;
    uint16_t *words = (uint16_t *)pixels;
    if (frame->warp.type == DPA_UINT8)
        for (size_t i = 0; i < count; i++)
            bytes[i] = bytes[i] < most ? bytes[i] : (uint8_t)most;
    else
        for (size_t i = 0; i < count; i++)
            words[i] = words[i] < most ? words[i] : (uint16_t)most;
}

static bool is_box(const dpa_warp *warp, const dpa_steps *steps)
{
    return 0 <= steps->top && steps->top <= steps->bottom &&
           steps->bottom <= (int64_t)warp->out_height && 0 <= steps->left &&
           steps->left <= steps->right && steps->right <= (int64_t)warp->out_width;
}

/* The box's first row is filled, then copied to the others. */
static void erase(const dpa_frame *frame, const dpa_steps *steps, uint8_t *pixels)
{
    const dpa_warp *warp = &frame->warp;
    const size_t pixel = warp->channels * bytes_of(warp->type), row = warp->out_width * pixel;
    const size_t width = (size_t)(steps->right - steps->left);
    uint8_t *first = pixels + (size_t)steps->top * row + (size_t)steps->left * pixel;
    if (steps->top == steps->bottom)
        return;
    for (size_t p = 0; p < warp->planes; p++, first += warp->out_height * row) {
        for (size_t x = 0; x < width; x++)
            memcpy(first + x * pixel, frame->erased, pixel);
        for (size_t y = 1; y < (size_t)(steps->bottom - steps->top); y++)
            memcpy(first + y * row, first, width * pixel);
    }
}

dpa_fit dpa_augment(const dpa_image_loops *loops, const dpa_frame *frame, const dpa_steps *steps,
                    const float *table, uint16_t *scratch, const void *image, void *result)
{
    dpa_warp warp = frame->warp;
    warp.map = steps->map;
    if (!dpa_warp_possible(&warp) || !is_box(&warp, steps))
        return DPA_NO_MAP;
    dpa_warp_image(loops, &warp, image, result);
    if (warp.interpolation == DPA_CUBIC && !(steps->flags & DPA_COPIES))
        clip_to_range(frame, result); /* it may make more than all its taps are */
    const dpa_fit fit = dpa_apply_steps(loops, frame, steps, NULL, table, scratch, result);
    erase(frame, steps, (uint8_t *)result);
    return fit == DPA_STAYS ? DPA_FITS : fit;
}
