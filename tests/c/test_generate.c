/* test_generate.c: dpa_generate against whole messages hashed one at a time. */
#include <inttypes.h>

#include "expected.h"

#define COLUMNS 5
#define GUARD 0xa5

static const double LOW[COLUMNS] = {-30, 0.8, 0, 0.8, 0.7}, HIGH[COLUMNS] = {30, 1.2, 0.1, 1.2, 1.3};

static dpa_links links;
static dpa_engine engine; /* the one under test */

/* What a request fills, with guards around each part. */
struct output {
    size_t count;
    uint8_t *digest_bytes; /* the digests start at an odd address, behind one guard byte */
    double *doubles[COLUMNS];
    float *floats[COLUMNS];
    void *values[COLUMNS];
};

static void open_output(struct output *out, dpa_request *request, size_t count)
{
    const size_t room = count * (request->column ? 1 : COLUMNS);
    out->count = count;
    out->digest_bytes = allocate(1 + 32 * count + 1);
    memset(out->digest_bytes, GUARD, 1 + 32 * count + 1);
    for (size_t c = 0; c < COLUMNS; c++) {
        out->doubles[c] = allocate(room * sizeof(double));
        out->floats[c] = allocate(room * sizeof(float));
        memset(out->doubles[c], GUARD, room * sizeof(double));
        memset(out->floats[c], GUARD, room * sizeof(float));
        out->values[c] = request->single_precision ? (void *)out->floats[c] : out->doubles[c];
    }
    request->digests = (void *)(out->digest_bytes + 1);
    request->values = out->values;
}

static void close_output(struct output *out)
{
    CHECK(out->digest_bytes[0] == GUARD && out->digest_bytes[1 + 32 * out->count] == GUARD,
          "%s: wrote beside the digests", dpa_engine_name(&engine));
    free(out->digest_bytes);
    for (size_t c = 0; c < COLUMNS; c++) {
        free(out->doubles[c]);
        free(out->floats[c]);
    }
}

/* Runs samples first .. first + count - 1 with scratch of the size reported, and a
 * guard behind it. */
static void generate(const dpa_request *request, size_t first, size_t count)
{
    const size_t size = dpa_scratch_size(&engine, request, count);
    uint8_t *scratch = allocate_aligned(size + 256);
    memset(scratch, GUARD, size + 256);
    dpa_generate(&engine, &links, request, first, count, scratch);
    for (size_t i = 0; i < 256; i++)
        CHECK(scratch[size + i] == GUARD, "%s: byte %zu behind the scratch, count %zu",
              dpa_engine_name(&engine), i, count);
    free(scratch);
    if (size == 0)
        return;
    scratch = allocate_aligned(size); /* once more, where the address sanitizer watches the end */
    dpa_generate(&engine, &links, request, first, count, scratch);
    free(scratch);
}

/* The key of sample i, written by printf. */
static size_t key_of(const dpa_keys *keys, size_t i, uint8_t *key)
{
    size_t size = keys->prefix_size;
    if (size > 0)
        memcpy(key, keys->prefix, size);
    if (keys->text) {
        const size_t length = (size_t)(keys->offsets[i + 1] - keys->offsets[i]);
        memcpy(key + size, keys->text + keys->offsets[i], length);
        return size + length;
    }
    const uint64_t id = keys->ids ? keys->ids[i] : keys->start + i;
    return size + (size_t)sprintf((char *)key + size, "%" PRIu64, id);
}

static void same_value(const dpa_request *request, const struct output *out, size_t c, size_t i,
                       double u)
{
    const double value = LOW[c] + (HIGH[c] - LOW[c]) * u;
    if (!request->column)
        CHECK(out->doubles[0][i * COLUMNS + c] == u, "%s: uniform %zu, sample %zu",
              dpa_engine_name(&engine), c, i);
    else if (request->single_precision)
        CHECK(out->floats[c][i] == (float)value, "%s: column %zu, sample %zu",
              dpa_engine_name(&engine), c, i);
    else
        CHECK(out->doubles[c][i] == value, "%s: column %zu, sample %zu",
              dpa_engine_name(&engine), c, i);
}

