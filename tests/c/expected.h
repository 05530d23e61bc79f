/* expected.h: the derivation once more, the plain way: whole messages as text. */
#ifndef EXPECTED_H
#define EXPECTED_H

#include "check.h"

/* Fibonacci numbers by school addition, least significant digit first. */
struct fibonacci {
    size_t size, next_size;
    uint8_t digits[2200], next[2200];
};

void fibonacci_first(struct fibonacci *at); /* 0, with 1 to follow */
void fibonacci_step(struct fibonacci *at);
size_t fibonacci_text(const struct fibonacci *at, uint8_t *text); /* most significant first */

/* The digest of a chain, by the portable kernel. Depth: up to 400. */
void expected_digest(const uint8_t *key, size_t size, uint32_t depth, uint8_t digest[32]);

/* Uniforms 0 .. count - 1 of a digest, by the portable samplers. */
void expected_uniforms(const uint8_t digest[32], dpa_sampler sampler, size_t count, double *uniform);

/* Words 0 .. count - 1 of the name that has this tag, by SHA-256 of whole messages. */
void expected_words(const uint8_t digest[32], const uint8_t tag[16], size_t count, uint64_t *word);

#endif
