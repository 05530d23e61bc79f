/* noise.c: a field of normal noise that depends on a hash alone (docs/spec.md, "Noise"),
 * and the one pass over an image's pixels that tones them and adds it. */
#include "dpa_image.h"
#include "hash/sha256.h"
#include "sample/xoshiro256pp.h"

#define CHUNK 1024 /* pixels at a time, whole outputs of the generator: they stay in the cache */

static void start(xoshiro256pp s, const uint8_t digest[DPA_DIGEST_SIZE])
{
    static const uint8_t purpose[5] = {'n', 'o', 'i', 's', 'e'};
    struct sha256_stream stream;
    uint8_t block[1][64];
    dpa_sha256_start(&stream, &dpa_kernel_portable);
    dpa_sha256_feed(&stream, digest, DPA_DIGEST_SIZE);
    dpa_sha256_feed(&stream, purpose, sizeof purpose);
    dpa_sha256_last_block(&stream, block[0]);
    dpa_kernel_portable.compress(&stream.state, (const uint8_t(*)[64])block, 1);
    xoshiro256pp_seed(s, stream.state);
}

/* What is left of the last output is dropped. */
static void fill(xoshiro256pp s, const float *table, float *out, size_t count)
{
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        const uint64_t r = xoshiro256pp_next(s);
        out[i] = table[r & 0xffff];
        out[i + 1] = table[r >> 16 & 0xffff];
        out[i + 2] = table[r >> 32 & 0xffff];
        out[i + 3] = table[r >> 48];
    }
    for (uint64_t r = i < count ? xoshiro256pp_next(s) : 0; i < count; i++, r >>= 16)
        out[i] = table[r & 0xffff];
}

void dpa_noise(const uint8_t digest[DPA_DIGEST_SIZE], const float *table, float *out, size_t count)
{
    xoshiro256pp s;
    start(s, digest);
    fill(s, table, out, count);
}

/* The integer nearest to value, ties to even, cut to 0 .. most: in the last bits of a float
 * between 2^23 and 2^24. As integers the bits are in the order of the values, so that nothing
 * branches and nothing overflows. */
INLINE int32_t nearest(float value, int32_t most)
{
    const int32_t zero = 0x4b400000; /* the bits of 1.5 * 2^23 */
    const float shifted = value + 0x1.8p23f;
    int32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = bits > zero ? bits : zero;
    bits = bits < zero + most ? bits : zero + most;
    return bits - zero;
}

#define TO_UINT8(value) (uint8_t) nearest(value, 255)
#define TO_UINT16(value) (uint16_t) nearest(value, 65535)

/* The steps are assignments: each rounds to float, whatever FLT_EVAL_METHOD says. */
#define DEFINE_TONE(name, pixel, finish)                                                    \
    static void name(pixel *pixels, size_t count, const dpa_tone *tone, const float *noise) \
    {                                                                                       \
        const float gain = tone->gain, offset = tone->offset, stdev = tone->stdev;          \
        for (size_t i = 0; i < count; i++) {                                                \
            const float scaled = gain * (float)pixels[i], added = stdev * noise[i];         \
            const float moved = scaled + offset;                                            \
            const float value = moved + added;                                              \
            pixels[i] = finish(value);                                                      \
        }                                                                                   \
    }

DEFINE_TONE(tone_uint8, uint8_t, TO_UINT8)
DEFINE_TONE(tone_uint16, uint16_t, TO_UINT16)
DEFINE_TONE(tone_float, float, )

void dpa_apply_tone(dpa_pixel type, void *pixels, size_t count, const dpa_tone *tone,
                    const uint8_t digest[DPA_DIGEST_SIZE], const float *table)
{
    float noise[CHUNK] = {0};
    xoshiro256pp s;
    if (table)
        start(s, digest);
    for (size_t first = 0; first < count; first += CHUNK) {
        const size_t size = count - first < CHUNK ? count - first : CHUNK;
        if (table)
            fill(s, table, noise, size);
        if (type == DPA_UINT8)
            tone_uint8((uint8_t *)pixels + first, size, tone, noise);
        else if (type == DPA_UINT16)
            tone_uint16((uint16_t *)pixels + first, size, tone, noise);
        else
            tone_float((float *)pixels + first, size, tone, noise);
    }
}
