/* kernel_shani.c: the SHA extensions of x86, several streams at once.
 *
 * sha256rnds2 has a latency of four cycles or more, so one stream leaves the unit
 * idle most of the time. Six streams in two groups of three fill it: while one
 * group hashes its hex block, whose schedule costs vector work, the other runs
 * its constant block, which is rounds alone.
 */
#include "kernel.h"
#include "cpu.h"
#include "sha256.h"

#if DPA_X86

#include <immintrin.h>

#define SHANI TARGET("sha,sse4.1,ssse3")
#define GROUP 3 /* streams of one group */

/* A chaining value as sha256rnds2 wants it: words F E B A and H G D C, lowest first. */
typedef struct {
    __m128i abef, cdgh;
} chaining;

INLINE SHANI chaining load_state(const uint32_t *words)
{
    const __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)words);
    const __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(words + 4));
    const __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    const chaining s = {_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0)};
    return s;
}

INLINE SHANI void store_state(uint32_t *words, chaining s)
{
    const __m128i feba = _mm_shuffle_epi32(s.abef, 0x1b), dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)words, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(words + 4), _mm_alignr_epi8(dchg, feba, 8));
}

INLINE SHANI chaining add(chaining s, chaining t)
{
    const chaining sum = {_mm_add_epi32(s.abef, t.abef), _mm_add_epi32(s.cdgh, t.cdgh)};
    return sum;
}

INLINE SHANI __m128i load4(const uint32_t *words)
{
    return _mm_loadu_si128((const __m128i *)(const void *)words);
}

INLINE SHANI void four_rounds(chaining *s, __m128i wk)
{
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, wk);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

/* Words 4q .. 4q + 3 of the schedule, kept in the window w of the last sixteen. */
INLINE SHANI __m128i scheduled(__m128i w[4], int q)
{
    if (q >= 4) {
        const __m128i last = w[(q + 3) & 3], middle = _mm_alignr_epi8(last, w[(q + 2) & 3], 4);
        const __m128i first = _mm_sha256msg1_epu32(w[q & 3], w[(q + 1) & 3]);
        w[q & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(first, middle), last);
    }
    return w[q & 3];
}

/* The hex digits of a digest as the sixteen words of a block. */
INLINE SHANI void hex_block(chaining s, __m128i w[4])
{
    const __m128i digits = _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b',
                                         'c', 'd', 'e', 'f');
    /* Brings the halves of each word into the order in which unpack shall meet them. */
    const __m128i order = _mm_setr_epi8(6, 7, 4, 5, 2, 3, 0, 1, 14, 15, 12, 13, 10, 11, 8, 9);
    const __m128i nibble = _mm_set1_epi8(0x0f);
    const __m128i half[2] = {_mm_shuffle_epi8(s.abef, order), _mm_shuffle_epi8(s.cdgh, order)};
    UNROLL for (int i = 0; i < 2; i++) {
        const __m128i high = _mm_and_si128(_mm_srli_epi16(half[i], 4), nibble);
        const __m128i high_digit = _mm_shuffle_epi8(digits, high);
        const __m128i low_digit = _mm_shuffle_epi8(digits, _mm_and_si128(half[i], nibble));
        w[i] = _mm_unpackhi_epi8(low_digit, high_digit);
        w[i + 2] = _mm_unpacklo_epi8(low_digit, high_digit);
    }
}

/* n scheduled blocks in lockstep. */
INLINE SHANI void scheduled_blocks(chaining *s, __m128i (*w)[4], int n)
{
    UNROLL for (int q = 0; q < 16; q++) {
        const __m128i k = load4(SHA256_K + 4 * q);
        UNROLL for (int i = 0; i < n; i++)
            four_rounds(&s[i], _mm_add_epi32(scheduled(w[i], q), k));
    }
}

/* n streams through one constant block. */
INLINE SHANI void constant_blocks(chaining *s, const uint32_t *wk, int n)
{
    UNROLL for (int q = 0; q < 16; q++)
        UNROLL for (int i = 0; i < n; i++)
            four_rounds(&s[i], load4(wk + 4 * q));
}

/* One group's hex block beside the other group's constant block. */
INLINE SHANI void staggered_blocks(chaining hexed[GROUP], chaining constant[GROUP], const uint32_t *wk)
{
    static const sha256_state h0 = {SHA256_H0};
    const chaining initial = load_state(h0);
    __m128i w[GROUP][4];
    chaining before[GROUP];
    UNROLL for (int i = 0; i < GROUP; i++) {
        hex_block(hexed[i], w[i]);
        hexed[i] = initial;
        before[i] = constant[i];
    }
    UNROLL for (int q = 0; q < 16; q++) {
        const __m128i k = load4(SHA256_K + 4 * q);
        UNROLL for (int i = 0; i < GROUP; i++) {
            four_rounds(&hexed[i], _mm_add_epi32(scheduled(w[i], q), k));
            four_rounds(&constant[i], load4(wk + 4 * q));
        }
    }
    UNROLL for (int i = 0; i < GROUP; i++) {
        hexed[i] = add(hexed[i], initial);
        constant[i] = add(constant[i], before[i]);
    }
}

