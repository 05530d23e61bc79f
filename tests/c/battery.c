/* battery.c: numbers of samples as 32-bit words on standard output, for a battery of statistical
 * tests (docs/randomness.md): battery KEYS VALUES DEPTH [WORDS]. Without WORDS it writes until the
 * reader closes the pipe. The words of one sample follow those of the sample before. */
#include <inttypes.h>

#include "check.h"

#define SPAN 2048 /* samples made at a time */
#define NAMES 10
#define NOISE 64    /* values of each sample's noise */
#define MOST_TEXT 32 /* characters of a key */

/* What the sample with number i has as key; see docs/spec.md, section 2. */
enum keys { IDS, STRINGS, EPOCHS, VIEWS, SEEDS, RANKS };
static const char *const KEYS[] = {"ids", "strings", "epochs", "views", "seeds", "ranks", NULL};

static int write_key(enum keys keys, uint64_t i, char *text)
{
    switch (keys) {
    case STRINGS: return snprintf(text, MOST_TEXT, "\"%08" PRIu64 ".jpg", i);
    case EPOCHS: return snprintf(text, MOST_TEXT, "%" PRIu64 "@0", i);
    case VIEWS: return snprintf(text, MOST_TEXT, ".%" PRIu64 "@0", i);
    case SEEDS: return snprintf(text, MOST_TEXT, "%" PRIu64 "::0", i);
    case RANKS: return snprintf(text, MOST_TEXT, "0:%d:%" PRIu64, (int)(i % 8), i / 8);
    default: return snprintf(text, MOST_TEXT, "%" PRIu64, i);
    }
}

/* FIVE, FIRST: the high 32 bits of u0 .. u4, of u0. LOW: the low 32 of their 53 bits, the lowest
 * first, since tests look at high bits most. WORDS: the words of ten names, high half first. INDICES:
 * of NOISE values in the table of normal values, two a word. */
enum values { FIVE, FIRST, LOW, WORDS, INDICES };
static const char *const VALUES[] = {"five", "u0", "low", "words", "noise", NULL};
static const size_t WORDS_EACH[] = {5, 1, 5, 2 * NAMES, NOISE / 2};

static dpa_engine engine;
static dpa_links links;
static const dpa_image_loops *loops;

static double uniforms[5 * SPAN];
static uint64_t declared[NAMES][SPAN];
static uint8_t digests[SPAN][DPA_DIGEST_SIZE];
static uint32_t words[SPAN * NOISE / 2];

static char text[SPAN * MOST_TEXT];
static int64_t offsets[SPAN + 1];

static uint32_t reversed(uint32_t bits)
{
    uint32_t result = 0;
    for (int i = 0; i < 32; i++)
        result |= (bits >> i & 1) << (31 - i);
    return result;
}

static void add_noise(size_t sample, uint32_t *to)
{
    static float table[DPA_NOISE_TABLE], noise[NOISE]; /* table[k] = k: values are indices */
    uint32_t key[4];
    if (table[1] == 0)
        for (size_t k = 0; k < DPA_NOISE_TABLE; k++)
            table[k] = (float)k;
    dpa_noise_key(digests[sample], key);
    dpa_noise(loops, key, 0, table, noise, NOISE);
    for (size_t j = 0; j < NOISE / 2; j++)
        to[j] = (uint32_t)noise[2 * j] << 16 | (uint32_t)noise[2 * j + 1];
}

static uint32_t word(enum values values, size_t sample, size_t j)
{
    if (values == WORDS)
        return (uint32_t)(declared[j / 2][sample] >> (j % 2 == 0 ? 32 : 0));
    const uint64_t bits = (uint64_t)(uniforms[sample * WORDS_EACH[values] + j] * 0x1p53);
    return values == LOW ? reversed((uint32_t)bits) : (uint32_t)(bits >> 21);
}

/* The words of SPAN samples from number `first` on. */
static void make(enum keys keys, enum values values, uint64_t first, dpa_request *request,
                 void *scratch)
{
    const size_t each = WORDS_EACH[values];
    for (size_t i = 0; i < SPAN; i++)
        offsets[i + 1] = offsets[i] + write_key(keys, first + i, text + offsets[i]);
    request->keys.text = (const uint8_t *)text;
    request->keys.offsets = offsets;
    dpa_generate(&engine, &links, request, 0, SPAN, scratch);
    for (size_t i = 0; i < SPAN; i++) {
        if (values == INDICES)
            add_noise(i, words + i * each);
        for (size_t j = 0; j < each && values != INDICES; j++)
            words[i * each + j] = word(values, i, j);
    }
}

static dpa_request request_of(enum values values, uint32_t depth)
{
    static dpa_column column[NAMES];
    static void *declarations[NAMES], *plain[] = {uniforms};
    dpa_request request = {.depth = depth, .digests = digests};
    if (values == WORDS) {
        for (int n = 0; n < NAMES; n++) {
            column[n] = (dpa_column){.kind = DPA_SEED, .items = 1};
            dpa_tag(&"abcdefghij"[n], 1, column[n].tag);
            declarations[n] = declared[n];
        }
        request.column = column;
        request.columns = NAMES;
        request.values = declarations;
    } else if (values != INDICES) {
        request.columns = WORDS_EACH[values];
        request.values = plain;
    }
    return request;
}

/* The place of a name in a list, or the length of the list. */
static int find(const char *name, const char *const *list)
{
    int i = 0;
    while (list[i] && strcmp(name, list[i]) != 0)
        i++;
    return i;
}

int main(int argc, char **argv)
{
    const int keys = argc > 3 ? find(argv[1], KEYS) : 0;
    const int values = argc > 3 ? find(argv[2], VALUES) : 0;
    const unsigned long depth = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    uint64_t left = argc > 4 ? strtoull(argv[4], NULL, 10) : UINT64_MAX;
    if (argc > 5 || depth < 1 || depth > DPA_MAX_DEPTH || !KEYS[keys] || !VALUES[values]) {
        fprintf(stderr, "usage: %s ids|strings|epochs|views|seeds|ranks five|u0|low|words|noise"
                        " DEPTH [WORDS]\n", argv[0]);
        return 2;
    }
    if (dpa_engine_choose(&engine, NULL) != DPA_OK || dpa_image_choose(&loops, NULL) != DPA_OK)
        return 2;
    dpa_links_init(&links);
    dpa_request request = request_of((enum values)values, (uint32_t)depth);
    void *scratch = allocate_aligned(dpa_scratch_size(&engine, &request, SPAN));
    for (uint64_t first = 0; left > 0; first += SPAN) {
        size_t count = SPAN * WORDS_EACH[values];
        count = count < left ? count : (size_t)left;
        make((enum keys)keys, (enum values)values, first, &request, scratch);
        if (fwrite(words, sizeof words[0], count, stdout) != count)
            return 1;
        left -= count;
    }
    free(scratch);
    return fflush(stdout) != 0;
}
