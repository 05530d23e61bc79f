/* dpa_derivation.h: from sample ids to digests and columns of parameters (docs/spec.md).
 *
 * A program chooses an engine, initialises the links, describes what it wants in a
 * dpa_request, brings scratch memory and calls dpa_generate: tests/c/stranger.cpp is one.
 *
 * C11 or C++17, and libc alone. Nothing here allocates, locks, prints, fails half-way or
 * keeps state. The caller owns every buffer, and no pointer is kept after a call returns;
 * texts that are returned are constants. Threads may share an engine, the links and a
 * request as long as they fill different samples, each with its own scratch memory.
 */
#ifndef DPA_DERIVATION_H
#define DPA_DERIVATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DPA_VERSION "0.1.0"  /* of this header; dpa.__version__ in Python */
#define DPA_DIGEST_SIZE 32   /* bytes of a SHA-256 digest */
#define DPA_MAX_DEPTH 10000  /* links of the longest chain */
#define DPA_TABLE_LINKS 256  /* links kept expanded; later ones are made on the fly, and slower */
#define DPA_SCRATCH_ALIGN 64 /* what scratch memory must be aligned to, in bytes */

#if defined(__GNUC__)
#define DPA_MUST_CHECK __attribute__((warn_unused_result))
#else
#define DPA_MUST_CHECK
#endif

/* The DPA_VERSION that the library was compiled with. */
const char *dpa_version(void);

/* ---- Engines: the kernels chosen for this CPU ---- */

typedef enum dpa_status {
    DPA_OK,
    DPA_UNKNOWN_KERNEL,  /* this build has no kernel of that name */
    DPA_UNUSABLE_KERNEL, /* this CPU lacks instructions that it needs */
    DPA_BROKEN_KERNEL,   /* it computes wrong bits on this machine */
} dpa_status;

typedef enum dpa_sampler { DPA_XOSHIRO256PP, DPA_MT19937 } dpa_sampler;

/* Filled by dpa_engine_choose. It points to constants: copy it as you like. */
typedef struct dpa_engine {
    const struct dpa_kernel *bulk;                 /* many samples */
    const struct dpa_kernel *single;               /* one sample: the least latency */
    const struct dpa_sampler_variant *samplers[2]; /* by dpa_sampler */
    const struct dpa_distributions *distributions;
} dpa_engine;

size_t dpa_kernel_count(void);             /* kernels compiled in, best first */
const char *dpa_kernel_name(size_t index); /* index < dpa_kernel_count() */
bool dpa_kernel_usable(size_t index);      /* true where this CPU can run it */
const char *dpa_engine_name(const dpa_engine *engine); /* its kernel for many samples */

/* Writes the names of the CPU's features to text, size bytes: separated by spaces, cut to
 * fit, ended with NUL. Returns text. */
const char *dpa_cpu_features(char *text, size_t size);

/* Fills *engine with the kernel called name, or with the best one where name is
 * NULL, after a self-test; *engine is untouched unless DPA_OK is returned. */
DPA_MUST_CHECK dpa_status dpa_engine_choose(dpa_engine *engine, const char *name);

/* ---- Links: what a chain hashes after each digest ---- */

/* 66 KB that are the same for every request: make them once and share them. The members
 * are private, and only dpa_links_init writes them. */
typedef struct dpa_links {
    uint32_t schedule[DPA_TABLE_LINKS][64];
    uint64_t later[235];
} dpa_links;

void dpa_links_init(dpa_links *links);

/* ---- Generation ---- */

/* The keys of a request: prefix, then the id. Ids are, in this order of choice,
 * text (sample i is text[offsets[i]] up to text[offsets[i + 1] - 1], in UTF-8, where n
 * samples have n + 1 offsets), ids in decimal, or the decimals start, start + 1, ... */
typedef struct dpa_keys {
    const uint8_t *prefix;
    size_t prefix_size; /* bytes; 0: prefix is not read */
    const uint8_t *text;
    const int64_t *offsets; /* bytes, ascending */
    const uint64_t *ids;
    uint64_t start;
} dpa_keys;

/* What a column's items are, and their type in memory. "real" is double, or float where the
 * request has single_precision: the double, rounded once. */
