/* requests.h: requests made from a few numbers, for comparing engines. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "engines.h"

#define MAX_COLUMNS 7

enum ids { COUNTED, LISTED, TEXTS };

struct shape {
    size_t first, count; /* the samples to make */
    uint32_t depth;
    dpa_sampler sampler;
    uint64_t skip;
    size_t columns;   /* up to MAX_COLUMNS */
    ptrdiff_t stride; /* not 0 */
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
    uint8_t *columns[MAX_COLUMNS];
    size_t column_size; /* bytes */
    void *values[MAX_COLUMNS];
    double low[MAX_COLUMNS], high[MAX_COLUMNS];
};

void open_job(struct job *job, const struct shape *shape);
void close_job(struct job *job);

/* Makes samples first .. first + count - 1 of the job. */
void run_span(const struct job *job, const dpa_engine *engine, const dpa_links *links, size_t first,
              size_t count);

/* True where two jobs of one shape hold the same bytes, between the samples too. */
bool same_output(const struct job *a, const struct job *b);

void print_shape(const struct shape *shape);

/* Makes a shape on every variant and compares each with the portable engine. */
void check_shape(const struct variant *variants, size_t count, const dpa_links *links,
                 const struct shape *shape);

#endif
