/* share.h: what a batch gives to the kernel for many samples. Private to csrc. */
#ifndef DPA_SHARE_H
#define DPA_SHARE_H

#include "dpa_derivation.h"
#include "hash/kernel.h"
#include "hash/platform.h"

/* How many of n samples go to the bulk kernel: a rest that would leave most of its
 * lanes idle is sooner done one by one. */
INLINE size_t bulk_share(const dpa_engine *engine, size_t n)
{
    const size_t lanes = engine->bulk->lanes, rest = n % lanes;
    const size_t enough = engine->single == &dpa_kernel_portable ? 2 : lanes / 4;
    return rest < enough ? n - rest : n;
}

#endif
