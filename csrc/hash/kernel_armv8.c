/* kernel_armv8.c: the SHA-2 extension of 64-bit Arm. */
#include "hash/cpu.h"
#include "hash/kernel.h"
#include "hash/sha256.h"

#if DPA_ARM64 && (defined(__GNUC__) || defined(_MSC_VER))

#define __ARM_FEATURE_SHA2 1 /* clang before 16 hides the intrinsics without it */
#include <arm_neon.h>

#define KERNEL dpa_kernel_armv8
#define NAME "armv8"
#define NEEDS CPU_ARMSHA2
#if defined(__clang__)
#define ATTR TARGET("sha2")
#else
#define ATTR TARGET("+crypto") /* gcc before 14 has the SHA-2 intrinsics under no smaller name */
#endif

typedef uint32x4_t words;

typedef struct {
    words abcd, efgh;
} chaining;

INLINE ATTR chaining load_state(const uint32_t *from)
{
    const chaining s = {vld1q_u32(from), vld1q_u32(from + 4)};
    return s;
}

INLINE ATTR void store_state(uint32_t *to, chaining s)
{
    vst1q_u32(to, s.abcd);
    vst1q_u32(to + 4, s.efgh);
}

INLINE ATTR chaining add(chaining s, chaining t)
{
    const chaining sum = {vaddq_u32(s.abcd, t.abcd), vaddq_u32(s.efgh, t.efgh)};
    return sum;
}

INLINE ATTR words load_words(const uint32_t *from)
{
    return vld1q_u32(from);
}

INLINE ATTR words add_words(words a, words b)
{
    return vaddq_u32(a, b);
}

INLINE ATTR words block_words(const uint8_t *from)
{
    return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(from)));
}

INLINE ATTR void four_rounds(chaining *s, words wk)
{
    const words abcd = s->abcd;
    s->abcd = vsha256hq_u32(abcd, s->efgh, wk);
    s->efgh = vsha256h2q_u32(s->efgh, abcd, wk);
}

INLINE ATTR void common_rounds(chaining *s, const uint32_t *wk, int n)
{
    UNROLL for (int i = 0; i < n; i++)
        four_rounds(&s[i], load_words(wk));
}

/* There are registers enough for windows. */
INLINE ATTR void settle(words w[4])
{
    (void)w;
}

INLINE ATTR words scheduled(words w[4], int q)
{
    if (q >= 4)
        w[q & 3] = vsha256su1q_u32(vsha256su0q_u32(w[q & 3], w[(q + 1) & 3]), w[(q + 2) & 3],
                                   w[(q + 3) & 3]);
    return w[q & 3];
}

INLINE ATTR void hex_block(chaining s, words w[4])
{
    const uint8x16_t digits = {'0', '1', '2', '3', '4', '5', '6', '7',
                               '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};
    const words half[2] = {s.abcd, s.efgh};
    UNROLL for (int i = 0; i < 2; i++) {
        /* Swapped halves of each word: zip then meets the digits in a block's order. */
        const uint8x16_t bytes = vreinterpretq_u8_u16(vrev32q_u16(vreinterpretq_u16_u32(half[i])));
        const uint8x16_t high = vqtbl1q_u8(digits, vshrq_n_u8(bytes, 4));
        const uint8x16_t low = vqtbl1q_u8(digits, vandq_u8(bytes, vdupq_n_u8(0x0f)));
        w[2 * i] = vreinterpretq_u32_u8(vzip1q_u8(low, high));
        w[2 * i + 1] = vreinterpretq_u32_u8(vzip2q_u8(low, high));
    }
}

#include "hash/streams.inc"

#endif
