#include "requests.h"

#include <inttypes.h>

#define GUARD 0xa5

/* Ids with 1 to 20 digits, each length as often as another. */
static uint64_t random_id(uint64_t *seed)
{
    uint64_t bound = 10;
    for (uint64_t digits = random_bits(seed) % 20; digits > 0 && bound <= UINT64_MAX / 10; digits--)
        bound *= 10;
    const uint64_t bits = random_bits(seed);
    return bits % 8 == 0 ? bound - 1 : bits / 8 % 8 == 0 ? bound : random_bits(seed) % bound;
}

static void make_ids(struct job *job, size_t end, uint64_t seed)
{
    job->ids = allocate(end * sizeof job->ids[0]);
    for (size_t i = 0; i < end; i++)
        job->ids[i] = random_id(&seed);
}

static void make_texts(struct job *job, size_t end, uint64_t seed)
{
    job->offsets = allocate((end + 1) * sizeof job->offsets[0]);
    job->offsets[0] = (int64_t)(seed % 5); /* the first text need not start at 0 */
    for (size_t i = 0; i < end; i++)
        job->offsets[i + 1] =
            job->offsets[i] + (int64_t)(random_bits(&seed) % (job->shape.text_size + 1));
    job->text = allocate((size_t)job->offsets[end]);
    fill_random(job->text, (size_t)job->offsets[end], seed);
}

size_t sample_size(const dpa_column *column, bool single_precision)
{
    switch (column->kind) {
    case DPA_SUBSET: return column->items * column->picked * sizeof(int32_t);
    case DPA_CHOICE: return column->items * sizeof(int32_t);
    case DPA_BERNOULLI: return column->items;
    case DPA_INTEGERS: case DPA_SEED: return column->items * sizeof(uint64_t);
    default: return column->items * (single_precision ? sizeof(float) : sizeof(double));
    }
}

static double random_between(double low, double high, uint64_t *seed)
{
    return low + (high - low) * (double)(random_bits(seed) >> 11) * 0x1p-53;
}

/* Most often 1, else a few, and now and then more than a batch has blocks. */
static size_t random_items(uint64_t *seed)
{
    const uint64_t bits = random_bits(seed) >> 16;
    return bits % 4 > 0 ? 1 : 1 + (size_t)(bits / 64 % (bits / 4 % 16 == 0 ? 900 : 12));
}

dpa_column random_column(dpa_kind kind, uint64_t *seed, uint64_t *thresholds)
{
    dpa_column column = {.kind = kind, .items = kind == DPA_DRAWN ? 1 : random_items(seed)};
    fill_random(column.tag, sizeof column.tag, random_bits(seed));
    column.a = random_between(kind == DPA_BERNOULLI ? 0 : 0x1p-10, 1, seed);
    column.b = column.a + random_between(0, 30, seed);
    column.low = random_between(-1, 1, seed);
    column.high = column.low + random_between(0, 30, seed);
    column.start = random_bits(seed) >> 13; /* below 2^51 */
    column.step = 1 + random_bits(seed) % 9;
    const uint64_t bits = random_bits(seed), which = random_bits(seed);
    column.count = kind == DPA_TRUNCATED_NORMAL ? bits >> 13 : 1 + (bits >> (32 + which % 32));
    if (kind == DPA_SUBSET) {
        column.count = 1 + bits % (which % 16 == 0 ? 65536 : 40);
        column.picked = 1 + (uint32_t)(random_bits(seed) % (column.count < 60 ? column.count : 60));
        column.items = column.items < 9 ? column.items : 9;
    } else if (kind == DPA_CHOICE) {
        column.count = bits % (which % 4 == 0 ? MAX_THRESHOLDS + 1 : 16);
        column.thresholds = thresholds;
        for (uint64_t t = 0, sum = 0; t < column.count; t++)
            thresholds[t] = sum += random_bits(seed) % (UINT64_MAX / (column.count + 1));
    }
    return column;
}

/* Drawn columns ahead, a quarter of all, then every other kind in turn. */
static void make_columns(struct job *job, uint64_t seed)
{
    const size_t drawn = job->shape.columns / 4, kinds = DPA_SEED;
    uint32_t draw = 0;
    for (size_t c = 0; c < job->shape.columns; c++) {
        const dpa_kind kind = c < drawn ? DPA_DRAWN : (dpa_kind)(1 + (job->shape.seed + c) % kinds);
        job->column[c] = random_column(kind, &seed, job->thresholds[c]);
        draw += (uint32_t)(random_bits(&seed) % 4);
        job->column[c].draw = draw;
    }
}

