/* noise.c: fields of noise that depend on a hash alone (docs/spec.md, "Noise"), and the passes
 * over an image's pixels that tone them. */
#include "hash/kernel.h"
#include "hash/sha256.h"
#include "image/loops.h"

#define CHUNK 2048 /* values at a time, whole blocks of noise: they stay in the cache */
#define BLOCK 8    /* values of a block */

static void words_of(const uint8_t digest[DPA_DIGEST_SIZE], philox_words words)
{
    static const uint8_t purpose[5] = {'n', 'o', 'i', 's', 'e'};
    struct sha256_stream stream;
    uint8_t block[1][64];
    dpa_sha256_start(&stream, &dpa_kernel_portable);
    dpa_sha256_feed(&stream, digest, DPA_DIGEST_SIZE);
    dpa_sha256_feed(&stream, purpose, sizeof purpose);
    dpa_sha256_last_block(&stream, block[0]);
    dpa_kernel_portable.compress(&stream.state, (const uint8_t(*)[64])block, 1);
    memcpy(words, stream.state, sizeof(philox_words));
}

static void fill_noise(const dpa_image_loops *loops, const philox_words words, uint64_t start,
                       const float *table, float *out, size_t count)
{
    float block[BLOCK];
    while (count > 0) {
        const size_t skipped = start % BLOCK;
        size_t size = count / BLOCK * BLOCK;
        if (skipped == 0 && size > 0)
            loops->normals(words, start / BLOCK, size / BLOCK, table, out);
        else {
            size = count < BLOCK - skipped ? count : BLOCK - skipped;
            loops->normals(words, start / BLOCK, 1, table, block);
            memcpy(out, block + skipped, size * sizeof *out);
        }
        start += size;
        out += size;
        count -= size;
    }
}

void dpa_noise(const dpa_image_loops *loops, const uint8_t digest[DPA_DIGEST_SIZE], uint64_t start,
               const float *table, float *out, size_t count)
{
    philox_words words;
    words_of(digest, words);
    fill_noise(loops, words, start, table, out, count);
}

static void tone_span(const dpa_image_loops *loops, dpa_pixel type, void *pixels, size_t count,
                      const dpa_tone *tone, const float *noise)
{
    if (type == DPA_UINT8)
        loops->tone_uint8(pixels, count, tone, noise);
    else if (type == DPA_UINT16)
        loops->tone_uint16(pixels, count, tone, noise);
    else
        loops->tone_float32(pixels, count, tone, noise);
}

/* `size` pixels of `some` planes; their noise lies pixel after pixel. */
static void tone_planes(const dpa_image_loops *loops, dpa_pixel type, uint8_t *pixels, size_t plane,
                        size_t size, size_t some, const dpa_tone *tone, const float *noise)
{
    float line[CHUNK];
    for (size_t c = 0; c < some; c++, pixels += plane * bytes_of(type)) {
        for (size_t i = 0; i < size; i++)
            line[i] = noise[i * some + c];
        tone_span(loops, type, pixels, size, tone, line);
    }
}

/* `size` pixels of three channels, whose values are `next` bytes apart: side by side or in planes. */
static void mix(const dpa_image_loops *loops, dpa_pixel type, uint8_t *pixels, size_t next,
                size_t size, const dpa_tone *tone, const float *noise)
{
    const size_t step = next == bytes_of(type) ? 3 : 1;
    void *const p[3] = {pixels, pixels + next, pixels + 2 * next};
    if (type == DPA_UINT8)
        loops->mix_uint8((uint8_t *const[3]){p[0], p[1], p[2]}, step, size, tone, noise);
    else if (type == DPA_UINT16)
        loops->mix_uint16((uint16_t *const[3]){p[0], p[1], p[2]}, step, size, tone, noise);
    else
        loops->mix_float32((float *const[3]){p[0], p[1], p[2]}, step, size, tone, noise);
}

static void mix_all(const dpa_image_loops *loops, dpa_pixel type, uint8_t *pixels, size_t count,
                    size_t planes, const dpa_tone *tone, const philox_words words,
                    const float *table)
{
    float noise[CHUNK];
    const size_t all = count / 3, next = (planes == 3 ? all : 1) * bytes_of(type);
    for (size_t at = 0, size; at < all; at += size) {
        size = all - at < CHUNK / 3 ? all - at : CHUNK / 3;
        if (table)
            fill_noise(loops, words, 3 * at, table, noise, 3 * size);
        mix(loops, type, pixels + at * (planes == 3 ? 1 : 3) * bytes_of(type), next, size, tone,
            table ? noise : NULL);
    }
}

void dpa_apply_tone(const dpa_image_loops *loops, dpa_pixel type, void *pixels, size_t count,
                    size_t planes, const dpa_tone *tone, const uint8_t digest[DPA_DIGEST_SIZE],
                    const float *table)
{
    const size_t plane = count / (planes ? planes : 1);
    uint8_t *bytes = (uint8_t *)pixels;
    float noise[CHUNK];
    philox_words words = {0};
    if (table)
        words_of(digest, words);
    if (tone->matrix)
        mix_all(loops, type, bytes, count, planes, tone, words, table);
    else if (!table)
        tone_span(loops, type, pixels, count, tone, NULL);
    else if (planes <= 1)
        for (size_t first = 0, size; first < count; first += size) {
            size = count - first < CHUNK ? count - first : CHUNK;
            fill_noise(loops, words, first, table, noise, size);
            tone_span(loops, type, bytes + first * bytes_of(type), size, tone, noise);
        }
    else
        for (size_t first = 0, some; first < planes; first += some) {
            some = planes - first < CHUNK ? planes - first : CHUNK;
            const size_t most = some == planes ? CHUNK / planes : 1;
            for (size_t at = 0, size; at < plane; at += size) {
                size = plane - at < most ? plane - at : most;
                fill_noise(loops, words, at * planes + first, table, noise, size * some);
                tone_planes(loops, type, bytes + (first * plane + at) * bytes_of(type), plane, size,
                            some, tone, noise);
            }
        }
}

double dpa_mean(const dpa_image_loops *loops, dpa_pixel type, const void *pixels, size_t count,
                double full_range)
{
    uint64_t sum = 0; /* of floats' steps: of an int64_t, modulo 2^64 */
    size_t finite = 0;
    for (size_t first = 0; first < count; first += SUM_MOST) {
        const size_t size = count - first < SUM_MOST ? count - first : SUM_MOST;
        const void *from = (const uint8_t *)pixels + first * bytes_of(type);
        if (type == DPA_UINT8)
            sum += loops->sum_uint8(from, size);
        else if (type == DPA_UINT16)
            sum += loops->sum_uint16(from, size);
        else
            sum += loops->sum_float32(from, size, full_range, &finite);
    }
    if (type != DPA_FLOAT32)
        return count ? (double)sum / (double)count : 0;
    return finite ? (double)(int64_t)sum / (double)finite * full_range / 0x1p24 : 0;
}
