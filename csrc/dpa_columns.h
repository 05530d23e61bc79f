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
#define DPA_SHORTEST_SIZE 32   /* characters that writing the text of a double may touch */

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
 * those the nearest: Python's repr. Returns its size, 24 at most, and 0 for NaN and infinity. */
size_t dpa_shortest(double value, char text[DPA_SHORTEST_SIZE]);

/* Reads the number at the start of a text, which must be all that dpa_shortest writes for it.
 * Returns the size of its text; 0 if there is none of this form. */
size_t dpa_read_shortest(const char *text, size_t size, double *value);

/* What a field of a line holds, and its form, that of Python's json.dumps. */
typedef enum dpa_form {
    DPA_REAL,    /* double, as dpa_shortest writes it */
    DPA_INT64,   /* int64_t */
    DPA_UINT64,  /* uint64_t */
    DPA_LABEL8,  /* uint8_t, the index of one of the labels */
    DPA_LABEL32, /* uint32_t, likewise */
    DPA_HEX,     /* DPA_DIGEST_SIZE bytes, a string of lowercase hex digits */
    DPA_STRING   /* UTF-8, which must be valid: an escaped string, ASCII only */
} dpa_form;

/* A field of each line. Line i has items i * items .. i * items + items - 1 of values; DPA_STRING
 * has the bytes offsets[i] .. offsets[i + 1] - 1 of them. */
typedef struct dpa_text_field {
    dpa_form form;
    const char *head; /* what stands before the value: a brace or a comma, the name, a colon */
    size_t head_size;
    size_t items;
    /* Lists: the number of items of each, outermost first. Shape (2, 3) has 6 and 3; a plain
     * value, which is one item, has none. */
    const int64_t *lists;
    size_t list_count;
    /* Label i is the text label_ends[i - 1] .. label_ends[i] - 1 of labels; label_order has their
     * numbers in the order of their bytes. */
    const char *labels;
    const int64_t *label_ends, *label_order;
    size_t label_count;
    void *values;
    int64_t *offsets;
} dpa_text_field;

/* Writes lines first .. first + count - 1, each its fields, a closing brace and a separator. Stops
 * before the first that does not fit into capacity, or whose values have no text: NaN, infinity,
 * an index of no label. Returns how many it wrote; *size is their size. */
size_t dpa_write_lines(const dpa_text_field *fields, size_t field_count, const char *separator,
                       size_t separator_size, size_t first, size_t count, char *text,
                       size_t capacity, size_t *size);

/* Reads at most count lines into values of as many. Stops before the first that is not exactly as
 * dpa_write_lines writes it. Returns how many it read; *used is their size. A string takes no more
 * bytes than its text; offsets[0] is set to 0. What is behind the lines read is undefined. */
size_t dpa_read_lines(const dpa_text_field *fields, size_t field_count, const char *separator,
                      size_t separator_size, size_t count, const char *text, size_t size,
                      size_t *used);

#ifdef __cplusplus
}
#endif

#endif
