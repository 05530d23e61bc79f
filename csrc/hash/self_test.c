/* self_test.c: whether a kernel is right on this machine, before anything depends on it. */
#include "hash/kernel.h"
#include "hash/sha256.h"

#define TEST_BLOCKS 33  /* the widest kernel's lanes, and a rest */
#define TEST_SAMPLES 65 /* two groups of the widest kernel twice, and a rest */

static void fill(void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)((i + 1) * 2654435761u >> 13);
}

/* The portable kernel against SHA-256 of the empty message. */
static bool portable_passes(void)
{
    static const sha256_state empty = {0xe3b0c442, 0x98fc1c14, 0x9afbf4c8, 0x996fb924,
                                       0x27ae41e4, 0x649b934c, 0xa495991b, 0x7852b855};
    sha256_state state = {SHA256_H0};
    const uint8_t block[1][64] = {{0x80}};
    dpa_kernel_portable.compress(&state, block, 1);
    return memcmp(state, empty, sizeof state) == 0;
}

/* What a kernel makes of the same keys and links. Each call takes the results of the one before. */
static void hash_all(const struct dpa_kernel *kernel, sha256_state state[TEST_SAMPLES])
{
    uint32_t schedule[2][64];
    const uint32_t(*wk)[64] = (const uint32_t(*)[64])schedule;
    const struct link_run runs[] = {{2, 1, wk}, {1, 2, wk}};
    sha256_state before[TEST_SAMPLES];
    const sha256_state *chaining = (const sha256_state *)before;
    uint8_t blocks[TEST_SAMPLES][64];
    const uint8_t(*block)[64] = (const uint8_t(*)[64])blocks;
    fill(schedule, sizeof schedule);
    fill(state, TEST_SAMPLES * sizeof *state);
    fill(before, sizeof before);
    fill(blocks, sizeof blocks);
    kernel->link(state, TEST_SAMPLES, &(struct key_blocks){block, chaining, 0}, &runs[0]);
    kernel->compress(state, block, TEST_SAMPLES);
    memcpy(before, state, sizeof before);
    kernel->link(state, TEST_SAMPLES, &(struct key_blocks){block, chaining, 1}, &runs[1]);
    kernel->link(state, TEST_SAMPLES, NULL, &runs[1]);
}

static void make_words(const struct dpa_kernel *kernel, uint64_t word[2][4 * TEST_BLOCKS])
{
    sha256_state states[TEST_BLOCKS];
    const sha256_state *state = (const sha256_state *)states;
    const struct word_blocks shared[] = {{state, state + 1, 1, 0}, {state + 1, state, 0, 1}};
    fill(states, sizeof states);
    for (int s = 0; s < 2; s++)
        kernel->words(&shared[s], TEST_BLOCKS, 4, word[s], TEST_BLOCKS);
}

bool dpa_kernels_pass(const struct dpa_kernel *const *kernels, size_t count)
{
    sha256_state state[TEST_SAMPLES], expected_state[TEST_SAMPLES];
    uint64_t word[2][4 * TEST_BLOCKS], expected_word[2][4 * TEST_BLOCKS];
    const bool passes = portable_passes();
    if (!passes || count == 0)
        return passes;
    hash_all(&dpa_kernel_portable, expected_state);
    make_words(&dpa_kernel_portable, expected_word);
    for (size_t k = 0; k < count; k++) {
        hash_all(kernels[k], state);
        memset(word, 0, sizeof word); /* not the words of the kernel before */
        make_words(kernels[k], word);
        if (memcmp(state, expected_state, sizeof state) != 0 ||
            memcmp(word, expected_word, sizeof word) != 0)
            return false;
    }
    return true;
}
