/* dpa_image.h: pixels: where a map takes them from, their tones and their noise
 * (docs/spec.md, sections 11 and 22 on).
 *
 * As in dpa_derivation.h, the caller owns every buffer and nothing allocates. A program chooses
 * loops, prepares steps from parameters, and calls dpa_augment for each image; or it makes a map, and
 * calls dpa_warp_image and dpa_apply_tone.
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

/* The words k0, k1, c2, c3 of a hash: all that its noise depends on. */
void dpa_noise_key(const uint8_t digest[DPA_DIGEST_SIZE], uint32_t key[4]);

/* Fills out with the noise of a key from value number `start` on: normal values, the same for
 * the same key everywhere. start + count is at most 2^64. table[k] is float(the standard
 * normal quantile at (k + 0.5) / 65536), DPA_NOISE_TABLE of them. */
void dpa_noise(const dpa_image_loops *loops, const uint32_t key[4], uint64_t start,
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
 * 0 and key is not read. */
void dpa_apply_tone(const dpa_image_loops *loops, dpa_pixel type, void *pixels, size_t count,
                    size_t planes, const dpa_tone *tone, const uint32_t key[4],
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

/* ---- Effects ---- */

/* A sample's parameters, as docs/spec.md, "Effects" names and orders what they do. All are doubles, so
 * that a row of a table of doubles can be read as one. What a sample lacks has its neutral value;
 * crop_area and crop_ratio are then NaN. */
typedef struct dpa_effect {
    double rotation, scale, shear_x, shear_y, translate_x, translate_y;
    double flip_horizontal, flip_vertical; /* 0 or 1 */
    double crop_area, crop_ratio, crop_x, crop_y;
    double gamma, brightness, contrast, saturation, grey /* 0 or 1 */, noise;
    double erase_area, erase_ratio, erase_x, erase_y;
} dpa_effect;

/* Images of one form, and what they become. */
typedef struct dpa_frame {
    dpa_warp warp;      /* planes at least 1; its map is not read */
    double full_range;  /* as in dpa_apply_gamma */
    const void *erased; /* a pixel: what erased ones become */
} dpa_frame;

enum { DPA_NOISY = 1, DPA_MIXES = 2, DPA_COPIES = 4 };

/* What is done to one image: 28 words of 64 bits, so that a table of integers may hold them. */
typedef struct dpa_steps {
    dpa_map map;
    double gamma, gain, lift, stdev; /* gain and stdev are floats; lift is the mean's factor */
    double matrix[9];                /* floats, as in dpa_tone */
    uint64_t flags;                  /* it has noise, a matrix; the warp is a copy */
    int64_t top, left, bottom, right; /* the box that is erased */
    uint64_t key[4];                  /* of 32 bits, where there is noise */
} dpa_steps;

typedef enum dpa_fit {
    DPA_FITS,
    DPA_STAYS,      /* it fits, and nothing had to be done */
    DPA_NO_MAP,     /* coordinates out of range */
    DPA_TOO_LARGE,  /* no float holds gain, offset or stdev */
    DPA_NO_COLOURS, /* saturation and grey need 1 or 3 channels */
} dpa_fit;

/* Effects that lie within the limits of their names become steps; digest is read where there is
 * noise. */
DPA_MUST_CHECK dpa_fit dpa_prepare(const dpa_frame *frame, const dpa_effect *effect,
                                   const uint8_t digest[DPA_DIGEST_SIZE], dpa_steps *steps);

/* The whole effect; image and result as for dpa_warp_image, aligned to their type. table: as for
 * dpa_noise; scratch: as for dpa_apply_gamma. With prepared steps only DPA_FITS and DPA_TOO_LARGE come
 * back: the offset depends on the mean. Where it is too large the result is undefined. */
DPA_MUST_CHECK dpa_fit dpa_augment(const dpa_image_loops *loops, const dpa_frame *frame,
                                   const dpa_steps *steps, const float *table, uint16_t *scratch,
                                   const void *image, void *result);

/* Gamma and tones alone, of a result in place. alpha: how much each pixel of uint8 channels, side by
 * side, counts in the mean; or NULL. DPA_FITS, DPA_STAYS or DPA_TOO_LARGE. */
DPA_MUST_CHECK dpa_fit dpa_apply_steps(const dpa_image_loops *loops, const dpa_frame *frame,
                                       const dpa_steps *steps, const uint8_t *alpha,
                                       const float *table, uint16_t *scratch, void *pixels);

#ifdef __cplusplus
}
#endif

#endif
