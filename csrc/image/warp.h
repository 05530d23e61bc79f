/* warp.h: a warp made ready, and what one pixel needs. Private to csrc. */
#ifndef DPA_WARP_H
#define DPA_WARP_H

#include "dpa_image.h"
#include "hash/platform.h"

#define CHUNK 128 /* pixels of a row at a time */

struct warp_plan {
    const dpa_warp *warp;
    /* Coordinates in 2^-32 pixel, with what rounds them: of the result's first pixel, and from
     * one pixel to its right and its lower neighbour. Sums wrap; the true ones fit. */
    uint64_t u, v, right_u, right_v, down_u, down_v;
    unsigned bits;              /* of a coordinate's fraction that are kept: 14 or 16 */
    size_t pixel, row, size;    /* of a plane of the image, in bytes */
    size_t planes;
    size_t out_size;            /* of a plane of the result, in bytes */
    int64_t last_u, last_v;     /* the last pixel, with `bits` of fraction */
    int64_t inside_u, inside_v; /* the last coordinate whose taps lie inside */
    bool copies;   /* the fill comes out where all taps are it: of floats only 0 surely does */
    bool narrow;   /* coordinates inside and offsets fit 32 bits, and no side is a single pixel */
    bool foldable; /* twice these coordinates fit, too */
    /* From a chunk's first coordinate to number i: whole units of `bits`, and the rest of u. */
    _Alignas(64) uint32_t whole_u[CHUNK];
    uint32_t whole_v[CHUNK], part_u[CHUNK], part_v[CHUNK];
};

/* Places are found once and used for each plane. The loop moves image and result to the next. */
#define EACH_PLANE(plan, image, result)                \
    for (size_t p = 0; p < (plan)->planes; p++, (image) += (plan)->size, (result) += (plan)->out_size)

/* >> rounds down. */
static inline int64_t coordinate(const struct warp_plan *plan, uint64_t u)
{
    return (int64_t)u >> (32 - plan->bits);
}

/* Inside 0 .. last. Reflection has the period 2 * last; a side of one pixel gives 0. */
static inline int64_t folded(int64_t q, int64_t last, dpa_border border)
{
    if (q >= 0 && q <= last)
        return q;
    if (border == DPA_EDGE || last == 0)
        return q < 0 ? 0 : last;
    q %= 2 * last;
    q = q < 0 ? q + 2 * last : q;
    return q > last ? 2 * last - q : q;
}

/* A coordinate inside, where these fit 32 bits. The nearest pixel is found before it is folded. */
static inline int32_t folded_coordinate(const struct warp_plan *plan, uint64_t u, int64_t last)
{
    const dpa_border border = plan->warp->border;
    const int64_t q = coordinate(plan, u);
    if (plan->warp->interpolation == DPA_NEAREST)
        return (int32_t)folded(q >> 16, last >> 16, border) * 65536;
    return (int32_t)folded(q, last, border);
}

/* The pixel at (x, y), also where that lies outside. */
static inline const uint8_t *tap(const struct warp_plan *plan, const uint8_t *image, int64_t x,
                                 int64_t y)
{
    const dpa_warp *warp = plan->warp;
    const int64_t last_x = (int64_t)warp->width - 1, last_y = (int64_t)warp->height - 1;
    if (x < 0 || x > last_x || y < 0 || y > last_y) {
        if (warp->border == DPA_FILL)
            return (const uint8_t *)warp->fill;
        x = folded(x, last_x, warp->border);
        y = folded(y, last_y, warp->border);
    }
    return image + (size_t)y * plan->row + (size_t)x * plan->pixel;
}

/* Of uint8, with fractions of 14 bits. */
INLINE uint8_t blend_byte(int32_t upper_left, int32_t upper_right, int32_t lower_left,
                          int32_t lower_right, uint32_t fraction_x, uint32_t fraction_y)
{
    const int32_t fx = (int32_t)fraction_x, fy = (int32_t)fraction_y;
    const int32_t left = (upper_left << 7) + (((lower_left - upper_left) * fy + 64) >> 7);
    const int32_t right = (upper_right << 7) + (((lower_right - upper_right) * fy + 64) >> 7);
    return (uint8_t)((left * (16384 - fx) + right * fx + (1 << 20)) >> 21);
}

static inline float as_float(dpa_pixel type, const uint8_t *pixel, size_t channel)
{
    float number;
    uint16_t word;
    if (type == DPA_UINT8)
        return (float)pixel[channel];
    if (type == DPA_UINT16) {
        memcpy(&word, pixel + channel * sizeof word, sizeof word);
        return (float)word;
    }
    memcpy(&number, pixel + channel * sizeof number, sizeof number);
    return number;
}

/* Integers: to the nearest one, ties to even, cut to their range. */
static inline void store(dpa_pixel type, uint8_t *pixel, size_t channel, float value)
{
    if (type == DPA_FLOAT32) {
        memcpy(pixel + channel * sizeof value, &value, sizeof value);
        return;
    }
    const float most = type == DPA_UINT8 ? 255 : 65535;
    const float cut = value < 0 ? 0 : value > most ? most : value;
    const float rounded = cut + 0x1p23f; /* has no room for a fraction */
    const uint16_t word = (uint16_t)(int32_t)(rounded - 0x1p23f);
    if (type == DPA_UINT8)
        pixel[channel] = (uint8_t)word;
    else
        memcpy(pixel + channel * sizeof word, &word, sizeof word);
}

/* A tap of weight 0 does not count, even if it is NaN. */
static inline float weighed(float tap, float weight)
{
    const float product = tap * weight;
    return weight == 0 ? 0 : product;
}

/* Keys' weights with a = -0.75 at a coordinate of 16 bits of fraction. Doubles hold all exactly. */
static inline void cubic_weights(int64_t q, float weight[4])
{
    const double t = (double)(q & 65535) * 0x1p-16, s = 1 - t;
    weight[0] = (float)(-0.75 * t * (s * s));
    weight[1] = (float)((1.25 * t - 2.25) * (t * t) + 1);
    weight[2] = (float)((1.25 * s - 2.25) * (s * s) + 1);
    weight[3] = (float)(-0.75 * s * (t * t));
}

/* n pixels of a row, in each plane, from the coordinates (u, v) on: of any type, border,
 * interpolation and size. */
void dpa_warp_slowly(const struct warp_plan *plan, const uint8_t *image, uint64_t u, uint64_t v,
                     size_t n, uint8_t *result);

/* Whether the result is a copy of the image. */
bool dpa_is_identity(const dpa_warp *warp);

#endif
