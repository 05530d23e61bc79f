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

/* FIVE and FIRST: the high 32 bits of u0 .. u4, of u0. LOW: the other 21 bits of u0 .. u4 and the
 * 11 above them, the lowest first, since tests look at high bits. WORDS: the words of ten names,
 * high half first. NOISE: the indices of NOISE values into the table of normal values. */
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

static void make(enum keys keys, uint64_t first, dpa_request *request, void *scratch)
{
    for (size_t i = 0; i < SPAN; i++)
        offsets[i + 1] = offsets[i] + write_key(keys, first + i, text + offsets[i]);
    request->keys.text = (const uint8_t *)text;
    request->keys.offsets = offsets;
    dpa_generate(&engine, &links, request, 0, SPAN, scratch);
}

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

/* The words of all samples of a span; returns how many. */
static size_t gather(enum values values)
{
    const size_t each = WORDS_EACH[values];
    for (size_t i = 0; i < SPAN; i++) {
        uint32_t *to = words + i * each;
        if (values == INDICES)
            add_noise(i, to);
        for (size_t j = 0; j < each && values != INDICES; j++) {
            const uint64_t word = values == WORDS ? declared[j / 2][i]
                                                  : (uint64_t)(uniforms[i * each + j] * 0x1p53);
            to[j] = values == LOW     ? reversed((uint32_t)word)
                    : values != WORDS ? (uint32_t)(word >> 21)
                                      : (uint32_t)(j % 2 == 0 ? word >> 32 : word);
        }
    }
    return SPAN * each;
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
    dpa_column column[NAMES];
    void *columns[NAMES];
    const int keys = argc > 3 ? find(argv[1], KEYS) : 0;
    const int values = argc > 3 ? find(argv[2], VALUES) : 0;
    const unsigned long depth = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
    if (argc < 4 || argc > 5 || !KEYS[keys] || !VALUES[values] || depth < 1 || depth > DPA_MAX_DEPTH) {
        fprintf(stderr, "usage: %s ids|strings|epochs|views|seeds|ranks five|u0|low|words|noise"
                        " DEPTH [WORDS]\n", argv[0]);
        return 2;
    }
    if (dpa_engine_choose(&engine, NULL) != DPA_OK || dpa_image_choose(&loops, NULL) != DPA_OK)
        return 2;
    dpa_links_init(&links);

    for (int n = 0; n < NAMES; n++) {
        const char name[] = {(char)('a' + n)};
        column[n] = (dpa_column){.kind = DPA_SEED, .items = 1};
        dpa_tag(name, 1, column[n].tag);
        columns[n] = declared[n];
    }
    void *plain[] = {uniforms};
    dpa_request request = {.depth = (uint32_t)depth, .values = plain, .digests = digests};
    if (values == WORDS) {
        request.column = column;
        request.columns = NAMES;
        request.values = columns;
    } else if (values != INDICES) {
        request.columns = WORDS_EACH[values];
    }

    void *scratch = allocate_aligned(dpa_scratch_size(&engine, &request, SPAN));
    uint64_t left = argc == 5 ? strtoull(argv[4], NULL, 10) : UINT64_MAX;
    for (uint64_t first = 0; left > 0; first += SPAN) {
        make((enum keys)keys, first, &request, scratch);
        size_t count = gather((enum values)values);
        count = count < left ? count : (size_t)left;
        if (fwrite(words, sizeof words[0], count, stdout) != count)
            return 1;
        left -= count;
    }
    free(scratch);
    return fflush(stdout) != 0;
}
