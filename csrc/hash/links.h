/* links.h: runs of links, from the table or made on the fly. Private to csrc. */
#ifndef DPA_LINKS_H
#define DPA_LINKS_H

#include "dpa_derivation.h"
#include "hash/kernel.h"
#include "hash/platform.h"

/* Constant blocks of one window: more than the 34 of link DPA_MAX_DEPTH - 1. */
#define WINDOW_BLOCKS 64

#define MAX_LIMBS 117 /* limbs of base 10^18 that hold fib(DPA_MAX_DEPTH) */

struct dpa_fibonacci { /* fib(index) and its successor, little-endian limbs of base 10^18 */
    uint32_t index, limbs;
    uint64_t current[MAX_LIMBS], next[MAX_LIMBS];
};

_Static_assert(sizeof(struct dpa_fibonacci) == sizeof ((dpa_links *)0)->later,
               "dpa_links has room for one of them, which the public header does not name");

/* Sets *at to the first link that is not in the table. */
INLINE void links_after_table(const dpa_links *links, struct dpa_fibonacci *at)
{
    memcpy(at, links->later, sizeof *at);
}

/* Expands links into window, from *at on and below depth, as many as fit and
 * have equally many blocks; moves *at behind them. */
struct link_run dpa_links_expand(struct dpa_fibonacci *at, uint32_t depth, uint32_t (*window)[64],
                                 size_t blocks);

#endif
