/* columns.h: digests to columns. Private to csrc. */
#ifndef DPA_SAMPLE_COLUMNS_H
#define DPA_SAMPLE_COLUMNS_H

#include "dpa_derivation.h"
#include "hash/kernel.h"
#include "sample/distributions.h"
#include "sample/sampler.h"

/* What the columns of a request need beside the digests. */
struct columns {
    const dpa_engine *engine;
    const dpa_request *request;
    const struct dpa_sampler_variant *sampler;
    const struct dpa_distributions *distributions;
    uint64_t draws;   /* of the sampler, for each sample; 0: it is not needed */
    size_t drawn;     /* columns that the sampler makes; those behind have words */
    size_t words;     /* room for the words of subsets */
    size_t choices;   /* of the largest subset's choices; 0: there is none */
    double *uniform;  /* scratch memory from here on: room for DRAWN values, whole lanes */
    void *generators; /* as many states of the sampler */
    uint64_t *word;
    uint16_t *order; /* choices in order; shuffles leave it so */
};

/* Samples the sampler takes at a time: 240 KB of mt19937, which the L2 cache holds. */
#define DRAWN 96

/* All but the scratch memory, for spans of up to count samples. */
void dpa_columns_plan(struct columns *columns, const dpa_engine *engine, const dpa_request *request,
                      size_t count);

/* Writes the identity permutation to order, which must have its scratch memory. */
void dpa_columns_reset_order(const struct columns *columns);

/* The columns of the n <= BATCH samples from number first on, with these digests. */
void dpa_columns_fill(const struct columns *columns, size_t first, size_t n, const sha256_state *digest);

#endif
