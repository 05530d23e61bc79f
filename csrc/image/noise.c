/* noise.c: fields of noise that depend on a hash alone (docs/spec.md, "Noise"), and the passes
 * over an image's pixels that tone them. */
#include "hash/kernel.h"
#include "hash/sha256.h"
#include "image/loops.h"

#define CHUNK 2048 /* values at a time, whole blocks of noise: they stay in the cache */
#define BLOCK 8    /* values of a block */

void dpa_noise_key(const uint8_t digest[DPA_DIGEST_SIZE], uint32_t key[4])
{
    static const uint8_t purpose[5] = {'n', 'o', 'i', 's', 'e'};
    struct sha256_stream stream;
    uint8_t block[1][64];
    dpa_sha256_start(&stream, &dpa_kernel_portable);
    dpa_sha256_feed(&stream, digest, DPA_DIGEST_SIZE);
    dpa_sha256_feed(&stream, purpose, sizeof purpose);
    dpa_sha256_last_block(&stream, block[0]);
    dpa_kernel_portable.compress(&stream.state, (const uint8_t(*)[64])block, 1);
    memcpy(key, stream.state, 4 * sizeof *key);
}

void dpa_noise(const dpa_image_loops *loops, const uint32_t key[4], uint64_t start,
               const float *table, float *out, size_t count)
{
    float block[BLOCK];
    while (count > 0) {
        const size_t skipped = start % BLOCK;
        size_t size = count / BLOCK * BLOCK;
        if (skipped == 0 && size > 0)
            loops->normals(key, start / BLOCK, size / BLOCK, table, out);
        else {
            size = count < BLOCK - skipped ? count : BLOCK - skipped;
            loops->normals(key, start / BLOCK, 1, table, block);
            memcpy(out, block + skipped, size * sizeof *out);
        }
        start += size;
        out += size;
        count -= size;
    }
}

static void tone_span(const dpa_image_loops *loops, dpa_pixel type, void *pixels, size_t count,
                      const dpa_tone *tone, const float *noise, size_t step)
{
    if (type == DPA_UINT8)
        loops->tone_uint8(pixels, count, tone, noise, step);
    else if (type == DPA_UINT16)
        loops->tone_uint16(pixels, count, tone, noise, step);
    else
        loops->tone_float32(pixels, count, tone, noise, step);
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
                    size_t planes, const dpa_tone *tone, const uint32_t key[4],
                    const float *table)
{
    float noise[CHUNK];
    const size_t all = count / 3, next = (planes == 3 ? all : 1) * bytes_of(type);
    for (size_t at = 0, size; at < all; at += size) {
        size = all - at < CHUNK / 3 ? all - at : CHUNK / 3;
        if (table)
            dpa_noise(loops, key, 3 * at, table, noise, 3 * size);
        mix(loops, type, pixels + at * (planes == 3 ? 1 : 3) * bytes_of(type), next, size, tone,
            table ? noise : NULL);
    }
}

void dpa_apply_tone(const dpa_image_loops *loops, dpa_pixel type, void *pixels, size_t count,
                    size_t planes, const dpa_tone *tone, const uint32_t key[4],
                    const float *table)
{
    const size_t plane = count / (planes ? planes : 1);
    uint8_t *bytes = (uint8_t *)pixels;
    float noise[CHUNK];
    if (tone->matrix)
        mix_all(loops, type, bytes, count, planes, tone, key, table);
    else if (!table)
        tone_span(loops, type, pixels, count, tone, NULL, 1);
    else if (planes <= 1)
        for (size_t first = 0, size; first < count; first += size) {
            size = count - first < CHUNK ? count - first : CHUNK;
            dpa_noise(loops, key, first, table, noise, size);
            tone_span(loops, type, bytes + first * bytes_of(type), size, tone, noise, 1);
        }
    else
        for (size_t first = 0, some; first < planes; first += some) {
            some = planes - first < CHUNK ? planes - first : CHUNK;
            const size_t most = some == planes ? CHUNK / planes : 1;
            for (size_t at = 0, size; at < plane; at += size) {
                size = plane - at < most ? plane - at : most;
                dpa_noise(loops, key, at * planes + first, table, noise, size * some);
                for (size_t c = 0; c < some; c++) /* the noise lies pixel after pixel */
                    tone_span(loops, type, bytes + ((first + c) * plane + at) * bytes_of(type),
                              size, tone, noise + c, some);
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
