/* test_kernels.c: every kernel equals the portable one, for every count up to
 * more than a batch (six times the lanes of the widest), and touches nothing beyond its
 * samples. */
#include "check.h"

/* dpa_generate hands over up to 768 samples, but keeps most rests from the kernel and
 * never tells it of one sample alone: here every count reaches it. */
#define MOST 194

static sha256_state *copy_of(const sha256_state *state, size_t n)
{
    sha256_state *copy = allocate(n * sizeof *copy);
    memcpy(copy, state, n * sizeof *copy);
    return copy;
}

static void compress_equals_portable(const struct dpa_kernel *kernel)
{
    const size_t count = MOST;
    sha256_state *start = allocate(count * sizeof *start);
    uint8_t(*blocks)[64] = allocate(count * sizeof *blocks);
    fill_random(start, count * sizeof *start, 1);
    fill_random(blocks, count * sizeof *blocks, 2);
    sha256_state *expected = copy_of((const sha256_state *)start, count);
    dpa_kernel_portable.compress(expected, (const uint8_t(*)[64])blocks, count);
    for (size_t n = 0; n <= count; n++) {
        sha256_state *state = copy_of((const sha256_state *)start, n);
        uint8_t(*exactly)[64] = allocate(n * sizeof *exactly);
        memcpy(exactly, blocks, n * sizeof *exactly);
        kernel->compress(state, (const uint8_t(*)[64])exactly, n);
        CHECK(memcmp(state, expected, n * sizeof *state) == 0, "%s: %zu blocks", kernel->name, n);
        free(state);
        free(exactly);
    }
    free(start);
    free(blocks);
    free(expected);
}

/* Chains that start at keys: of one chaining value (step 0), or each of its own (1). Both
 * arrays end with the last sample. */
static void keys_equal_portable(const struct dpa_kernel *kernel, const struct link_run *run, size_t step)
{
    uint8_t blocks[MOST][64];
    sha256_state before[MOST], expected[MOST];
    fill_random(blocks, sizeof blocks, 5);
    fill_random(before, sizeof before, 6);
    const struct key_blocks all = {(const uint8_t(*)[64])blocks, (const sha256_state *)before, step};
    dpa_kernel_portable.link(expected, MOST, &all, run);
    for (size_t n = 0; n <= MOST; n++) {
        const size_t values = step > 0 ? n : 1;
        sha256_state *state = allocate(n * sizeof *state), *exactly = allocate(values * sizeof *exactly);
        uint8_t(*block)[64] = allocate(n * sizeof *block);
        memcpy(block, blocks, n * sizeof *block);
        memcpy(exactly, before, values * sizeof *exactly);
        const struct key_blocks keys = {(const uint8_t(*)[64])block, (const sha256_state *)exactly, step};
        kernel->link(state, n, &keys, run);
        CHECK(memcmp(state, expected, n * sizeof *state) == 0, "%s: %zu keys, step %zu, %zu links of %zu blocks",
              kernel->name, n, step, run->links, run->blocks);
        free(state);
        free(exactly);
        free(block);
    }
}

static void run_equals_portable(const struct dpa_kernel *kernel, size_t links, size_t blocks)
{
    const size_t count = MOST, rows = links * blocks;
    uint32_t(*schedule)[64] = allocate(rows * sizeof *schedule);
    sha256_state *start = allocate(count * sizeof *start);
    fill_random(schedule, rows * sizeof *schedule, 3);
    fill_random(start, count * sizeof *start, 4);
    const struct link_run run = {links, blocks, (const uint32_t(*)[64])schedule};
    sha256_state *expected = copy_of((const sha256_state *)start, count);
    dpa_kernel_portable.link(expected, count, NULL, &run);
    for (size_t n = 0; n <= count; n++) {
        /* One state behind the last, which the kernel has no business with. */
        sha256_state *state = copy_of((const sha256_state *)start, n < count ? n + 1 : n);
        kernel->link(state, n, NULL, &run);
        CHECK(memcmp(state, expected, n * sizeof *state) == 0,
              "%s: %zu samples, %zu links of %zu blocks", kernel->name, n, links, blocks);
        if (n < count)
            CHECK(memcmp(state[n], start[n], sizeof *state) == 0, "%s: wrote behind %zu samples",
                  kernel->name, n);
        free(state);
    }
    for (size_t step = 0; step < 2; step++)
        keys_equal_portable(kernel, &run, step);
    free(schedule);
    free(start);
    free(expected);
}

/* Digits 0 to f in every place, where the hex of a kernel could go wrong. */
static void every_hex_digit(const struct dpa_kernel *kernel)
{
    static const uint32_t schedule[1][64] = {{0}};
    const struct link_run run = {1, 1, schedule};
    for (uint32_t digit = 0; digit < 16; digit++) {
        sha256_state state[8], expected[8];
        for (size_t i = 0; i < 8; i++)
            for (uint32_t t = 0; t < 8; t++)
                state[i][t] = expected[i][t] = digit << 4 * i | 0x9au << (4 * t & 31);
        kernel->link(state, 8, NULL, &run);
        dpa_kernel_portable.link(expected, 8, NULL, &run);
        CHECK(memcmp(state, expected, sizeof state) == 0, "%s: digit %x", kernel->name, digit);
    }
}

void test_kernels(void)
{
    /* 34 blocks: the longest link, fib(9999). */
    static const size_t runs[][2] = {{0, 1},  {1, 1}, {2, 1}, {3, 1}, {10, 1},
                                     {1, 2},  {2, 2}, {5, 2}, {1, 3}, {2, 3},
                                     {1, 34}, {2, 34}};
    dpa_engine engines[MAX_ENGINES];
    const size_t n = usable_engines(engines);
    for (size_t i = 0; i < n; i++) {
        compress_equals_portable(engines[i].bulk);
        every_hex_digit(engines[i].bulk);
        for (size_t r = 0; r < sizeof runs / sizeof runs[0]; r++)
            run_equals_portable(engines[i].bulk, runs[r][0], runs[r][1]);
    }
}