static void make_values(struct job *job, size_t end, uint64_t seed)
{
    for (size_t c = 0; c < job->shape.columns; c++) {
        if (job->shape.holes && random_bits(&seed) % 4 == 0)
            continue;
        job->sizes[c] = job->shape.declared
                            ? end * sample_size(&job->column[c], job->shape.single_precision)
                        : c == 0 ? end * job->shape.columns * sizeof(double)
                                 : 0;
        job->values[c] = allocate(job->sizes[c]);
    }
}

/* Guards everywhere: what is not to be written must still hold them. */
static void clear_output(struct job *job)
{
    if (job->digests)
        memset(job->digests, GUARD, 32 * (job->shape.first + job->shape.count));
    for (size_t c = 0; c < job->shape.columns; c++)
        if (job->values[c])
            memset(job->values[c], GUARD, job->sizes[c]);
}

void open_job(struct job *job, const struct shape *shape)
{
    const size_t end = shape->first + shape->count;
    memset(job, 0, sizeof *job);
    job->shape = *shape;
    job->prefix = allocate(shape->prefix_size);
    fill_random(job->prefix, shape->prefix_size, shape->seed);
    if (shape->ids == LISTED)
        make_ids(job, end, shape->seed + 1);
    else if (shape->ids == TEXTS)
        make_texts(job, end, shape->seed + 1);
    make_columns(job, shape->seed + 2);
    make_values(job, end, shape->seed + 3);
    if (shape->digests)
        job->digests = allocate(32 * end);
    clear_output(job);
    const dpa_keys keys = {job->prefix,  shape->prefix_size, job->text,
                           job->offsets, job->ids,           shape->start};
    const dpa_request request = {keys,
                                 shape->depth,
                                 shape->sampler,
                                 shape->skip,
                                 shape->declared ? job->column : NULL,
                                 shape->columns,
                                 job->values,
                                 shape->single_precision,
                                 (void *)job->digests};
    job->request = request;
}

void close_job(struct job *job)
{
    free(job->prefix);
    free(job->text);
    free(job->offsets);
    free(job->ids);
    free(job->digests);
    for (size_t c = 0; c < MAX_COLUMNS; c++)
        free(job->values[c]);
}

void run_span(const struct job *job, const dpa_engine *engine, const dpa_links *links, size_t first,
              size_t count)
{
    void *scratch = allocate_aligned(dpa_scratch_size(engine, &job->request, count));
    dpa_generate(engine, links, &job->request, first, count, scratch);
    free(scratch);
}

bool same_output(const struct job *a, const struct job *b)
{
    const size_t end = a->shape.first + a->shape.count;
    if (a->digests && memcmp(a->digests, b->digests, 32 * end) != 0)
        return false;
    for (size_t c = 0; c < a->shape.columns; c++)
        if (a->sizes[c] > 0 && memcmp(a->values[c], b->values[c], a->sizes[c]) != 0)
            return false;
    return true;
}

void print_shape(const struct shape *shape)
{
    static const char *const ids[] = {"counted", "listed", "texts"};
    fprintf(stderr, "  samples %zu + %zu, depth %" PRIu32 ", %s, skip %" PRIu64 ", %zu %s,\n",
            shape->first, shape->count, shape->depth,
            shape->sampler == DPA_MT19937 ? "mt19937" : "xoshiro256pp", shape->skip, shape->columns,
            shape->declared ? "columns" : "uniforms");
    fprintf(stderr, "  holes: %d, %s, digests: %d, prefix of %zu, ids %s (%" PRIu64 ", %zu), seed %" PRIu64 "\n",
            shape->holes, shape->single_precision ? "float" : "double", shape->digests,
            shape->prefix_size, ids[shape->ids], shape->start, shape->text_size, shape->seed);
}

void check_shape(const struct variant *variants, size_t count, const dpa_links *links,
                 const struct shape *shape)
{
    const dpa_engine portable = portable_engine();
    struct job expected, found;
    open_job(&expected, shape);
    open_job(&found, shape);
    run_span(&expected, &portable, links, shape->first, shape->count);
    for (size_t v = 0; v < count; v++) {
        clear_output(&found);
        run_span(&found, &variants[v].engine, links, shape->first, shape->count);
        const bool same = same_output(&found, &expected);
        CHECK(same, "%s", variants[v].name);
        if (!same)
            print_shape(shape);
    }
    close_job(&found);
    close_job(&expected);
}
