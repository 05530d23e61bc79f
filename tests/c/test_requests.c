/* test_requests.c: whole requests on every engine against the portable one. What the
 * portable one makes is compared with whole messages in test_generate.c. */
#include "requests.h"

static dpa_links links;
static struct variant variants[MAX_VARIANTS];
static size_t variant_count;

static struct shape plain(size_t count, dpa_sampler sampler)
{
    struct shape shape;
    memset(&shape, 0, sizeof shape);
    shape.count = count;
    shape.depth = 2;
    shape.sampler = sampler;
    shape.columns = 2;
    shape.digests = true;
    shape.prefix_size = 9;
    shape.start = 95;
    shape.seed = count;
    return shape;
}

static void check_all(const struct shape *shape)
{
    check_shape(variants, variant_count, &links, shape);
}

static void check_counts(size_t from, size_t to)
{
    for (size_t n = from; n <= to; n++) {
        for (int sampler = 0; sampler < 2; sampler++) {
            struct shape shape = plain(n, (dpa_sampler)sampler);
            check_all(&shape);
            shape.declared = true;
            shape.columns = 5;
            check_all(&shape);
        }
    }
}

/* Around the lanes of all, around the 96 samples that a sampler takes at a time, around one
 * and two batches of 192, and around the 768 that are hashed at a time. */
static void counts(void)
{
    size_t lanes = 1;
    for (size_t v = 0; v < variant_count; v++)
        if (variants[v].engine.bulk->lanes > lanes)
            lanes = variants[v].engine.bulk->lanes;
    check_counts(0, 4 * lanes + 1);
    check_counts(94, 98);
    check_counts(190, 194);
    check_counts(192 + 94, 192 + 98);
    check_counts(382, 386);
    check_counts(766, 770);
    check_counts(768 + 190, 768 + 194);
}

/* Across the table's end at 256 and the second constant block at link 265. */
static void depths(void)
{
    for (uint32_t depth = 1; depth <= 300; depth++) {
        struct shape shape = plain(depth % 20 == 0 || depth == 257 ? 70 : 13, DPA_XOSHIRO256PP);
        shape.depth = depth;
        check_all(&shape);
    }
}

/* The Mersenne Twister's 624 words are 312 draws. */
static bool interesting_skip(uint64_t skip)
{
    return skip < 12 || (skip > 300 && skip < 316) || (skip > 616 && skip < 628) || skip > 695;
}

static void skips_and_columns(void)
{
    for (uint64_t skip = 0; skip <= 700; skip++) {
        if (!interesting_skip(skip))
            continue;
        for (int sampler = 0; sampler < 2; sampler++) {
            struct shape shape = plain(3 + skip % 3, (dpa_sampler)sampler);
            shape.depth = 1;
            shape.skip = skip;
            shape.columns = (size_t)skip % 8;
            check_all(&shape);
        }
    }
}

/* Ids that count up across one more digit, and to the last one there is. */
static void digit_edges(void)
{
    for (uint64_t power = 10;; power *= 10) {
        struct shape shape = plain(40, DPA_XOSHIRO256PP);
        shape.depth = 1;
        shape.start = power - 20;
        shape.start = power < 20 ? 0 : shape.start;
        check_all(&shape);
        if (power == UINT64_C(10000000000000000000))
            break;
    }
    struct shape shape = plain(40, DPA_MT19937);
    shape.start = UINT64_MAX - 39;
    check_all(&shape);
}

static struct shape random_shape(uint64_t seed)
{
    uint64_t state = seed;
    struct shape shape = plain(random_bits(&state) % 140, DPA_XOSHIRO256PP);
    shape.first = random_bits(&state) % 40;
    shape.depth = 1 + (uint32_t)(random_bits(&state) % (seed % 16 == 0 ? 300 : 12));
    shape.sampler = (dpa_sampler)(random_bits(&state) % 2);
    shape.skip = random_bits(&state) % (seed % 8 == 0 ? 701 : 20);
    shape.declared = random_bits(&state) % 4 > 0;
    shape.columns = random_bits(&state) % (MAX_COLUMNS + 1);
    shape.holes = shape.declared && random_bits(&state) % 2;
    shape.single_precision = random_bits(&state) % 2;
    shape.digests = random_bits(&state) % 4 > 0;
    shape.prefix_size = random_bits(&state) % 201;
    shape.ids = (enum ids)(random_bits(&state) % 3);
    shape.start = random_bits(&state) >> random_bits(&state) % 64;
    shape.text_size = random_bits(&state) % 201;
    shape.seed = random_bits(&state);
    return shape;
}

static void random_shapes(uint64_t count)
{
    for (uint64_t seed = 0; seed < count; seed++) {
        const struct shape shape = random_shape(seed);
        check_all(&shape);
    }
}

void test_requests(void)
{
    dpa_links_init(&links);
    variant_count = engine_variants(variants);
    counts();
    depths();
    skips_and_columns();
    digit_edges();
    random_shapes(400);
}
