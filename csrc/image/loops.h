/* loops.h: the loops over pixels, for one vector level. Private to csrc. */
#ifndef DPA_LOOPS_H
#define DPA_LOOPS_H

#include "dpa_image.h"

#define SUM_MOST 65536 /* so few that sums of integers fit 32 bits */

/* Of one sample: the words k0, k1, c2, c3 of docs/spec.md, "Noise". */
typedef uint32_t philox_words[4];

struct warp_plan; /* warp.h */

static inline size_t bytes_of(dpa_pixel type)
{
    return type == DPA_UINT8 ? 1 : type == DPA_UINT16 ? 2 : 4;
}

struct dpa_image_loops {
    const char *level;
    uint32_t needs; /* CPU_* bits */
    /* The outputs of blocks first .. first + count - 1, two a word: normals looks these up. */
    void (*outputs)(const philox_words words, uint64_t first, size_t count, uint64_t (*out)[2]);
    /* The values of blocks first .. first + count - 1, eight a block. */
    void (*normals)(const philox_words words, uint64_t first, size_t count, const float *table,
                    float *out);
    /* noise: count values that are `step` apart, or NULL where there is none. */
    void (*tone_uint8)(uint8_t *pixels, size_t count, const dpa_tone *tone, const float *noise,
                       size_t step);
    void (*tone_uint16)(uint16_t *pixels, size_t count, const dpa_tone *tone, const float *noise,
                        size_t step);
    void (*tone_float32)(float *pixels, size_t count, const dpa_tone *tone, const float *noise,
                         size_t step);
    /* The same of pixels of three channels and tone->matrix. A channel's values are `step` apart:
     * 3 or 1; its noise is 3 apart. */
    void (*mix_uint8)(uint8_t *const channels[3], size_t step, size_t count, const dpa_tone *tone,
                      const float *noise);
    void (*mix_uint16)(uint16_t *const channels[3], size_t step, size_t count,
                       const dpa_tone *tone, const float *noise);
    void (*mix_float32)(float *const channels[3], size_t step, size_t count, const dpa_tone *tone,
                        const float *noise);
    void (*gamma_float32)(float *pixels, size_t count, double gamma, double full_range);
    /* The sum of count <= SUM_MOST values. */
    uint64_t (*sum_uint8)(const uint8_t *pixels, size_t count);
    uint64_t (*sum_uint16)(const uint16_t *pixels, size_t count);
    /* That of the finite values in steps of 2^-24 of full_range, each rounded and cut at 2^38,
     * modulo 2^64; *finite grows by how many those are. */
    uint64_t (*sum_float32)(const float *pixels, size_t count, double full_range, size_t *finite);
    /* Rows first .. last - 1 of a warp's result. */
    void (*warp)(const struct warp_plan *plan, const uint8_t *image, uint8_t *result);
};

/* Whether they are right on this machine, against the portable ones. */
bool dpa_image_loops_pass(const struct dpa_image_loops *loops);

extern const struct dpa_image_loops dpa_image_portable;
extern const struct dpa_image_loops dpa_image_sse41;
extern const struct dpa_image_loops dpa_image_neon;
extern const struct dpa_image_loops dpa_image_avx2;
extern const struct dpa_image_loops dpa_image_avx512;
extern const struct dpa_image_loops dpa_image_vbmi;

#endif
