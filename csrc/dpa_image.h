/* dpa_image.h: noise and tone of an image's pixels (docs/spec.md, "Noise").
 *
 * As in dpa_derivation.h, the caller owns every buffer and nothing allocates or fails.
 */
#ifndef DPA_IMAGE_H
#define DPA_IMAGE_H

#include "dpa_derivation.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DPA_NOISE_TABLE 65536 /* values of the table of normal values */

/* Fills out, count values, with the noise of a hash: normal values, the same for the same
 * digest everywhere. table[k] is float(the standard normal quantile at (k + 0.5) / 65536),
 * DPA_NOISE_TABLE of them. */
void dpa_noise(const uint8_t digest[DPA_DIGEST_SIZE], const float *table, float *out, size_t count);

typedef enum dpa_pixel { DPA_UINT8, DPA_UINT16, DPA_FLOAT32 } dpa_pixel;

typedef struct dpa_tone {
    float gain, offset, stdev; /* the last two in the unit of the pixels' values */
} dpa_tone;

/* Each of count values in pixels, in place, becomes gain * value + offset + stdev * noise,
 * every step rounded to float, and integers are then rounded, ties to even, and clipped. The
 * noise is that of dpa_noise; without a table (NULL) it is 0 and digest is not read. */
void dpa_apply_tone(dpa_pixel type, void *pixels, size_t count, const dpa_tone *tone,
                    const uint8_t digest[DPA_DIGEST_SIZE], const float *table);

#ifdef __cplusplus
}
#endif

#endif
