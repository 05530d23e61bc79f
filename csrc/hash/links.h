/* links.h: runs of links, from the table or made on the fly. Private to csrc. */
#ifndef DPA_LINKS_H
#define DPA_LINKS_H

#include "dpa.h"
#include "hash/kernel.h"

/* Constant blocks of one window: more than the 34 of link DPA_MAX_DEPTH - 1. */
#define WINDOW_BLOCKS 64

/* Expands links into window, from *at on and below depth, as many as fit and
 * have equally many blocks; moves *at behind them. */
struct link_run dpa_links_expand(dpa_fibonacci *at, uint32_t depth, uint32_t (*window)[64],
                                 size_t blocks);

#endif
