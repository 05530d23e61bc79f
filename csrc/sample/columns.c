/* columns.c: digests to columns, by uniforms of a sampler or by words of a name's own. */
#include "sample/columns.h"

#include "hash/platform.h"
#include "hash/sha256.h"
#include "hash/share.h"
#include "sample/functions.h"

/* Blocks that a batch of subsets may take a sample; with more of them, each sample's blocks
 * are hashed side by side instead, and the words of only one sample lie in memory. */
#define SUBSET_BLOCKS 8

/* ---- What a request needs ---- */

static size_t words_of_item(const dpa_column *column)
{
    return column->kind == DPA_SUBSET ? column->picked : column->kind == DPA_BETA ? 2 : 1;
}

static size_t words_of(const dpa_column *column)
{
    return column->items * words_of_item(column);
}

static size_t blocks_of(const dpa_column *column)
{
    return (words_of(column) + 3) / 4;
}

/* Whether each sample's blocks are hashed side by side, instead of each block of n samples. */
static bool sample_by_sample(const dpa_column *column, size_t n)
{
    const size_t blocks = blocks_of(column);
    return blocks >= n || (column->kind == DPA_SUBSET && blocks > SUBSET_BLOCKS);
}

static void plan_subset(struct columns *columns, const dpa_column *column, size_t n)
{
    const size_t blocks = blocks_of(column);
    const size_t words = 4 * blocks * (sample_by_sample(column, n) ? 1 : n);
    columns->words = words > columns->words ? words : columns->words;
    columns->choices = column->count > columns->choices ? (size_t)column->count : columns->choices;
}

void dpa_columns_plan(struct columns *columns, const dpa_engine *engine, const dpa_request *request,
                      size_t count)
{
    /* One sample alone is done sooner without lanes. */
    static const struct dpa_sampler_variant *const scalar[2] = {&dpa_xoshiro256pp_portable,
                                                                &dpa_mt19937_portable};
    columns->engine = engine;
    columns->request = request;
    columns->sampler = (count == 1 ? scalar : engine->samplers)[request->sampler];
    columns->distributions = count == 1 ? &dpa_distributions_portable : engine->distributions;
    columns->draws = columns->words = columns->choices = 0;
    columns->drawn = request->columns;
    if (!request->column) {
        columns->draws = request->columns > 0 ? request->skip + request->columns : 0;
        return;
    }
    size_t c = 0;
    for (; c < request->columns && request->column[c].kind == DPA_DRAWN; c++)
        if (request->values[c])
            columns->draws = request->column[c].draw + 1;
    columns->drawn = c;
    for (; c < request->columns; c++)
        if (request->values[c] && request->column[c].kind == DPA_SUBSET)
            plan_subset(columns, &request->column[c], count < BATCH ? count : BATCH);
}

void dpa_columns_reset_order(const struct columns *columns)
{
    for (size_t i = 0; i < columns->choices; i++)
        columns->order[i] = (uint16_t)i;
}

/* ---- Uniforms of the sampler ---- */

/* Column c of samples first .. first + n - 1. */
static void fill_drawn(const dpa_request *request, size_t c, size_t first, size_t n,
                       const double *uniform)
{
    const double low = request->column[c].a, width = request->column[c].b - low;
    if (request->single_precision) {
        float *values = (float *)request->values[c] + first;
        for (size_t i = 0; i < n; i++)
            values[i] = (float)(low + width * uniform[i]);
    } else {
        double *values = (double *)request->values[c] + first;
        for (size_t i = 0; i < n; i++)
            values[i] = low + width * uniform[i];
    }
}

/* Uniform number `number` of these samples, into one array. */
static void fill_plain(const dpa_request *request, uint64_t number, size_t first, size_t n,
                       const double *uniform)
{
    double *values = (double *)request->values[0] + first * request->columns;
    for (size_t i = 0; i < n; i++)
        values[i * request->columns + (size_t)(number - request->skip)] = uniform[i];
}