/* Sample i of the output is what the plain derivation gives. */
static void same_sample(const dpa_request *request, const struct output *out, size_t i)
{
    uint8_t key[512], digest[32];
    double uniform[720];
    const size_t size = key_of(&request->keys, i, key);
    expected_digest(key, size, request->depth, digest);
    CHECK(memcmp(out->digest_bytes + 1 + 32 * i, digest, 32) == 0, "%s: key %.*s, depth %u",
          dpa_engine_name(&engine), (int)size, (const char *)key, request->depth);
    expected_uniforms(digest, request->sampler, (size_t)request->skip + request->columns, uniform);
    for (size_t c = 0; c < request->columns; c++)
        same_value(request, out, c, i, uniform[request->skip + c]);
}

/* Generates and checks samples 0 .. count - 1 in one call. */
static void check_all(dpa_request *request, size_t count)
{
    struct output out;
    open_output(&out, request, count);
    generate(request, 0, count);
    for (size_t i = 0; i < count; i++)
        same_sample(request, &out, i);
    close_output(&out);
}

static dpa_request plain(uint32_t depth, dpa_sampler sampler)
{
    static dpa_column columns[COLUMNS];
    dpa_request request;
    for (uint32_t c = 0; c < COLUMNS; c++) {
        const dpa_column column = {.kind = DPA_DRAWN, .draw = c, .items = 1, .a = LOW[c], .b = HIGH[c]};
        columns[c] = column;
    }
    memset(&request, 0, sizeof request);
    request.depth = depth;
    request.sampler = sampler;
    request.column = columns;
    request.columns = COLUMNS;
    return request;
}

/* One less and one more than every power of ten, and of two from 2^31 on. */
static size_t edges(uint64_t ids[128])
{
    size_t n = 0;
    ids[n++] = 0;
    for (uint64_t power = 1;; power *= 10) {
        ids[n++] = power - 1;
        ids[n++] = power;
        if (power == UINT64_C(10000000000000000000))
            break;
    }
    for (int bit = 31; bit < 64; bit++) {
        ids[n++] = (UINT64_C(1) << bit) - 1;
        ids[n++] = UINT64_C(1) << bit;
    }
    ids[n++] = UINT64_MAX - 1;
    ids[n++] = UINT64_MAX;
    return n;
}

static void digit_edges(void)
{
    static uint64_t ids[128];
    dpa_request request = plain(2, DPA_XOSHIRO256PP);
    request.keys.ids = ids;
    check_all(&request, edges(ids));
    request.keys.ids = NULL;
    request.keys.start = UINT64_MAX - 12; /* ids that count up across a digit, and to the end */
    check_all(&request, 13);
    request.keys.start = 95;
    check_all(&request, 10);
}

/* Every prefix size around two blocks, with ids of 1 to 20 digits. */
static void prefix_sizes(void)
{
    static const uint64_t ids[] = {0, 42, 1234567890, UINT64_MAX};
    uint8_t prefix[130];
    fill_random(prefix, sizeof prefix, 6);
    for (size_t size = 0; size <= sizeof prefix; size++) {
        dpa_request request = plain(1, DPA_XOSHIRO256PP);
        request.keys.prefix = prefix;
        request.keys.prefix_size = size;
        request.keys.ids = ids;
        check_all(&request, 4);
    }
}

/* Texts of 0 to 200 bytes in one request, NUL and all, behind several prefixes. */
static void text_sizes(void)
{
    static const size_t prefixes[] = {0, 1, 9, 54, 55, 56, 63, 64, 65};
    int64_t offsets[202] = {7}; /* the first text need not start at 0 */
    uint8_t *text = allocate(7 + 200 * 201 / 2), prefix[65];
    for (int i = 0; i <= 200; i++)
        offsets[i + 1] = offsets[i] + i;
    fill_random(text, 7 + 200 * 201 / 2, 7);
    fill_random(prefix, sizeof prefix, 8);
    for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++) {
        dpa_request request = plain(1, DPA_XOSHIRO256PP);
        request.keys.prefix = prefix;
        request.keys.prefix_size = prefixes[p];
        request.keys.text = text;
        request.keys.offsets = offsets;
        check_all(&request, 201);
    }
    free(text);
}

/* Counts around the lanes, both samplers; around the 96 samples that a sampler takes at
 * a time, a batch of 192, and the 768 that are hashed at a time. */
static void counts(void)
{
    const size_t lanes = engine.bulk->lanes;
    for (size_t n = 0; n <= 2 * lanes + 1; n++) {
        for (int sampler = 0; sampler < 2; sampler++) {
            dpa_request request = plain(3, (dpa_sampler)sampler);
            check_all(&request, n);
        }
    }
    for (size_t n = 94; n <= 98; n++) {
        dpa_request request = plain(1, n % 2 ? DPA_MT19937 : DPA_XOSHIRO256PP);
        check_all(&request, n);
        check_all(&request, 96 + n);
        check_all(&request, 288 + n);
        check_all(&request, 672 + n);
    }
}

