/* sha256.h: SHA-256 in the words of FIPS 180-4. Private to csrc. */
#ifndef DPA_SHA256_H
#define DPA_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "hash/platform.h"

/* Section 4.2.2: the constants K, one for each of the 64 rounds. */
extern const uint32_t dpa_sha256_k[64] HIDDEN;

/* Section 5.3.3: the chaining value before the first block. */
#define SHA256_H0 0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au, 0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u

/* Section 4.1.2: the functions. */
#define ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))
#define Ch(x, y, z) (((x) & (y)) ^ (~(x) & (z)))
#define Maj(x, y, z) (((x) & (y)) ^ ((x) & (z)) ^ ((y) & (z)))
#define SIGMA0(x) (ROTR(x, 2) ^ ROTR(x, 13) ^ ROTR(x, 22))
#define SIGMA1(x) (ROTR(x, 6) ^ ROTR(x, 11) ^ ROTR(x, 25))
#define sigma0(x) (ROTR(x, 7) ^ ROTR(x, 18) ^ (x) >> 3)
#define sigma1(x) (ROTR(x, 17) ^ ROTR(x, 19) ^ (x) >> 10)

/* The eight lowercase hex digits of a word, the first in the highest byte. */
INLINE uint64_t hex_digits(uint32_t x)
{
    const uint64_t halves = ((uint64_t)x << 16 | x) & 0x0000ffff0000ffff;
    const uint64_t bytes = (halves << 8 | halves) & 0x00ff00ff00ff00ff;
    const uint64_t nibbles = (bytes << 4 | bytes) & 0x0f0f0f0f0f0f0f0f;
    const uint64_t letters = (nibbles + 0x0606060606060606) >> 4 & 0x0101010101010101; /* 1 for a..f */
    return nibbles + 0x3030303030303030 + letters * ('a' - '9' - 1);
}

/* Section 6.2.2, step 1, plus K: wk[t] = W[t] + K[t] of the block with the words w. */
void dpa_sha256_schedule(const uint32_t w[16], uint32_t wk[64]);

/* A message hashed as it arrives, one block at a time. */
struct sha256_stream {
    const struct dpa_kernel *kernel;
    uint32_t state[8];
    uint8_t tail[1][64]; /* the bytes that fill no block yet */
    uint64_t size;       /* bytes so far; tail holds size % 64 of them */
};

void dpa_sha256_start(struct sha256_stream *stream, const struct dpa_kernel *kernel);
void dpa_sha256_feed(struct sha256_stream *stream, const uint8_t *bytes, size_t size);

/* Section 5.1.1, all but the last block: compresses what comes before it and
 * writes it, padded, to block. The stream's state is then the one before it. */
void dpa_sha256_last_block(struct sha256_stream *stream, uint8_t block[64]);

#endif
