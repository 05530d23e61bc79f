/* dpa.h: sample ids to augmentation parameters (the derivation: docs/spec.md).
 *
 * C11 and libc alone. Nothing here allocates, locks, prints, fails half-way or
 * keeps state: the caller owns every buffer, and threads may share an engine,
 * the links and a request as long as they fill different samples.
 */
#ifndef DPA_H
#define DPA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DPA_DIGEST_SIZE 32    /* bytes of a SHA-256 digest */
#define DPA_MAX_DEPTH 10000   /* links of the longest chain */
#define DPA_TABLE_LINKS 256   /* links kept expanded; later ones are made on the fly */
#define DPA_MAX_LIMBS 117     /* limbs of base 10^18 that hold fib(DPA_MAX_DEPTH) */
#define DPA_SCRATCH_ALIGN 64  /* what scratch memory must be aligned to, in bytes */
#define DPA_MOMENTS_BLOCK 4096 /* samples of one statistics block */
#define DPA_SHORTEST_SIZE 24  /* characters of the longest text of a double */

#if defined(__GNUC__)
#define DPA_MUST_CHECK __attribute__((warn_unused_result))
#else
#define DPA_MUST_CHECK
#endif

/* ---- Engines: the kernels chosen for this CPU ---- */

typedef enum { DPA_OK, DPA_UNKNOWN_KERNEL, DPA_UNUSABLE_KERNEL, DPA_BROKEN_KERNEL } dpa_status;

typedef enum { DPA_XOSHIRO256PP, DPA_MT19937 } dpa_sampler;

typedef struct dpa_engine {
    const struct dpa_kernel *bulk;                 /* many samples */
    const struct dpa_kernel *single;               /* one sample: the least latency */
    const struct dpa_sampler_variant *samplers[2]; /* by dpa_sampler */
} dpa_engine;

size_t dpa_kernel_count(void);                 /* kernels compiled in, best first */
const char *dpa_kernel_name(size_t index);     /* index < dpa_kernel_count() */
bool dpa_kernel_usable(size_t index);          /* true where this CPU can run it */
const char *dpa_engine_name(const dpa_engine *engine);
const char *dpa_cpu_features(char *text, size_t size); /* space-separated names, cut to size */

/* Fills *engine with the kernel called name, or with the best one where name is
 * NULL, after a self-test; *engine is untouched unless DPA_OK is returned. */
DPA_MUST_CHECK dpa_status dpa_engine_choose(dpa_engine *engine, const char *name);

/* ---- Links: what a chain hashes after each digest ---- */

typedef struct dpa_fibonacci { /* fib(index) and its successor, little-endian limbs of base 10^18 */
    uint32_t index, limbs;
    uint64_t current[DPA_MAX_LIMBS], next[DPA_MAX_LIMBS];
} dpa_fibonacci;

typedef struct dpa_links {
    uint32_t schedule[DPA_TABLE_LINKS][64]; /* W[t] + K[t] of each link's constant block */
    dpa_fibonacci after;                    /* the first link that is not in the table */
} dpa_links;

void dpa_links_init(dpa_links *links);

/* ---- Generation ---- */

/* The keys of a request: prefix, then the id. Ids are, in this order of choice,
 * text (sample i is text[offsets[i] .. offsets[i + 1])), ids in decimal, or the
 * decimals start, start + 1, ... */
typedef struct dpa_keys {
    const uint8_t *prefix;
    size_t prefix_size;
    const uint8_t *text;
    const int64_t *offsets;
    const uint64_t *ids;
    uint64_t start;
} dpa_keys;

/* What to make. Column c, sample i is low[c] + (high[c] - low[c]) * u, where u is
 * uniform number skip + c of the sample, stored at values[c] + i * stride. */
typedef struct dpa_request {
    dpa_keys keys;
    uint32_t depth;              /* 1 to DPA_MAX_DEPTH */
    dpa_sampler sampler;
    uint64_t skip;               /* skip + columns < 2^63 */
    size_t columns;              /* 0: digests alone */
    const double *low, *high;
    void *const *values;         /* double, or float where single_precision */
    ptrdiff_t stride;            /* in values, not bytes */
    bool single_precision;
    uint8_t (*digests)[DPA_DIGEST_SIZE]; /* of every sample, or NULL */
} dpa_request;

/* Bytes of scratch memory that dpa_generate needs for spans of up to count samples. */
size_t dpa_scratch_size(const dpa_engine *engine, const dpa_request *request, size_t count);

/* Fills samples first .. first + count - 1 of the request. */
void dpa_generate(const dpa_engine *engine, const dpa_links *links, const dpa_request *request,
                  size_t first, size_t count, void *scratch);

/* ---- Checking and summarising columns ---- */

/* Adds to sum, a 256-bit little-endian integer, the leaf of every sample first ..
 * first + count - 1: SHA-256(u32le(key size), key, digest, values as float64 le). */
void dpa_add_leaves(const dpa_engine *engine, const dpa_keys *keys, size_t first, size_t count,
                    const uint8_t (*digests)[DPA_DIGEST_SIZE], const double *const *values,
                    size_t columns, uint64_t sum[4]);

typedef struct dpa_moments {
    double mean, squares, min, max; /* squares: sum of squared deviations from the mean */
} dpa_moments;

/* Moments of 1 to DPA_MOMENTS_BLOCK values, summed in one fixed order. */
void dpa_block_moments(const double *values, size_t count, dpa_moments *moments);

/* Writes the lowercase hex digits of a digest, without an end mark. */
void dpa_hex(const uint8_t digest[DPA_DIGEST_SIZE], char text[2 * DPA_DIGEST_SIZE]);

/* Writes the shortest decimal text, without an end mark, that reads back as value and among
 * those the nearest: as Python's repr. Returns its size, and 0 for what it leaves to others:
 * below 1e-4 or from 2^53 on in magnitude, NaN, and all where there are no 128-bit integers. */
size_t dpa_shortest(double value, char text[DPA_SHORTEST_SIZE]);

/* ---- Pixels ---- */

/* Fills out with the noise of a hash: normal values, the same for the same digest everywhere.
 * table[k] is float(the standard normal quantile at (k + 0.5) / 65536), 65536 of them. */
void dpa_noise(const uint8_t digest[DPA_DIGEST_SIZE], const float *table, float *out, size_t count);

typedef enum { DPA_UINT8, DPA_UINT16, DPA_FLOAT32 } dpa_pixel;

typedef struct dpa_tone {
    float gain, offset, stdev;
} dpa_tone;

/* Each pixel becomes gain * pixel + offset + stdev * noise, every step rounded to float, and
 * integers are then rounded, ties to even, and clipped. The noise is that of dpa_noise;
 * without a table (NULL) it is 0 and digest is not read. */
void dpa_apply_tone(dpa_pixel type, void *pixels, size_t count, const dpa_tone *tone,
                    const uint8_t digest[DPA_DIGEST_SIZE], const float *table);

#ifdef __cplusplus
}
#endif

#endif
