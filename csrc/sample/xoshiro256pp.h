/* xoshiro256pp.h: xoshiro256++ 1.0 of Blackman and Vigna, seeded with a digest. Private to csrc. */
#ifndef DPA_XOSHIRO256PP_H
#define DPA_XOSHIRO256PP_H

#include "hash/kernel.h"
#include "hash/platform.h"

typedef uint64_t xoshiro256pp[4];

INLINE uint64_t rotl(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

INLINE void xoshiro256pp_seed(xoshiro256pp s, const sha256_state digest)
{
    for (int i = 0; i < 4; i++)
        s[i] = (uint64_t)digest[2 * i] << 32 | digest[2 * i + 1];
}

INLINE uint64_t xoshiro256pp_next(xoshiro256pp s)
{
    const uint64_t result = rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

#endif
