/* test_links.c: the constant blocks of all 10,000 links, table and windows, against
 * padded messages written out here. */
#include "expected.h"

#include "hash/links.h"
#include "hash/sha256.h"

/* The blocks behind the hex block of the message "64 hex characters, then digits". */
static size_t write_blocks(const struct fibonacci *at, uint8_t *bytes)
{
    const size_t size = fibonacci_text(at, bytes);
    const size_t blocks = (size + 1 + 8 + 63) / 64;
    memset(bytes + size, 0, 64 * blocks - size);
    bytes[size] = 0x80;
    store_be64(bytes + 64 * blocks - 8, 8 * (64 + size));
    return blocks;
}

/* The blocks of one link, expanded, equal the schedules found for it. */
static void same_link(const struct fibonacci *at, size_t link, const uint32_t (*found)[64],
                      size_t blocks)
{
    static uint8_t bytes[64 * 40];
    const size_t expected = write_blocks(at, bytes);
    CHECK(blocks == expected, "link %zu has %zu blocks, not %zu", link, blocks, expected);
    for (size_t b = 0; b < blocks && b < expected; b++) {
        uint32_t w[16], wk[64];
        for (size_t t = 0; t < 16; t++)
            w[t] = load_be32(bytes + 64 * b + 4 * t);
        dpa_sha256_schedule(w, wk);
        CHECK(memcmp(found[b], wk, sizeof wk) == 0, "link %zu, block %zu", link, b);
    }
}

/* The table, then windows of a chain of the given depth. */
static void chain_of(const dpa_links *links, uint32_t depth)
{
    static uint32_t window[WINDOW_BLOCKS][64];
    struct fibonacci at;
    size_t link = 0, last_blocks = 1;
    fibonacci_first(&at);
    for (; link < DPA_TABLE_LINKS; link++, fibonacci_step(&at))
        same_link(&at, link, &links->schedule[link], 1);
    struct dpa_fibonacci later;
    links_after_table(links, &later);
    while (later.index < depth) {
        const struct link_run run = dpa_links_expand(&later, depth, window, WINDOW_BLOCKS);
        CHECK(run.links > 0 && run.links * run.blocks <= WINDOW_BLOCKS, "link %zu", link);
        CHECK(run.blocks >= last_blocks, "link %zu: %zu blocks", link, run.blocks);
        if (run.links == 0)
            return;
        for (size_t l = 0; l < run.links; l++, link++, fibonacci_step(&at))
            same_link(&at, link, run.schedule + l * run.blocks, run.blocks);
        last_blocks = run.blocks;
        CHECK(later.index == link, "at link %u, not %zu", later.index, link);
    }
    CHECK(link == depth, "depth %u ends behind link %zu", depth, link);
}

/* fib(94) is the first beyond 64 bits, fib(265) the first of 56 digits. */
static void known_numbers(void)
{
    static const char *const known[][2] = {
        {"93", "12200160415121876738"},
        {"94", "19740274219868223167"},
        {"265", "10770594215935749279482183257489712959102052723690265265"},
    };
    uint8_t text[2200];
    struct fibonacci at;
    fibonacci_first(&at);
    for (unsigned i = 0, k = 0; k < sizeof known / sizeof known[0]; i++, fibonacci_step(&at)) {
        if (i != (unsigned)atoi(known[k][0]))
            continue;
        const size_t size = fibonacci_text(&at, text);
        CHECK(size == strlen(known[k][1]) && memcmp(text, known[k][1], size) == 0, "fib(%u)", i);
        k++;
    }
}

void test_links(void)
{
    static const uint32_t depths[] = {257, 258, 265, 266, 267, 300, 1000, DPA_MAX_DEPTH};
    static dpa_links links;
    memset(&links, 0xee, sizeof links);
    dpa_links_init(&links);
    struct dpa_fibonacci after;
    links_after_table(&links, &after);
    CHECK(after.index == DPA_TABLE_LINKS, "the table ends at %u", after.index);
    known_numbers();
    for (size_t i = 0; i < sizeof depths / sizeof depths[0]; i++)
        chain_of(&links, depths[i]);
}
