/* dpa_columns.h: checking, summarising and writing columns that were made.
 *
 * As in dpa_derivation.h, the caller owns every buffer and nothing allocates or fails.
 */
#ifndef DPA_COLUMNS_H
#define DPA_COLUMNS_H

#include "dpa_derivation.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DPA_MOMENTS_BLOCK 4096 /* samples of one statistics block */
#define DPA_SHORTEST_SIZE 24   /* characters of the longest text of a double */

/* A column as leaves take it: sample i has items i * items .. i * items + items - 1 of values,
 * and each goes in little-endian. */
typedef struct dpa_field {
    const void *values;
    size_t width; /* bytes of an item: 1, 4 or 8 */
    size_t items;
} dpa_field;

/* Adds to sum, a 256-bit integer whose least word is sum[0], the leaf of every sample first ..
 * first + count - 1: SHA-256(u32le(key size), key, digest, items of each field). Spans may be
 * summed apart, in any order, and their sums added. */
void dpa_add_leaves(const dpa_engine *engine, const dpa_keys *keys, size_t first, size_t count,
                    const uint8_t (*digests)[DPA_DIGEST_SIZE], const dpa_field *fields,
                    size_t count_of_fields, uint64_t sum[4]);

typedef struct dpa_moments {
    double mean, squares, min, max; /* squares: sum of squared deviations from the mean */
} dpa_moments;

/* Moments of 1 or more values, summed in one fixed order. */
void dpa_block_moments(const double *values, size_t count, dpa_moments *moments);

/* Writes the shortest decimal text, without an end mark, that reads back as value and among
 * those the nearest: as Python's repr. Returns its size, and 0 for what it leaves to others:
 * below 1e-4 or from 2^53 on in magnitude, NaN, and all where there are no 128-bit integers. */
size_t dpa_shortest(double value, char text[DPA_SHORTEST_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
