/* distributions.h: words of parameters to values, for one vector level. Private to csrc. */
#ifndef DPA_DISTRIBUTIONS_H
#define DPA_DISTRIBUTIONS_H

#include "dpa_derivation.h"

/* Samples of one batch, and the most values of one call: whole groups of every kernel (6
 * streams, 2 x 16 lanes). */
#define BATCH 192
#define ROW BATCH /* between the first and the second word of a value */

/* Value i of n <= BATCH has the word word[i]; Beta's second word is word[ROW + i]. */
struct dpa_distributions {
    const char *level; /* as samplers have it */
    uint32_t needs;
    /* Uniform, LogUniform, Normal, TruncatedNormal, Beta. */
    void (*reals)(const dpa_column *column, const uint64_t *word, size_t n, double *value);
    /* Integers (as int64_t), Bernoulli, Choice. */
    void (*integers)(const dpa_column *column, const uint64_t *word, size_t n, uint64_t *value);
};

extern const struct dpa_distributions dpa_distributions_portable;
extern const struct dpa_distributions dpa_distributions_avx2;
extern const struct dpa_distributions dpa_distributions_avx512;

#endif