/* What n <= DRAWN samples draw. */
static void draw(const struct columns *columns, size_t first, size_t n, const sha256_state *digest)
{
    const dpa_request *request = columns->request;
    size_t c = 0;
    columns->sampler->seed(columns->generators, digest, n);
    for (uint64_t number = 0; number < columns->draws; number++) {
        columns->sampler->draw(columns->generators, n, number, columns->uniform);
        if (!request->column && number >= request->skip)
            fill_plain(request, number, first, n, columns->uniform);
        if (request->column)
            for (; c < columns->drawn && request->column[c].draw == number; c++)
                if (request->values[c])
                    fill_drawn(request, c, first, n, columns->uniform);
    }
}

/* ---- Words of a name ---- */

void dpa_tag(const char *name, size_t size, uint8_t tag[16])
{
    struct sha256_stream stream;
    uint8_t block[1][64];
    dpa_sha256_start(&stream, &dpa_kernel_portable);
    dpa_sha256_feed(&stream, (const uint8_t *)name, size);
    dpa_sha256_last_block(&stream, block[0]);
    dpa_kernel_portable.compress(&stream.state, (const uint8_t(*)[64])block, 1);
    for (int t = 0; t < 4; t++)
        store_be32(tag + 4 * t, stream.state[t]);
}

/* The second half of the message digest, 0x00, u32be(number), tag: 53 bytes, padded. */
static void half_of_block(const dpa_column *column, size_t number, sha256_state half)
{
    const uint8_t *tag = column->tag;
    const uint32_t counter = (uint32_t)number;
    half[0] = counter >> 8;
    half[1] = counter << 24 | load_be32(tag) >> 8;
    half[2] = load_be32(tag + 3);
    half[3] = load_be32(tag + 7);
    half[4] = load_be32(tag + 11);
    half[5] = (uint32_t)tag[15] << 24 | 0x800000;
    half[6] = 0;
    half[7] = 53 * 8;
}

static void hash_words(const dpa_engine *engine, const struct word_blocks *blocks, size_t n,
                       unsigned wanted, uint64_t *word, size_t row)
{
    const size_t share = bulk_share(engine, n);
    const struct word_blocks rest = {blocks->digest + share * blocks->digest_step,
                                     blocks->half + share * blocks->half_step, blocks->digest_step,
                                     blocks->half_step};
    if (share > 0)
        engine->bulk->words(blocks, share, wanted, word, row);
    if (share < n)
        engine->single->words(&rest, n - share, wanted, word + share, row);
}

/* ---- Words to values ---- */

#define STORE(type, from)                           \
    for (size_t i = 0; i < n; i++)                  \
        ((type *)values)[at + i * step] = (type)(from)[i]

/* Items at, at + step, ... of column c, from n words (Beta: and the n words a row on). */
static void store_items(const struct columns *columns, size_t c, const uint64_t *word, size_t n,
                        size_t at, size_t step)
{
    const dpa_column *column = &columns->request->column[c];
    void *values = columns->request->values[c];
    uint64_t whole[BATCH];
    double real[BATCH];
    if (column->kind == DPA_SEED) {
        STORE(uint64_t, word);
    } else if (column->kind < DPA_INTEGERS) {
        columns->distributions->reals(column, word, n, real);
        if (columns->request->single_precision)
            STORE(float, real);
        else
            STORE(double, real);
    } else {
        columns->distributions->integers(column, word, n, whole);
        if (column->kind == DPA_INTEGERS)
            STORE(uint64_t, whole);
        else if (column->kind == DPA_BERNOULLI)
            STORE(uint8_t, whole);
        else
            STORE(int32_t, whole);
    }
}

/* A subset from words that lie step apart: Fisher and Yates from the front. The exchanges are
 * then undone from the last to the first, which needs no other memory than the codes' own. */
