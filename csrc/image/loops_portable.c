/* loops_portable.c: whatever vectors the compiler may use everywhere. */
#include "hash/platform.h"

#define LEVEL "portable"
#define NEEDS 0
#define ATTR
#define LOOPS dpa_image_portable

#include "image/noise.inc"
#include "image/tone.inc"
#include "image/warp.inc"
#include "image/loops.inc"
