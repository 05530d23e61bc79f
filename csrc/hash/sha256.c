#include "hash/sha256.h"

#include "dpa_derivation.h"
#include "hash/kernel.h"

const uint32_t dpa_sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

void dpa_sha256_schedule(const uint32_t words[16], uint32_t wk[64])
{
    uint32_t w[64];
    for (int t = 0; t < 16; t++)
        w[t] = words[t];
    for (int t = 16; t < 64; t++)
        w[t] = sigma1(w[t - 2]) + w[t - 7] + sigma0(w[t - 15]) + w[t - 16];
    for (int t = 0; t < 64; t++)
        wk[t] = w[t] + dpa_sha256_k[t];
}

void dpa_sha256_start(struct sha256_stream *stream, const struct dpa_kernel *kernel)
{
    static const sha256_state initial = {SHA256_H0};
    stream->kernel = kernel;
    stream->size = 0;
    memcpy(stream->state, initial, sizeof initial);
}

void dpa_sha256_feed(struct sha256_stream *stream, const uint8_t *bytes, size_t size)
{
    size_t tail = stream->size % 64;
    stream->size += size;
    while (tail + size >= 64) {
        memcpy(stream->tail[0] + tail, bytes, 64 - tail);
        stream->kernel->compress(&stream->state, (const uint8_t(*)[64])stream->tail, 1);
        bytes += 64 - tail;
        size -= 64 - tail;
        tail = 0;
    }
    if (size > 0)
        memcpy(stream->tail[0] + tail, bytes, size);
}

void dpa_sha256_last_block(struct sha256_stream *stream, uint8_t block[64])
{
    const uint64_t bits = stream->size * 8;
    const size_t tail = stream->size % 64;
    memset(stream->tail[0] + tail, 0, 64 - tail);
    stream->tail[0][tail] = 0x80;
    if (tail >= 56) { /* no room for the length */
        stream->kernel->compress(&stream->state, (const uint8_t(*)[64])stream->tail, 1);
        memset(stream->tail[0], 0, 64);
    }
    memcpy(block, stream->tail[0], 56);
    store_be64(block + 56, bits);
}

void dpa_hex(const uint8_t digest[DPA_DIGEST_SIZE], char text[2 * DPA_DIGEST_SIZE])
{
    for (int i = 0; i < DPA_DIGEST_SIZE; i += 4)
        store_be64((uint8_t *)text + 2 * i, hex_digits(load_be32(digest + i)));
}