static void shuffle(const dpa_column *column, uint16_t *order, const uint64_t *word, size_t step,
                    int32_t *code)
{
    for (size_t i = 0; i < column->picked; i++) {
        const size_t j = i + (size_t)mul_high(word[i * step], column->count - i);
        const uint16_t chosen = order[j];
        order[j] = order[i];
        order[i] = chosen;
        code[i] = (int32_t)j;
    }
    for (size_t i = column->picked; i-- > 0;) {
        const size_t j = (size_t)code[i];
        const uint16_t chosen = order[i];
        order[i] = order[j];
        order[j] = chosen;
        code[i] = chosen;
    }
}

/* All subsets of sample number i, from its words. */
static void store_subsets(const struct columns *columns, size_t c, size_t i, const uint64_t *word,
                          size_t step)
{
    const dpa_column *column = &columns->request->column[c];
    const size_t codes = words_of(column);
    int32_t *code = (int32_t *)columns->request->values[c] + i * codes;
    for (size_t k = 0; k < codes; k += column->picked)
        shuffle(column, columns->order, word + k * step, step, code + k);
}

/* The items from n blocks, whose first `words` words count: item `at` of the column is the first
 * block's first, and the next block's are step items on. */
static void store_blocks(const struct columns *columns, size_t c, const uint64_t *word, size_t n,
                         size_t words, size_t at, size_t step)
{
    const size_t of_item = words_of_item(&columns->request->column[c]);
    for (size_t k = 0; k < words; k += of_item)
        store_items(columns, c, word + k * ROW, n, at++, step);
}

/* ---- The blocks of one column: each for many samples, or many for each sample ---- */

/* Hashes block number `number` of each sample; returns how many of its words count. */
static size_t hash_block(const struct columns *columns, size_t c, size_t number, size_t n,
                         const sha256_state *digest, uint64_t *word, size_t row)
{
    const dpa_column *column = &columns->request->column[c];
    const size_t left = words_of(column) - 4 * number, wanted = left < 4 ? left : 4;
    sha256_state half[1];
    half_of_block(column, number, half[0]);
    const struct word_blocks blocks = {digest, (const sha256_state *)half, 1, 0};
    hash_words(columns->engine, &blocks, n, (unsigned)wanted, word, row);
    return wanted;
}

/* Hashes n <= BATCH blocks of one sample, from number `number` on. */
static void hash_run(const struct columns *columns, size_t c, size_t number, size_t n,
                     const sha256_state *digest, uint64_t *word)
{
    sha256_state half[BATCH];
    for (size_t i = 0; i < n; i++)
        half_of_block(&columns->request->column[c], number + i, half[i]);
    const struct word_blocks blocks = {digest, (const sha256_state *)half, 0, 1};
    hash_words(columns->engine, &blocks, n, 4, word, ROW);
}

/* The blocks from number `number` on. */
static void fill_by_blocks(const struct columns *columns, size_t c, size_t number, size_t first,
                           size_t n, const sha256_state *digest)
{
    const dpa_column *column = &columns->request->column[c];
    uint64_t word[4 * ROW];
    for (; 4 * number < words_of(column); number++) {
        const size_t words = hash_block(columns, c, number, n, digest, word, ROW);
        store_blocks(columns, c, word, n, words,
                     first * column->items + 4 * number / words_of_item(column), column->items);
    }
}

static void fill_by_sample(const struct columns *columns, size_t c, size_t i, const sha256_state *digest)
{
    const dpa_column *column = &columns->request->column[c];
    const size_t whole = words_of(column) / 4, of_item = words_of_item(column);
    uint64_t word[4 * ROW];
    for (size_t number = 0; number < whole; number += BATCH) {
        const size_t n = whole - number < BATCH ? whole - number : BATCH;
        hash_run(columns, c, number, n, digest, word);
        store_blocks(columns, c, word, n, 4, i * column->items + 4 * number / of_item, 4 / of_item);
    }
    fill_by_blocks(columns, c, whole, i, 1, digest);
}

