/* sample.c: keys to digests to uniforms to columns, a batch at a time. */
#include "dpa_derivation.h"
#include "hash/keys.h"
#include "hash/links.h"
#include "hash/platform.h"
#include "sample/sampler.h"

/* Samples of one batch: whole groups of every kernel (6 streams, 2 x 16 lanes). */
#define BATCH 192
/* Samples the sampler takes at a time: 240 KB of mt19937, which the L2 cache holds. */
#define DRAWN 96

/* One batch's working memory. */
struct batch {
    sha256_state *state;
    uint8_t (*block)[64];
    double *uniform;
    uint32_t (*window)[64]; /* only where the chain is deeper than the table */
    void *generators;
};

/* One sample alone is done sooner without lanes. */
static const struct dpa_sampler_variant *sampler_for(const dpa_engine *engine,
                                                     const dpa_request *request, size_t count)
{
    static const struct dpa_sampler_variant *const scalar[2] = {&dpa_xoshiro256pp_portable,
                                                                &dpa_mt19937_portable};
    return (count == 1 ? scalar : engine->samplers)[request->sampler];
}

static size_t carve(struct batch *batch, const dpa_engine *engine, const dpa_request *request,
                    size_t count, uint8_t *memory)
{
    const struct dpa_sampler_variant *sampler = sampler_for(engine, request, count);
    const size_t n = count < BATCH ? count : BATCH;
    const size_t drawn = n < DRAWN ? n : DRAWN;
    const size_t generators = (drawn + sampler->lanes - 1) / sampler->lanes * sampler->lanes;
    const size_t sizes[] = {
        n * sizeof batch->state[0],
        n * sizeof batch->block[0],
        generators * sizeof batch->uniform[0],
        request->depth > DPA_TABLE_LINKS ? WINDOW_BLOCKS * sizeof batch->window[0] : 0,
        request->columns > 0 ? generators * sampler->state_size : 0,
    };
    size_t at[6] = {0};
    for (int i = 0; i < 5; i++)
        at[i + 1] = at[i] + (sizes[i] + DPA_SCRATCH_ALIGN - 1) / DPA_SCRATCH_ALIGN * DPA_SCRATCH_ALIGN;
    if (memory) {
        batch->state = (void *)(memory + at[0]);
        batch->block = (void *)(memory + at[1]);
        batch->uniform = (void *)(memory + at[2]);
        batch->window = (void *)(memory + at[3]);
        batch->generators = memory + at[4];
    }
    return at[5];
}

size_t dpa_scratch_size(const dpa_engine *engine, const dpa_request *request, size_t count)
{
    return carve(NULL, engine, request, count, NULL);
}

/* The links of a chain: those of the table, then windows made on the fly. */
static void run_chain(const struct dpa_kernel *kernel, const dpa_links *links, uint32_t depth,
                      const struct batch *batch, size_t n)
{
    const uint32_t tabled = depth < DPA_TABLE_LINKS ? depth : DPA_TABLE_LINKS;
    const struct link_run table = {tabled, 1, links->schedule};
    kernel->link(batch->state, n, &table);
    if (depth <= DPA_TABLE_LINKS)
        return;
    struct dpa_fibonacci at;
    links_after_table(links, &at);
    while (at.index < depth) {
        const struct link_run run = dpa_links_expand(&at, depth, batch->window, WINDOW_BLOCKS);
        kernel->link(batch->state, n, &run);
    }
}

/* Column c of samples first .. first + n - 1, from their uniforms. */
static void fill_column(const dpa_request *request, size_t c, size_t first, size_t n,
                        const double *uniform)
{
    const double low = request->low[c], width = request->high[c] - request->low[c];
    const ptrdiff_t stride = request->stride;
    if (request->single_precision) {
        float *values = (float *)request->values[c] + (ptrdiff_t)first * stride;
        for (size_t i = 0; i < n; i++)
            values[(ptrdiff_t)i * stride] = (float)(low + width * uniform[i]);
    } else if (stride == 1) { /* as below; the compiler vectorises it */
        double *values = (double *)request->values[c] + first;
        for (size_t i = 0; i < n; i++)
            values[i] = low + width * uniform[i];
    } else {
        double *values = (double *)request->values[c] + (ptrdiff_t)first * stride;
        for (size_t i = 0; i < n; i++)
            values[(ptrdiff_t)i * stride] = low + width * uniform[i];
    }
}

/* The columns of n <= DRAWN samples with these digests. */
static void fill_columns(const dpa_request *request, const struct dpa_sampler_variant *sampler,
                         size_t first, size_t n, const sha256_state *digest,
                         const struct batch *batch)
{
    sampler->seed(batch->generators, digest, n);
    for (uint64_t number = 0; number < request->skip + request->columns; number++) {
        sampler->draw(batch->generators, n, number, batch->uniform);
        if (number >= request->skip)
            fill_column(request, (size_t)(number - request->skip), first, n, batch->uniform);
    }
}

/* How many of n samples go to the bulk kernel: a rest that would leave most of its
 * lanes idle is sooner done one by one. */
static size_t bulk_share(const dpa_engine *engine, size_t n)
{
    const size_t lanes = engine->bulk->lanes, rest = n % lanes;
    const size_t enough = engine->single == &dpa_kernel_portable ? 2 : lanes / 4;
    return rest < enough ? n - rest : n;
}

static void hash_batch(const dpa_engine *engine, const dpa_links *links, uint32_t depth,
                       const struct batch *batch, size_t n)
{
    const size_t share = bulk_share(engine, n);
    const struct batch rest = {.state = batch->state + share, .window = batch->window};
    const uint8_t(*block)[64] = (const uint8_t(*)[64])batch->block;
    if (share > 0) {
        engine->bulk->compress(batch->state, block, share);
        run_chain(engine->bulk, links, depth, batch, share);
    }
    if (share < n) {
        engine->single->compress(rest.state, block + share, n - share);
        run_chain(engine->single, links, depth, &rest, n - share);
    }
}

void dpa_generate(const dpa_engine *engine, const dpa_links *links, const dpa_request *request,
                  size_t first, size_t count, void *scratch)
{
    const struct dpa_sampler_variant *sampler = sampler_for(engine, request, count);
    struct sha256_stream prefix;
    struct batch batch;
    carve(&batch, engine, request, count, scratch);
    dpa_keys_start(&prefix, engine->single, &request->keys);
    for (const size_t end = first + count; first < end;) {
        const size_t n = end - first < BATCH ? end - first : BATCH;
        dpa_keys_stage(&prefix, &request->keys, first, n, batch.state, batch.block);
        hash_batch(engine, links, request->depth, &batch, n);
        if (request->digests)
            for (size_t i = 0; i < n; i++)
                for (int t = 0; t < 8; t++)
                    store_be32(request->digests[first + i] + 4 * t, batch.state[i][t]);
        if (request->columns > 0)
            for (size_t i = 0; i < n; i += DRAWN)
                fill_columns(request, sampler, first + i, n - i < DRAWN ? n - i : DRAWN,
                             (const sha256_state *)batch.state + i, &batch);
        first += n;
    }
}
