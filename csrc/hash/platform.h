/* platform.h: the compiler and the processor family, and loads that both agree on. */
#ifndef DPA_PLATFORM_H
#define DPA_PLATFORM_H

#include <float.h>
#include <stdint.h>
#include <string.h>

/* Every result is rounded to double once per operation. x87 arithmetic would not do
 * that, nor a multiplication fused with an addition: clang and MSVC are told here, gcc
 * wants -ffp-contract=off. (FLT_EVAL_METHOD 1 widens float alone, which assignments narrow again.) */
#if !defined(FLT_EVAL_METHOD) || (FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 1)
#error "dpa needs IEEE double arithmetic without excess precision (on 32-bit x86: -msse2 -mfpmath=sse)"
#endif
#if defined(__FAST_MATH__)
#error "dpa needs exact IEEE arithmetic: compile it without -ffast-math"
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#endif

#if defined(__x86_64__) || defined(_M_X64)
#define DPA_X86 1
#elif (defined(__aarch64__) && !defined(__AARCH64EB__)) || defined(_M_ARM64) /* vec128 swaps bytes */
#define DPA_ARM64 1
#endif

#if defined(__GNUC__) /* gcc and clang */
#define DPA_VECTORS 1 /* vector_size types */
#define INLINE static inline __attribute__((always_inline))
#define TARGET(features) __attribute__((target(features)))
#define OPAQUE(x) __asm__("" : "+r"(x)) /* the compiler no longer knows where x is from */
#else
#define INLINE static __forceinline
#define TARGET(features)
#define OPAQUE(x) ((void)(x))
#endif

#if defined(__GNUC__) && !defined(_WIN32) /* there it is the default */
/* Position-independent code would otherwise fetch the address from a table, and the
 * register that holds it is missing elsewhere: 30 % in kernel_vec128.c. */
#define HIDDEN __attribute__((visibility("hidden")))
#else
#define HIDDEN
#endif

/* -O2 leaves the loops over streams and rounds rolled, which costs 40 % there. */
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* a loop of one turn is none to unroll */
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)")
#elif defined(__GNUC__) && defined(__OPTIMIZE__) /* -O0 warns that it ignores them */
#define UNROLL _Pragma("GCC unroll 64")
#define ROLLED _Pragma("GCC unroll 1")
#else
#define UNROLL
#define ROLLED
#endif

#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define BIG_ENDIAN32(x) __builtin_bswap32(x) /* gcc vectorises the shifts below, badly */
#define BIG_ENDIAN64(x) __builtin_bswap64(x)
#endif

INLINE uint32_t load_be32(const uint8_t *p)
{
#ifdef BIG_ENDIAN32
    uint32_t x;
    memcpy(&x, p, sizeof x);
    return BIG_ENDIAN32(x);
#else
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
#endif
}

INLINE void store_be32(uint8_t *p, uint32_t x)
{
#ifdef BIG_ENDIAN32
    x = BIG_ENDIAN32(x);
    memcpy(p, &x, sizeof x);
#else
    p[0] = (uint8_t)(x >> 24);
    p[1] = (uint8_t)(x >> 16);
    p[2] = (uint8_t)(x >> 8);
    p[3] = (uint8_t)x;
#endif
}

INLINE uint64_t load_be64(const uint8_t *p)
{
#ifdef BIG_ENDIAN64
    uint64_t x;
    memcpy(&x, p, sizeof x);
    return BIG_ENDIAN64(x);
#else
    return (uint64_t)load_be32(p) << 32 | load_be32(p + 4);
#endif
}

INLINE void store_be64(uint8_t *p, uint64_t x)
{
#ifdef BIG_ENDIAN64
    x = BIG_ENDIAN64(x);
    memcpy(p, &x, sizeof x);
#else
    store_be32(p, (uint32_t)(x >> 32));
    store_be32(p + 4, (uint32_t)x);
#endif
}

INLINE uint64_t load_le64(const uint8_t *p)
{
    uint64_t x = 0;
#ifdef BIG_ENDIAN64 /* gcc may load the bytes of the loop one by one */
    memcpy(&x, p, sizeof x);
#else
    for (int i = 7; i >= 0; i--)
        x = x << 8 | p[i];
#endif
    return x;
}

INLINE void store_le64(uint8_t *p, uint64_t x)
{
#ifdef BIG_ENDIAN64
    memcpy(p, &x, sizeof x);
#else
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(x >> 8 * i);
#endif
}

#endif