static void subsets_by_blocks(const struct columns *columns, size_t c, size_t first, size_t n,
                              const sha256_state *digest)
{
    const size_t words = words_of(&columns->request->column[c]);
    for (size_t number = 0; 4 * number < words; number++)
        hash_block(columns, c, number, n, digest, columns->word + 4 * number * n, n);
    for (size_t i = 0; i < n; i++)
        store_subsets(columns, c, first + i, columns->word + i, n);
}

static void subsets_by_sample(const struct columns *columns, size_t c, size_t i, const sha256_state *digest)
{
    const size_t blocks = blocks_of(&columns->request->column[c]);
    uint64_t word[4 * ROW];
    for (size_t number = 0; number < blocks; number += BATCH) {
        const size_t n = blocks - number < BATCH ? blocks - number : BATCH;
        hash_run(columns, c, number, n, digest, word);
        for (size_t k = 0; k < 4 * n; k++)
            columns->word[4 * number + k] = word[k % 4 * ROW + k / 4];
    }
    store_subsets(columns, c, i, columns->word, 1);
}

static void fill_column(const struct columns *columns, size_t c, size_t first, size_t n,
                        const sha256_state *digest)
{
    const dpa_column *column = &columns->request->column[c];
    const bool subset = column->kind == DPA_SUBSET, by_sample = sample_by_sample(column, n);
    if (subset && !by_sample)
        subsets_by_blocks(columns, c, first, n, digest);
    else if (!by_sample)
        fill_by_blocks(columns, c, 0, first, n, digest);
    else
        for (size_t i = 0; i < n; i++)
            (subset ? subsets_by_sample : fill_by_sample)(columns, c, first + i, digest + i);
}

/* ---- All columns ---- */

/* For one sample: the columns of one block each are hashed side by side, up to SIDE at a time. */
#define SIDE 16

static void store_side(const struct columns *columns, const size_t *c, size_t n, size_t i,
                       const uint64_t *word)
{
    for (size_t s = 0; s < n; s++) {
        const dpa_column *column = &columns->request->column[c[s]];
        if (column->kind == DPA_SUBSET)
            store_subsets(columns, c[s], i, word + s, ROW);
        else
            store_blocks(columns, c[s], word + s, 1, words_of(column), i * column->items, 0);
    }
}

/* The SHA unit is sooner done than lanes that are mostly idle. */
static void hash_side(const dpa_engine *engine, const struct word_blocks *blocks, size_t n, uint64_t *word)
{
    if (engine->single == &dpa_kernel_portable)
        hash_words(engine, blocks, n, 4, word, ROW);
    else
        engine->single->words(blocks, n, 4, word, ROW);
}

static void fill_one(const struct columns *columns, size_t i, const sha256_state *digest)
{
    const dpa_request *request = columns->request;
    uint64_t word[4 * ROW];
    sha256_state half[SIDE];
    size_t c[SIDE], n = 0;
    const struct word_blocks blocks = {digest, (const sha256_state *)half, 0, 1};
    for (size_t at = columns->drawn; at < request->columns; at++) {
        if (!request->values[at])
            continue;
        if (blocks_of(&request->column[at]) > 1) {
            fill_column(columns, at, i, 1, digest);
            continue;
        }
        half_of_block(&request->column[at], 0, half[n]);
        c[n++] = at;
        if (n == SIDE) {
            hash_side(columns->engine, &blocks, n, word);
            store_side(columns, c, n, i, word);
            n = 0;
        }
    }
    hash_side(columns->engine, &blocks, n, word);
    store_side(columns, c, n, i, word);
}

void dpa_columns_fill(const struct columns *columns, size_t first, size_t n, const sha256_state *digest)
{
    const dpa_request *request = columns->request;
    if (columns->draws > 0)
        for (size_t i = 0; i < n; i += DRAWN)
            draw(columns, first + i, n - i < DRAWN ? n - i : DRAWN, digest + i);
    if (n == 1 && columns->drawn < request->columns)
        fill_one(columns, first, digest);
    else
        for (size_t c = columns->drawn; c < request->columns; c++)
            if (request->values[c])
                fill_column(columns, c, first, n, digest);
}
