/* dpa_image.h: pixels: where a map takes them from, their tones and their noise
 * (docs/spec.md, sections 11 and 22 on).
 *
 * As in dpa_derivation.h, the caller owns every buffer and nothing allocates or fails. A program
 * chooses loops, makes a map, and calls dpa_warp_image and dpa_apply_tone.
 */
#ifndef DPA_IMAGE_H
#define DPA_IMAGE_H

#include "dpa_derivation.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DPA_NOISE_TABLE 65536 /* values of the table of normal values */
#define DPA_MAX_SIDE 32767    /* pixels of an image's height or width */

typedef enum dpa_pixel { DPA_UINT8, DPA_UINT16, DPA_FLOAT32 } dpa_pixel;

/* ---- Loops: the instructions that all the rest uses ---- */

typedef struct dpa_image_loops dpa_image_loops; /* constants */

/* Sets *loops to those of the kernel's vector level, or where kernel is NULL to the widest that
 * this CPU can run, after a self-test; *loops is untouched unless DPA_OK is returned. */
DPA_MUST_CHECK dpa_status dpa_image_choose(const dpa_image_loops **loops, const char *kernel);

/* portable, sse41, neon, avx2, avx512 or vbmi (AVX-512 with VBMI) */
const char *dpa_image_level(const dpa_image_loops *loops);

/* ---- Maps ---- */

/* From a pixel of the result to a point of the image: with X and Y twice the pixel's distances
 * from the centre of the result, the point lies xx * X + xy * Y + x to the right of the image's
 * centre and yx * X + yy * Y + y below it, in units of 2^-32 pixel. */
typedef struct dpa_map {
    int64_t xx, xy, yx, yy, x, y;
} dpa_map;

/* A picture's way in this order: the crop box is resized to the result, then flips, zoom and
 * rotation about the centre, shear, translation. */
typedef struct dpa_placement {
    double rotation, scale;          /* degrees, counter-clockwise; a zoom factor */
    double shear_x, shear_y;         /* degrees */
    double translate_x, translate_y; /* parts of the result's width and height */
    bool flip_horizontal, flip_vertical;
    bool cropped;                              /* without it the box is the whole image */
    double area, ratio, position_x, position_y; /* parts of the image; width / height */
} dpa_placement;

/* Both return false, and leave the map alone, for a scale outside 0.001 to 1000, a crop of no size,
 * a shear to a line, or where one of the six numbers would reach 2^61. */
DPA_MUST_CHECK bool dpa_turn_map(double rotation, double scale, dpa_map *map);
DPA_MUST_CHECK bool dpa_place_map(const dpa_placement *placement, size_t height, size_t width, size_t out_height,
                   size_t out_width, dpa_map *map);

/* ---- Warp ---- */

typedef enum dpa_interpolation { DPA_LINEAR, DPA_NEAREST, DPA_CUBIC } dpa_interpolation;
typedef enum dpa_border { DPA_REFLECT, DPA_EDGE, DPA_FILL } dpa_border;

typedef struct dpa_warp {
    dpa_map map;
    size_t height, width;         /* of the image */
    size_t out_height, out_width; /* of the result */
    size_t channels;              /* values of a pixel, side by side */
    dpa_pixel type;
    dpa_interpolation interpolation; /* DPA_NEAREST copies, as DPA_UINT8 pixels of any bytes */
    dpa_border border;
    const void *fill; /* a pixel, which lies outside: for DPA_FILL */
    size_t planes;    /* images of those sides, one after the other; 0 is 1 */
} dpa_warp;

/* Whether the sides are 1 to DPA_MAX_SIDE and no coordinate reaches 2^61. */
DPA_MUST_CHECK bool dpa_warp_possible(const dpa_warp *warp);

/* Makes the result of an image. Both are contiguous, row after row, do not overlap, and may begin
 * at any address. */
void dpa_warp_image(const dpa_image_loops *loops, const dpa_warp *warp, const void *image,
                    void *result);

/* ---- Noise and tone ---- */

/* Fills out with the noise of a hash from value number `start` on: normal values, the same for
 * the same digest everywhere. start + count is at most 2^64. table[k] is float(the standard
 * normal quantile at (k + 0.5) / 65536), DPA_NOISE_TABLE of them. */
void dpa_noise(const dpa_image_loops *loops, const uint8_t digest[DPA_DIGEST_SIZE], uint64_t start,
               const float *table, float *out, size_t count);

typedef struct dpa_tone {
    float gain, offset, stdev; /* the last two in the unit of the pixels' values */
    uint32_t most;             /* the largest integer of a result; 0: that of its type */
    const float *matrix;       /* 3 x 3, row after row, for pixels of three channels; or NULL */
} dpa_tone;

/* Pixels are either one after the other, each with its channels side by side (planes is 0 or 1),
 * or there is a plane for each channel (3 with a matrix). Each of all count values in pixels, which
 * are aligned to their type, becomes in place gain * value + offset; then the three of a pixel are
 * multiplied by the matrix, products added from left to right; stdev * noise is added; every step
 * is rounded to float. Integers are then rounded, ties to even, and clipped. The noise is that of
 * dpa_noise from 0 on, as if all channels of a pixel lay side by side; without a table (NULL) it is
 * 0 and digest is not read. */
void dpa_apply_tone(const dpa_image_loops *loops, dpa_pixel type, void *pixels, size_t count,
                    size_t planes, const dpa_tone *tone, const uint8_t digest[DPA_DIGEST_SIZE],
                    const float *table);

#define DPA_GAMMA_TABLE 65536

/* Each of count values, in place, to the power of gamma (above 0), as parts of full_range: above 0,
 * of integers a whole number that the type holds, and the largest that comes out. Floats that are
 * not above 0 stay. table: room for DPA_GAMMA_TABLE values, which makes many uint16 faster, or
 * NULL. */
void dpa_apply_gamma(const dpa_image_loops *loops, dpa_pixel type, void *pixels, size_t count,
                     double gamma, double full_range, uint16_t *table);

/* The mean of count values; of floats, that of the finite ones, each first rounded to 2^-24 of
 * full_range and cut at 2^14 of it. 0 where there are none. */
double dpa_mean(const dpa_image_loops *loops, dpa_pixel type, const void *pixels, size_t count,
                double full_range);

#ifdef __cplusplus
}
#endif

#endif
