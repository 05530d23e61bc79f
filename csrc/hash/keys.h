/* keys.h: keys to the first block each chain hashes. Private to csrc. */
#ifndef DPA_KEYS_H
#define DPA_KEYS_H

#include "dpa_derivation.h"
#include "hash/kernel.h"
#include "hash/sha256.h"

#define DIGITS 20 /* of the largest 64-bit integer */

/* The prefix that all keys of a request share, hashed as far as it fills blocks. */
void dpa_keys_start(struct sha256_stream *prefix, const struct dpa_kernel *kernel, const dpa_keys *keys);

/* Stages the keys first .. first + n - 1: their last, padded blocks in block, and where one of them
 * has blocks before that, the chaining values in state. What it returns points to these, or to the
 * chaining value in prefix. */
struct key_blocks dpa_keys_stage(const struct sha256_stream *prefix, const dpa_keys *keys, size_t first,
                                 size_t n, sha256_state *state, uint8_t (*block)[64]);

/* The bytes of id number i; decimals are written to digits. */
size_t dpa_keys_id(const dpa_keys *keys, size_t i, uint8_t digits[DIGITS], const uint8_t **bytes);

#endif
