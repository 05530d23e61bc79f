/* check.h: what every C test needs. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dpa_columns.h"
#include "dpa_derivation.h"
#include "dpa_image.h"
#include "hash/kernel.h"

#if defined(_WIN32) /* no aligned_alloc, and free() is only for malloc */
#include <malloc.h>
#define malloc(size) _aligned_malloc(size, 16)
#define aligned_alloc(alignment, size) _aligned_malloc(size, alignment)
#define free _aligned_free
#endif

/* Counts a failure and says where; the tests go on. The arguments after the
 * condition are a printf format that names the case. */
#define CHECK(condition, ...)                                            \
    do {                                                                 \
        checks_made++;                                                   \
        if (!(condition)) {                                              \
            checks_failed++;                                             \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
            fprintf(stderr, __VA_ARGS__);                                \
            fputc('\n', stderr);                                         \
        }                                                                \
    } while (0)

extern unsigned long checks_made, checks_failed;

#define MAX_ENGINES 16

/* An engine for every kernel that this CPU can run; returns how many. */
size_t usable_engines(dpa_engine engines[MAX_ENGINES]);

/* Exactly size bytes, so that the address sanitizer sees one byte too many. */
void *allocate(size_t size);
void *allocate_aligned(size_t size); /* to DPA_SCRATCH_ALIGN */

uint64_t random_bits(uint64_t *state); /* the same from the same state on every machine */
void fill_random(void *bytes, size_t size, uint64_t seed);

FILE *open_vectors(const char *name); /* in tests/vectors; ends the program where absent */
void from_hex(const char *hex, uint8_t *bytes, size_t size);

/* SHA-256 of one message by one kernel. */
void hash(const struct dpa_kernel *kernel, const uint8_t *message, size_t size, uint8_t digest[32]);

/* One function for each subject. */
void test_dispatch(void);
void test_sha256(void);
void test_kernels(void);
void test_words(void);
void test_distributions(void);
void test_every(void);
void test_samplers(void);
void test_links(void);
void test_generate(void);
void test_requests(void);
void test_threads(void);
void test_leaves(void);
void test_moments(void);
void test_shortest(void);
void test_lines(void);
void test_noise(void);
void test_warp(void);
void test_effect(void);

#endif