INLINE SHANI void compress_streams(sha256_state *state, const uint8_t (*block)[64], int n)
{
    const __m128i big_endian = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    chaining s[GROUP], before[GROUP];
    __m128i w[GROUP][4];
    UNROLL for (int i = 0; i < n; i++) {
        s[i] = before[i] = load_state(state[i]);
        UNROLL for (int q = 0; q < 4; q++)
            w[i][q] = _mm_shuffle_epi8(
                _mm_loadu_si128((const __m128i *)(const void *)(block[i] + 16 * q)), big_endian);
    }
    scheduled_blocks(s, w, n);
    UNROLL for (int i = 0; i < n; i++)
        store_state(state[i], add(s[i], before[i]));
}

static SHANI void compress(sha256_state *state, const uint8_t (*block)[64], size_t n)
{
    for (; n >= GROUP; n -= GROUP, state += GROUP, block += GROUP)
        compress_streams(state, block, GROUP);
    for (; n > 0; n--, state++, block++)
        compress_streams(state, block, 1);
}

/* Any run, one to three streams in lockstep. */
INLINE SHANI void link_streams(sha256_state *state, const struct link_run *run, int n)
{
    static const sha256_state h0 = {SHA256_H0};
    const chaining initial = load_state(h0);
    const uint32_t(*wk)[64] = run->schedule;
    chaining s[GROUP], before[GROUP];
    __m128i w[GROUP][4];
    UNROLL for (int i = 0; i < n; i++)
        s[i] = load_state(state[i]);
    for (size_t l = 0; l < run->links; l++) {
        UNROLL for (int i = 0; i < n; i++) {
            hex_block(s[i], w[i]);
            s[i] = initial;
        }
        scheduled_blocks(s, w, n);
        UNROLL for (int i = 0; i < n; i++)
            s[i] = add(s[i], initial);
        for (size_t b = 0; b < run->blocks; b++, wk++) {
            UNROLL for (int i = 0; i < n; i++)
                before[i] = s[i];
            constant_blocks(s, *wk, n);
            UNROLL for (int i = 0; i < n; i++)
                s[i] = add(s[i], before[i]);
        }
    }
    UNROLL for (int i = 0; i < n; i++)
        store_state(state[i], s[i]);
}

/* Two groups through a run of links of one constant block each. Group b is half
 * a link behind: its first hex block and group a's last constant block run in
 * the loop too, so only the two ends are uneven. */
INLINE SHANI void link_staggered(sha256_state *state, const struct link_run *run)
{
    static const sha256_state h0 = {SHA256_H0};
    const chaining initial = load_state(h0);
    const uint32_t(*wk)[64] = run->schedule;
    chaining a[GROUP], b[GROUP], before[GROUP];
    __m128i w[GROUP][4];
    UNROLL for (int i = 0; i < GROUP; i++) {
        b[i] = load_state(state[GROUP + i]);
        hex_block(load_state(state[i]), w[i]);
        a[i] = initial;
    }
    scheduled_blocks(a, w, GROUP);
    UNROLL for (int i = 0; i < GROUP; i++)
        a[i] = add(a[i], initial);
    for (size_t l = 0; l + 1 < run->links; l++) {
        staggered_blocks(b, a, wk[l]);
        staggered_blocks(a, b, wk[l]);
    }
    staggered_blocks(b, a, wk[run->links - 1]);
    UNROLL for (int i = 0; i < GROUP; i++)
        before[i] = b[i];
    constant_blocks(b, wk[run->links - 1], GROUP);
    UNROLL for (int i = 0; i < GROUP; i++) {
        store_state(state[i], a[i]);
        store_state(state[GROUP + i], add(b[i], before[i]));
    }
}

static SHANI void link(sha256_state *state, size_t n, const struct link_run *run)
{
    if (run->blocks == 1 && run->links > 0)
        for (; n >= 2 * GROUP; n -= 2 * GROUP, state += 2 * GROUP)
            link_staggered(state, run);
    for (; n >= GROUP; n -= GROUP, state += GROUP)
        link_streams(state, run, GROUP);
    if (n == 2)
        link_streams(state, run, 2);
    else if (n == 1)
        link_streams(state, run, 1);
}

const struct kernel kernel_shani = {"shani", CPU_SSE41 | CPU_SHANI, 2 * GROUP, compress, link};

#endif
