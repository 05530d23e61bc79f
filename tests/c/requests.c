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

static void make_columns(struct job *job, size_t end, uint64_t seed)
{
    const ptrdiff_t stride = job->shape.stride;
    const size_t step = (size_t)(stride < 0 ? -stride : stride);
    const size_t size = job->shape.single_precision ? sizeof(float) : sizeof(double);
    job->column_size = end > 0 ? ((end - 1) * step + 1) * size : 0;
    for (size_t c = 0; c < job->shape.columns; c++) {
        job->columns[c] = allocate(job->column_size);
        job->values[c] = job->columns[c] + (stride < 0 && end > 0 ? (end - 1) * step * size : 0);
        job->low[c] = (double)(int64_t)random_bits(&seed) * 0x1p-58; /* between -32 and 32 */
        job->high[c] = (double)(int64_t)random_bits(&seed) * 0x1p-58;
    }
}

/* Guards everywhere: what is not to be written must still hold them. */
static void clear_output(struct job *job)
{
    if (job->digests)
        memset(job->digests, GUARD, 32 * (job->shape.first + job->shape.count));
    for (size_t c = 0; c < job->shape.columns; c++)
        memset(job->columns[c], GUARD, job->column_size);
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
    make_columns(job, end, shape->seed + 2);
    if (shape->digests)
        job->digests = allocate(32 * end);
    clear_output(job);
    const dpa_keys keys = {job->prefix,  shape->prefix_size, job->text,
                           job->offsets, job->ids,           shape->start};
    const dpa_request request = {keys,           shape->depth, shape->sampler,
                                 shape->skip,    shape->columns, job->low,
                                 job->high,      job->values,  shape->stride,
                                 shape->single_precision, (void *)job->digests};
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
        free(job->columns[c]);
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
        if (memcmp(a->columns[c], b->columns[c], a->column_size) != 0)
            return false;
    return true;
}

void print_shape(const struct shape *shape)
{
    static const char *const ids[] = {"counted", "listed", "texts"};
    fprintf(stderr, "  samples %zu + %zu, depth %" PRIu32 ", %s, skip %" PRIu64 ", %zu columns,\n",
            shape->first, shape->count, shape->depth,
            shape->sampler == DPA_MT19937 ? "mt19937" : "xoshiro256pp", shape->skip, shape->columns);
    fprintf(stderr, "  stride %td, %s, digests: %d, prefix of %zu, ids %s (%" PRIu64 ", %zu), seed %" PRIu64 "\n",
            shape->stride, shape->single_precision ? "float" : "double", shape->digests,
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
