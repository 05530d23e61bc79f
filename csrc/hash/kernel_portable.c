/* kernel_portable.c: one sample at a time in plain C. The others must equal it. */
#include "hash/kernel.h"
#include "hash/sha256.h"

/* FIPS 180-4, section 6.2.2, steps 2 to 4, over a schedule with K added. */
static void rounds(sha256_state state, const uint32_t wk[64])
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
/* Renames the variables instead of moving them: eight rounds bring them home. */
#define ROUND(a, b, c, d, e, f, g, h, t)                         \
    do {                                                         \
        h += SIGMA1(e) + Ch(e, f, g) + wk[t];                    \
        d += h;                                                  \
        h += SIGMA0(a) + Maj(a, b, c);                           \
    } while (0)
    for (int t = 0; t < 64; t += 8) {
        ROUND(a, b, c, d, e, f, g, h, t);
        ROUND(h, a, b, c, d, e, f, g, t + 1);
        ROUND(g, h, a, b, c, d, e, f, t + 2);
        ROUND(f, g, h, a, b, c, d, e, t + 3);
        ROUND(e, f, g, h, a, b, c, d, t + 4);
        ROUND(d, e, f, g, h, a, b, c, t + 5);
        ROUND(c, d, e, f, g, h, a, b, t + 6);
        ROUND(b, c, d, e, f, g, h, a, t + 7);
    }
#undef ROUND
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

static void compress_one(sha256_state state, const uint8_t block[64])
{
    uint32_t w[16], wk[64];
    for (int t = 0; t < 16; t++)
        w[t] = load_be32(block + 4 * t);
    dpa_sha256_schedule(w, wk);
    rounds(state, wk);
}

static void compress(sha256_state *state, const uint8_t (*block)[64], size_t n)
{
    for (size_t i = 0; i < n; i++)
        compress_one(state[i], block[i]);
}

static void link(sha256_state *state, size_t n, const struct key_blocks *keys, const struct link_run *run)
{
    static const sha256_state initial = {SHA256_H0};
    for (size_t i = 0; i < n; i++) {
        if (keys) {
            memcpy(state[i], keys->before[i * keys->step], sizeof state[i]);
            compress_one(state[i], keys->block[i]);
        }
        const uint32_t(*constant)[64] = run->schedule;
        for (size_t l = 0; l < run->links; l++) {
            uint32_t hex[16], wk[64];
            for (int t = 0; t < 8; t++) {
                const uint64_t digits = hex_digits(state[i][t]);
                hex[2 * t] = (uint32_t)(digits >> 32);
                hex[2 * t + 1] = (uint32_t)digits;
            }
            dpa_sha256_schedule(hex, wk);
            memcpy(state[i], initial, sizeof initial);
            rounds(state[i], wk);
            for (size_t b = 0; b < run->blocks; b++)
                rounds(state[i], *constant++);
        }
    }
}

static void hash_words(const struct word_blocks *blocks, size_t n, unsigned wanted, uint64_t *word,
                       size_t row)
{
    for (size_t i = 0; i < n; i++) {
        sha256_state state = {SHA256_H0};
        uint32_t w[16], wk[64];
        memcpy(w, blocks->digest[i * blocks->digest_step], 8 * sizeof w[0]);
        memcpy(w + 8, blocks->half[i * blocks->half_step], 8 * sizeof w[0]);
        dpa_sha256_schedule(w, wk);
        rounds(state, wk);
        for (size_t k = 0; k < wanted; k++)
            word[k * row + i] = (uint64_t)state[2 * k] << 32 | state[2 * k + 1];
    }
}

const struct dpa_kernel dpa_kernel_portable = {"portable", 0, 1, compress, link, hash_words};
