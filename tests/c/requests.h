/* requests.h: requests made from a few numbers, for comparing engines. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "engines.h"

#define MAX_COLUMNS 13
#define MAX_THRESHOLDS 300

enum ids { COUNTED, LISTED, TEXTS };

struct shape {
    size_t first, count; /* the samples to make */
    uint32_t depth;
    dpa_sampler sampler;
    bool declared;  /* columns of all kinds; else plain uniforms */
    uint64_t skip;  /* of plain uniforms */
    size_t columns; /* up to MAX_COLUMNS, with which declared ones are of every kind */
    bool holes;     /* some declared columns are not wanted */
    bool single_precision, digests;
    size_t prefix_size;
    enum ids ids;
    uint64_t start;   /* where ids are COUNTED */
    size_t text_size; /* of the longest one, where ids are TEXTS */
    uint64_t seed;    /* of keys and columns */
};

/* The request of a shape, with memory of its own for all that it points to. */
struct job {
    struct shape shape;
    dpa_request request;
    uint8_t *prefix, *text, *digests;
    int64_t *offsets;
    uint64_t *ids;
    dpa_column column[MAX_COLUMNS];
    uint64_t thresholds[MAX_COLUMNS][MAX_THRESHOLDS];
    size_t sizes[MAX_COLUMNS]; /* of what values point to, in bytes */
    void *values[MAX_COLUMNS];
};

/* Bytes that one sample takes in a column. */
size_t sample_size(const dpa_column *column, bool single_precision);

/* Any column of a kind; thresholds has room for MAX_THRESHOLDS of them. */
dpa_column random_column(dpa_kind kind, uint64_t *seed, uint64_t *thresholds);

void open_job(struct job *job, const struct shape *shape);
void close_job(struct job *job);

/* Makes samples first .. first + count - 1 of the job. */
void run_span(const struct job *job, const dpa_engine *engine, const dpa_links *links, size_t first,
              size_t count);

/* True where two jobs of one shape hold the same bytes. */
bool same_output(const struct job *a, const struct job *b);

void print_shape(const struct shape *shape);

/* Makes a shape on every variant and compares each with the portable engine. */
void check_shape(const struct variant *variants, size_t count, const dpa_links *links,
                 const struct shape *shape);

#endif
