/* loops_neon.c: 128-bit vectors of 64-bit Arm. */
#include "hash/cpu.h"
#include "hash/platform.h"

#if DPA_ARM64 && DPA_VECTORS

#include <arm_neon.h>

#define LEVEL "neon"
#define NEEDS CPU_NEON
#define ATTR
#define LOOPS dpa_image_neon

#define VECTOR uint8x16_t
#define LANES 1
#define S16(v) vreinterpretq_s16_u8(v)
#define S32(v) vreinterpretq_s32_u8(v)
#define LOAD(p) vld1q_u8((const uint8_t *)(p))
#define STORE(p, v) vst1q_u8(p, v)
#define EACH_LANE(p) LOAD(p)
#define SHUFFLE(v, pattern) vqtbl1q_u8(v, pattern)
#define SPREAD(v, pattern) SHUFFLE(v, pattern)
#define HALF16(v) vreinterpretq_u8_u16(vshrq_n_u16(vreinterpretq_u16_u8(v), 1))
#define ADD16(a, b) vreinterpretq_u8_s16(vaddq_s16(S16(a), S16(b)))
#define SUB16(a, b) vreinterpretq_u8_s16(vsubq_s16(S16(a), S16(b)))
#define TIMES15(a, b) vreinterpretq_u8_s16(vqrdmulhq_s16(S16(a), S16(b)))
#define PAIRS(a, b)                                                                    \
    vreinterpretq_u8_s32(vpaddq_s32(vmull_s16(vget_low_s16(S16(a)), vget_low_s16(S16(b))), \
                                    vmull_high_s16(S16(a), S16(b))))
#define ROUND21(v) vreinterpretq_u8_s32(vrshrq_n_s32(S32(v), 21))
#define PACK32(a, b) vreinterpretq_u8_u16(vcombine_u16(vqmovun_s32(S32(a)), vqmovun_s32(S32(b))))
#define PACK16(a, b) vcombine_u8(vqmovun_s16(S16(a)), vqmovun_s16(S16(b)))
#define WEIGHT(v, k) vreinterpretq_u8_s32(vdupq_laneq_s32(S32(v), k))
#define IN_ORDER(v) v
static const uint8_t dense[16] = {0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255};
#define STORE_3(p, v) STORE(p, SHUFFLE(v, LOAD(dense)))

#define VECTOR_SIZE 16
#define PRODUCTS(x, y) (V64) vmull_u32(vmovn_u64((uint64x2_t)(x)), vmovn_u64((uint64x2_t)(y)))

#include "image/noise.inc"
#include "image/tone.inc"
#include "image/warp.inc"
#include "image/loops.inc"

#endif