typedef enum dpa_kind {
    DPA_DRAWN,            /* real: uniform in [a, b), from the sample's sampler */
    DPA_UNIFORM,          /* real: uniform in [a, b) */
    DPA_LOG_UNIFORM,      /* real: log-uniform in [a, b], 0 < a <= b, b / a <= 2^1000 */
    DPA_NORMAL,           /* real: mean a, standard deviation b */
    DPA_TRUNCATED_NORMAL, /* real: the same, within low .. high */
    DPA_BETA,             /* real: Beta(a, a), 2^-10 <= a <= 2^20 */
    DPA_INTEGERS,         /* int64_t: start + step * (0 .. count - 1) */
    DPA_BERNOULLI,        /* uint8_t: 1 with probability a, else 0 */
    DPA_CHOICE,           /* int32_t: 0 .. count, by thresholds */
    DPA_SUBSET,           /* int32_t: picked distinct codes of 0 .. count - 1, in random order */
    DPA_SEED              /* uint64_t: the word itself */
} dpa_kind;

/* A parameter (docs/spec.md, "Declared parameters"). What a kind does not name is not read.
 * The items of one sample take at most 65,536 words: `picked` each of DPA_SUBSET, two of
 * DPA_BETA, else one. */
typedef struct dpa_column {
    dpa_kind kind;
    uint8_t tag[16]; /* of the name, by dpa_tag; DPA_DRAWN has none */
    uint32_t draw;   /* DPA_DRAWN: which uniform number of the sampler, 0 to 255 */
    size_t items;    /* of one sample, 1 or more (DPA_SUBSET: subsets); DPA_DRAWN has 1 */
    double a, b;
    double low, high; /* DPA_TRUNCATED_NORMAL: the bounds */
    /* DPA_INTEGERS: the lowest value and the step as int64_t, and how many values, to 2^32.
     * DPA_TRUNCATED_NORMAL: the values within the bounds come from the open uniforms number
     * start .. start + count - 1 of 2^52, and step is not read.
     * DPA_CHOICE: count thresholds. DPA_SUBSET: count choices, 1 to 65,536. */
    uint64_t start, step, count;
    uint32_t picked; /* DPA_SUBSET: of each subset, 1 to count */
    /* DPA_CHOICE: ascending; the code is how many are at most the word. A threshold of 2^64,
     * as the last one is, is left out. */
    const uint64_t *thresholds;
} dpa_column;

/* Writes the tag of a name: the first bytes of SHA-256 of its size bytes of UTF-8. */
void dpa_tag(const char *name, size_t size, uint8_t tag[16]);

/* What to make. Item j of sample i in column c goes to values[c], an array of the column's
 * type, at index i * items + j; DPA_SUBSET has `picked` codes there. Columns of DPA_DRAWN come
 * first and by ascending draw, which may leave gaps and repeat.
 *
 * Without columns (NULL) these are the sampler's plain uniforms: numbers skip .. skip +
 * columns - 1 of sample i go to values[0], an array of double, from index i * columns on. */
typedef struct dpa_request {
    dpa_keys keys;
    uint32_t depth; /* links of the chain: 1 to DPA_MAX_DEPTH */
    dpa_sampler sampler;
    uint64_t skip; /* without columns; skip + columns < 2^63 */
    const dpa_column *column;
    size_t columns;      /* 0: digests alone */
    void *const *values; /* a pointer a column; NULL: this column is not wanted */
    bool single_precision;
    uint8_t (*digests)[DPA_DIGEST_SIZE]; /* of every sample, or NULL */
} dpa_request;

/* Bytes of scratch memory that dpa_generate needs for spans of up to count samples. Beyond
 * 768 samples it no longer grows. Subsets need up to 640 KB beside the rest. */
size_t dpa_scratch_size(const dpa_engine *engine, const dpa_request *request, size_t count);

/* Fills samples first .. first + count - 1 of the request. scratch is aligned to
 * DPA_SCRATCH_ALIGN; what it holds before and after has no meaning. */
void dpa_generate(const dpa_engine *engine, const dpa_links *links, const dpa_request *request,
                  size_t first, size_t count, void *scratch);

/* ---- Two functions that distributions are made of: the same bits on every machine ---- */

double dpa_half_sine(double x);       /* sin(pi / 2 * x); 0 <= x <= 1 */
double dpa_normal_quantile(double u); /* of the standard normal; u normal, 0 < u < 1 */

/* Writes the lowercase hex digits of a digest, without an end mark. */
void dpa_hex(const uint8_t digest[DPA_DIGEST_SIZE], char text[2 * DPA_DIGEST_SIZE]);

#ifdef __cplusplus
}
#endif

#endif
