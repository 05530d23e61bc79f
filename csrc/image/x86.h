/* x86.h: what the x86 levels share. Private to csrc. */
#ifndef DPA_IMAGE_X86_H
#define DPA_IMAGE_X86_H

#include <smmintrin.h>

#include "hash/platform.h"

/* Four integers as floats. (gcc 11 and older lack _mm_loadu_si32, or get it wrong.) */
static inline TARGET("sse4.1") __m128 floats_of_bytes(const uint8_t *p)
{
    int32_t four;
    memcpy(&four, p, sizeof four);
    return _mm_cvtepi32_ps(_mm_cvtepu8_epi32(_mm_cvtsi32_si128(four)));
}

static inline TARGET("sse4.1") __m128 floats_of_shorts(const uint8_t *p)
{
    return _mm_cvtepi32_ps(_mm_cvtepu16_epi32(_mm_loadl_epi64((const __m128i *)p)));
}

#define FLOATS_OF_BYTES(p) floats_of_bytes(p)
#define FLOATS_OF_SHORTS(p) floats_of_shorts(p)

/* Four pixels of three channels without the byte that follows each. */
#define DENSE _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1)

#endif
