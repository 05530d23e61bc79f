/* sample.c: keys to digests to columns, a batch at a time. */
#include "dpa_derivation.h"
#include "hash/keys.h"
#include "hash/links.h"
#include "hash/platform.h"
#include "hash/share.h"
#include "sample/columns.h"

/* Samples that are hashed at a time: 4 % faster than BATCH with AVX-512 on an Intel Xeon. Columns
 * are filled BATCH by BATCH, from what the L1 cache holds. */
#define HASHED (4 * BATCH)

/* Their working memory. */
struct batch {
    sha256_state *state;
    uint8_t (*block)[64];
    uint32_t (*window)[64]; /* only where the chain is deeper than the table */
};

static size_t carve(struct batch *batch, struct columns *columns, uint32_t depth, size_t count,
                    uint8_t *memory)
{
    const size_t n = count < HASHED ? count : HASHED, lanes = columns->sampler->lanes;
    const size_t drawn = columns->draws == 0 ? 0 : n < DRAWN ? n : DRAWN;
    const size_t generators = (drawn + lanes - 1) / lanes * lanes;
    const size_t sizes[] = {
        n * sizeof batch->state[0],
        n * sizeof batch->block[0],
        depth > DPA_TABLE_LINKS ? WINDOW_BLOCKS * sizeof batch->window[0] : 0,
        generators * sizeof columns->uniform[0],
        generators * columns->sampler->state_size,
        columns->words * sizeof columns->word[0],
        columns->choices * sizeof columns->order[0],
    };
    enum { PARTS = sizeof sizes / sizeof sizes[0] };
    size_t at[PARTS + 1] = {0};
    for (int i = 0; i < PARTS; i++)
        at[i + 1] = at[i] + (sizes[i] + DPA_SCRATCH_ALIGN - 1) / DPA_SCRATCH_ALIGN * DPA_SCRATCH_ALIGN;
    if (memory) {
        batch->state = (void *)(memory + at[0]);
        batch->block = (void *)(memory + at[1]);
        batch->window = (void *)(memory + at[2]);
        columns->uniform = (void *)(memory + at[3]);
        columns->generators = memory + at[4];
        columns->word = (void *)(memory + at[5]);
        columns->order = (void *)(memory + at[6]);
    }
    return at[PARTS];
}

size_t dpa_scratch_size(const dpa_engine *engine, const dpa_request *request, size_t count)
{
    struct columns columns;
    dpa_columns_plan(&columns, engine, request, count);
    return carve(NULL, &columns, request->depth, count, NULL);
}

/* Keys, then the links of a chain: those of the table, then windows made on the fly. */
static void run_chain(const struct dpa_kernel *kernel, const struct key_blocks *keys,
                      const dpa_links *links, uint32_t depth, const struct batch *batch, size_t n)
{
    const uint32_t tabled = depth < DPA_TABLE_LINKS ? depth : DPA_TABLE_LINKS;
    const struct link_run table = {tabled, 1, links->schedule};
    kernel->link(batch->state, n, keys, &table);
    if (depth <= DPA_TABLE_LINKS)
        return;
    struct dpa_fibonacci at;
    links_after_table(links, &at);
    while (at.index < depth) {
        const struct link_run run = dpa_links_expand(&at, depth, batch->window, WINDOW_BLOCKS);
        kernel->link(batch->state, n, NULL, &run);
    }
}

static void hash_batch(const dpa_engine *engine, const struct key_blocks *keys, const dpa_links *links,
                       uint32_t depth, const struct batch *batch, size_t n)
{
    const size_t share = bulk_share(engine, n);
    const struct batch rest = {.state = batch->state + share, .window = batch->window};
    const struct key_blocks of_rest = {keys->block + share, keys->before + share * keys->step, keys->step};
    if (share > 0)
        run_chain(engine->bulk, keys, links, depth, batch, share);
    if (share < n)
        run_chain(engine->single, &of_rest, links, depth, &rest, n - share);
}

void dpa_generate(const dpa_engine *engine, const dpa_links *links, const dpa_request *request,
                  size_t first, size_t count, void *scratch)
{
    struct sha256_stream prefix;
    struct columns columns;
    struct batch batch = {0};
    dpa_columns_plan(&columns, engine, request, count);
    carve(&batch, &columns, request->depth, count, scratch);
    dpa_columns_reset_order(&columns);
    dpa_keys_start(&prefix, engine->single, &request->keys);
    for (const size_t end = first + count; first < end;) {
        const size_t n = end - first < HASHED ? end - first : HASHED;
        const struct key_blocks keys =
            dpa_keys_stage(&prefix, &request->keys, first, n, batch.state, batch.block);
        hash_batch(engine, &keys, links, request->depth, &batch, n);
        if (request->digests)
            for (size_t i = 0; i < n; i++)
                for (int t = 0; t < 8; t += 2)
                    store_be64(request->digests[first + i] + 4 * t,
                               (uint64_t)batch.state[i][t] << 32 | batch.state[i][t + 1]);
        for (size_t i = 0; i < n; i += BATCH)
            dpa_columns_fill(&columns, first + i, n - i < BATCH ? n - i : BATCH,
                             (const sha256_state *)batch.state + i);
        first += n;
    }
}