static void depths(void)
{
    /* 94, 95: beyond 64 bits; 256, 257: the table's end; 265 to 267: two constant blocks. */
    static const uint32_t all[] = {1, 2, 3, 10, 93, 94, 95, 96, 255, 256, 257, 258, 265, 266, 267, 400};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        dpa_request request = plain(all[i], DPA_XOSHIRO256PP);
        check_all(&request, 7);
    }
}

/* Plain uniforms behind any number of others, also past the 312 of one Mersenne block, and of two. */
static void skips(void)
{
    static const uint64_t all[] = {0, 1, 5, 50, 309, 312, 620, 624, 700};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        for (int sampler = 0; sampler < 2; sampler++) {
            dpa_request request = plain(1, (dpa_sampler)sampler);
            request.column = NULL;
            request.skip = all[i];
            check_all(&request, 9);
            check_all(&request, 1);
        }
    }
}

static void floats(void)
{
    dpa_request request = plain(1, DPA_XOSHIRO256PP);
    request.single_precision = true;
    check_all(&request, 100);
}

/* Spans of one request, in any order, give what one call gives; others stay untouched. */
static void spans(void)
{
    dpa_request request = plain(1, DPA_MT19937);
    struct output out;
    request.keys.start = 990;
    open_output(&out, &request, 150);
    generate(&request, 120, 29);
    generate(&request, 1, 1);
    generate(&request, 2, 118);
    for (size_t i = 1; i < 149; i++)
        same_sample(&request, &out, i);
    for (size_t i = 0; i < 32; i++)
        CHECK(out.digest_bytes[1 + i] == GUARD && out.digest_bytes[1 + 149 * 32 + i] == GUARD,
              "a span wrote outside itself, byte %zu", i);
    close_output(&out);
}

/* Digests alone, and values alone. */
static void halves(void)
{
    dpa_request request = plain(10, DPA_XOSHIRO256PP);
    struct output out, values_alone;
    open_output(&out, &request, 20);
    request.columns = 0;
    generate(&request, 0, 20);
    for (size_t i = 0; i < 20; i++)
        same_sample(&request, &out, i);
    for (size_t c = 0; c < COLUMNS; c++)
        for (size_t at = 0; at < 20 * sizeof(double); at++)
            CHECK(((const uint8_t *)out.doubles[c])[at] == GUARD, "column %zu, byte %zu", c, at);
    request.columns = COLUMNS;
    open_output(&values_alone, &request, 20);
    request.digests = NULL;
    generate(&request, 0, 20);
    CHECK(values_alone.digest_bytes[1] == GUARD, "wrote digests that nobody asked for");
    memcpy(values_alone.digest_bytes + 1, out.digest_bytes + 1, 32 * 20);
    for (size_t i = 0; i < 20; i++)
        same_sample(&request, &values_alone, i);
    close_output(&out);
    close_output(&values_alone);
}

/* Two rows of the table in docs/spec.md, where all that went before could agree and be wrong. */
static void documented(void)
{
    static const double rotation[2] = {0.8235536351270127, -14.343283834559362};
    static const double contrast[2] = {1.1727205600644448, 0.9726009373537083};
    static const uint8_t starts[8] = {0x3c, 0x8f, 0x58, 0x90, 0x03, 0xff, 0xf3, 0x76};
    for (int sampler = 0; sampler < 2; sampler++) {
        dpa_request request = plain(10, (dpa_sampler)sampler);
        struct output out;
        request.keys.start = 42;
        open_output(&out, &request, 1);
        generate(&request, 0, 1);
        CHECK(memcmp(out.digest_bytes + 1, starts, 8) == 0, "key 42");
        CHECK(out.doubles[0][0] == rotation[sampler], "%.17g", out.doubles[0][0]);
        CHECK(out.doubles[4][0] == contrast[sampler], "%.17g", out.doubles[4][0]);
        close_output(&out);
    }
}

void test_generate(void)
{
    dpa_engine engines[MAX_ENGINES];
    const size_t n = usable_engines(engines);
    dpa_links_init(&links);
    for (size_t i = 0; i < n; i++) {
        engine = engines[i];
        documented();
        digit_edges();
        prefix_sizes();
        text_sizes();
        counts();
        depths();
        skips();
        floats();
        spans();
        halves();
    }
}
