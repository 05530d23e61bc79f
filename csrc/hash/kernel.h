/* kernel.h: what a kernel is. Private to csrc.
 *
 * A kernel hashes many independent samples side by side. It never sees keys,
 * depths or samplers: its caller stages blocks and hands over runs of links.
 */
#ifndef DPA_KERNEL_H
#define DPA_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Chaining values and digests are eight words, as FIPS 180-4 writes them. */
typedef uint32_t sha256_state[8];

/* Consecutive links with equally many constant blocks. Link l hashes the 64 hex
 * characters of the digest, then its constant blocks, whose W[t] + K[t] are
 * schedule[l * blocks] .. schedule[l * blocks + blocks - 1]. */
struct link_run {
    size_t links, blocks;
    const uint32_t (*schedule)[64];
};

/* Keys, as far as they are not hashed yet: of sample i the last block, block[i], and the chaining
 * value before it, before[i * step]. A step is 1, or 0 where all keys share that value, which then
 * must not lie in the states that are written. */
struct key_blocks {
    const uint8_t (*block)[64];
    const sha256_state *before;
    size_t step;
};

/* Blocks whose words parameters take (docs/spec.md, "Declared parameters"), one compression
 * each: eight words of digest, then eight of the parameter and the counter. Block i is
 * digest[i * digest_step], half[i * half_step]; a step is 1, or 0 where all blocks share
 * that half. */
struct word_blocks {
    const sha256_state *digest, *half;
    size_t digest_step, half_step;
};

struct dpa_kernel {
    const char *name;
    uint32_t needs; /* CPU_* bits */
    unsigned lanes; /* samples it works on at once */
    /* Adds one block to each of n states. */
    void (*compress)(sha256_state *state, const uint8_t (*block)[64], size_t n);
    /* Takes each of n digests through a run of links. The chains start at the digests of keys,
     * or where keys is NULL at those in state. */
    void (*link)(sha256_state *state, size_t n, const struct key_blocks *keys,
                 const struct link_run *run);
    /* Hashes n blocks; word[k * row + i] is 64-bit word k of hash i, big-endian, for the
     * first `wanted` of the four. */
    void (*words)(const struct word_blocks *blocks, size_t n, unsigned wanted, uint64_t *word,
                  size_t row);
};

/* The self-test of a choice: blocks, runs of links and words on every lane, against the
 * portable kernel, and the portable kernel against a published digest. With a count of 0 it is
 * this digest alone. */
bool dpa_kernels_pass(const struct dpa_kernel *const *kernels, size_t count);

extern const struct dpa_kernel dpa_kernel_portable;
extern const struct dpa_kernel dpa_kernel_shani;
extern const struct dpa_kernel dpa_kernel_avx512;
extern const struct dpa_kernel dpa_kernel_avx2;
extern const struct dpa_kernel dpa_kernel_vec128;
extern const struct dpa_kernel dpa_kernel_armv8;

#endif
