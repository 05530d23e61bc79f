/* test_words.c: every kernel's words against SHA-256 of whole messages, for every count up to
 * more than a batch, and each half apart or shared. */
#include "expected.h"

#include "hash/platform.h"

#define MOST 194 /* as in test_kernels.c */

static uint8_t digests[MOST][32], tags[MOST][16];
static sha256_state digest_words[MOST], halves[MOST];
static uint64_t expected[2][2][4][MOST]; /* by which half is shared */

/* Block number i of the parameter with tag i, as the last 32 bytes of a padded block. */
static void make_half(size_t i)
{
    uint8_t bytes[32] = {[21] = 0x80};
    memcpy(bytes + 5, tags[i], 16);
    store_be64(bytes + 24, 53 * 8);
    for (int t = 0; t < 8; t++) {
        digest_words[i][t] = load_be32(digests[i] + 4 * t);
        halves[i][t] = load_be32(bytes + 4 * t);
    }
}

static void make_all(void)
{
    fill_random(digests, sizeof digests, 1);
    fill_random(tags, sizeof tags, 2);
    for (size_t i = 0; i < MOST; i++)
        make_half(i);
    for (size_t i = 0; i < 4 * MOST; i++) {
        const size_t d = i & 1, h = i >> 1 & 1, at = i / 4;
        uint64_t word[4];
        expected_words(digests[d ? at : 0], tags[h ? at : 0], 4, word);
        for (size_t k = 0; k < 4; k++)
            expected[d][h][k][at] = word[k];
    }
}

static void every_count(const struct dpa_kernel *kernel, size_t d, size_t h)
{
    const struct word_blocks blocks = {(const sha256_state *)digest_words, (const sha256_state *)halves, d, h};
    for (size_t n = 0; n <= MOST; n++) {
        const unsigned wanted = n == MOST ? 4 : 1 + (unsigned)(n % 4);
        const size_t row = n + n % 3; /* what lies between the rows is not touched */
        uint64_t *word = allocate(wanted * row * sizeof *word);
        memset(word, 0xa5, wanted * row * sizeof *word);
        kernel->words(&blocks, n, wanted, word, row);
        for (size_t k = 0; k < wanted; k++) {
            CHECK(memcmp(word + k * row, expected[d][h][k], n * sizeof *word) == 0,
                  "%s: word %zu of %zu blocks, steps %zu %zu", kernel->name, k, n, d, h);
            for (size_t i = n; i < row; i++)
                CHECK(word[k * row + i] == 0xa5a5a5a5a5a5a5a5, "%s: behind %zu", kernel->name, n);
        }
        free(word);
    }
}

/* The known answer of docs/spec.md: name hue, id 42, depth 10. */
static void documented(void)
{
    static const uint64_t known[5] = {0x3c66cdc927fc0abf, 0x418b44cdd6fceceb, 0xab33921c726ce399,
                                      0x0e2c67252d5c5e91, 0x362b3e216db14964};
    static const uint8_t known_tag[16] = {0x10, 0x49, 0xf7, 0xce, 0x09, 0x48, 0x94, 0x3a,
                                          0x9b, 0xbf, 0x1d, 0x1e, 0xdb, 0xb8, 0x11, 0x73};
    uint8_t digest[32], tag[16];
    uint64_t word[5];
    dpa_tag("hue", 3, tag);
    CHECK(memcmp(tag, known_tag, sizeof tag) == 0, "tag");
    expected_digest((const uint8_t *)"42", 2, 10, digest);
    expected_words(digest, tag, 5, word);
    CHECK(memcmp(word, known, sizeof word) == 0, "words");
}

void test_words(void)
{
    dpa_engine engines[MAX_ENGINES];
    const size_t n = usable_engines(engines);
    documented();
    make_all();
    for (size_t i = 0; i < n; i++)
        for (size_t shared = 0; shared < 4; shared++)
            every_count(engines[i].bulk, shared & 1, shared >> 1);
}
