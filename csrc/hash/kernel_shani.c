/* kernel_shani.c: the SHA extensions of x86.
 *
 * Their own instructions have the two-operand form alone. AVX saves the copies that
 * all others would need in it (7 % of the time on Zen 4). */
#include "hash/cpu.h"
#include "hash/kernel.h"
#include "hash/sha256.h"

#if DPA_X86

#include <immintrin.h>

#define KERNEL dpa_kernel_shani
#define NAME "shani"
#define NEEDS (CPU_AVX2 | CPU_SHANI)
#define ATTR TARGET("sha,avx2")

typedef __m128i words;

/* A chaining value as sha256rnds2 wants it: words F E B A and H G D C, lowest first. */
typedef struct {
    words abef, cdgh;
} chaining;

INLINE ATTR chaining load_state(const uint32_t *from)
{
    const words dcba = _mm_loadu_si128((const words *)(const void *)from);
    const words hgfe = _mm_loadu_si128((const words *)(const void *)(from + 4));
    const words cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    const chaining s = {_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0)};
    return s;
}

INLINE ATTR void store_state(uint32_t *to, chaining s)
{
    const words feba = _mm_shuffle_epi32(s.abef, 0x1b), dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);
    _mm_storeu_si128((words *)(void *)to, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((words *)(void *)(to + 4), _mm_alignr_epi8(dchg, feba, 8));
}

INLINE ATTR chaining add(chaining s, chaining t)
{
    const chaining sum = {_mm_add_epi32(s.abef, t.abef), _mm_add_epi32(s.cdgh, t.cdgh)};
    return sum;
}

INLINE ATTR words load_words(const uint32_t *from)
{
    return _mm_loadu_si128((const words *)(const void *)from);
}

INLINE ATTR words add_words(words a, words b)
{
    return _mm_add_epi32(a, b);
}

INLINE ATTR words block_words(const uint8_t *from)
{
    const words order = _mm_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    return _mm_shuffle_epi8(_mm_loadu_si128((const words *)(const void *)from), order);
}

INLINE ATTR void four_rounds(chaining *s, words wk)
{
    s->cdgh = _mm_sha256rnds2_epu32(s->cdgh, s->abef, wk);
    s->abef = _mm_sha256rnds2_epu32(s->abef, s->cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

/* The instruction reads two words, so loading two spares the shuffle. */
INLINE ATTR void common_rounds(chaining *s, const uint32_t *wk, int n)
{
    const words first = _mm_loadl_epi64((const words *)(const void *)wk);
    const words second = _mm_loadl_epi64((const words *)(const void *)(wk + 2));
    UNROLL for (int i = 0; i < n; i++)
        s[i].cdgh = _mm_sha256rnds2_epu32(s[i].cdgh, s[i].abef, first);
    UNROLL for (int i = 0; i < n; i++)
        s[i].abef = _mm_sha256rnds2_epu32(s[i].abef, s[i].cdgh, second);
}

/* Twelve of sixteen registers hold chaining values. The compiler would keep windows in
 * the others and chaining values in memory, whose latency then lies between the rounds. */
INLINE ATTR void settle(words w[4])
{
#if defined(__GNUC__)
    __asm__("" : "+m"(*(words(*)[4])w));
#else
    (void)w;
#endif
}

INLINE ATTR words scheduled(words w[4], int q)
{
    if (q >= 4) {
        const words last = w[(q + 3) & 3], middle = _mm_alignr_epi8(last, w[(q + 2) & 3], 4);
        const words first = _mm_sha256msg1_epu32(w[q & 3], w[(q + 1) & 3]);
        w[q & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(first, middle), last);
    }
    return w[q & 3];
}

INLINE ATTR void hex_block(chaining s, words w[4])
{
    const words digits = _mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b',
                                         'c', 'd', 'e', 'f');
    /* Brings the halves of each word into the order in which unpack shall meet them. */
    const words order = _mm_setr_epi8(6, 7, 4, 5, 2, 3, 0, 1, 14, 15, 12, 13, 10, 11, 8, 9);
    const words nibble = _mm_set1_epi8(0x0f);
    const words half[2] = {_mm_shuffle_epi8(s.abef, order), _mm_shuffle_epi8(s.cdgh, order)};
    UNROLL for (int i = 0; i < 2; i++) {
        const words high = _mm_and_si128(_mm_srli_epi16(half[i], 4), nibble);
        const words high_digit = _mm_shuffle_epi8(digits, high);
        const words low_digit = _mm_shuffle_epi8(digits, _mm_and_si128(half[i], nibble));
        w[i] = _mm_unpackhi_epi8(low_digit, high_digit);
        w[i + 2] = _mm_unpacklo_epi8(low_digit, high_digit);
    }
}

#include "hash/streams.inc"

#endif
