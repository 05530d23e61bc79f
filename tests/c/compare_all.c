/* compare_all.c: one digest over all that each kernel makes of the same ids.
 * Arguments: how many ids, then the kernels (all usable ones where none is named). */
#include <inttypes.h>
#include <time.h>

#include "requests.h"

#include "hash/sha256.h"

#define SPAN 4099 /* a prime: the rests of batches and lanes vary */

static dpa_links links;

/* Each span is another kind of request, in turn: both samplers, ids that count up and
 * ids of all lengths, plain uniforms and columns of every kind. */
static struct shape shape_of(uint64_t first, size_t count)
{
    const uint64_t number = first / SPAN;
    struct shape shape;
    memset(&shape, 0, sizeof shape);
    shape.count = count;
    shape.depth = 10;
    shape.sampler = number & 1 ? DPA_MT19937 : DPA_XOSHIRO256PP;
    shape.declared = number & 4;
    shape.columns = shape.declared ? MAX_COLUMNS : 5;
    shape.digests = true;
    shape.ids = number & 2 ? LISTED : COUNTED;
    shape.start = first;
    shape.seed = number;
    return shape;
}

/* The values go in as they lie in memory: the digest compares kernels, not machines. */
static void digest_of(const dpa_engine *engine, uint64_t count, const struct dpa_kernel *hash_by,
                      uint8_t digest[32])
{
    struct sha256_stream all;
    uint8_t block[1][64];
    dpa_sha256_start(&all, hash_by);
    for (uint64_t first = 0; first < count; first += SPAN) {
        const size_t n = count - first < SPAN ? (size_t)(count - first) : SPAN;
        const struct shape shape = shape_of(first, n);
        struct job job;
        open_job(&job, &shape);
        run_span(&job, engine, &links, 0, n);
        dpa_sha256_feed(&all, job.digests, 32 * n);
        for (size_t c = 0; c < shape.columns; c++)
            dpa_sha256_feed(&all, job.values[c], job.sizes[c]);
        close_job(&job);
    }
    dpa_sha256_last_block(&all, block[0]);
    hash_by->compress(&all.state, (const uint8_t(*)[64])block, 1);
    for (int t = 0; t < 8; t++)
        store_be32(digest + 4 * t, all.state[t]);
}

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 2;
}

int main(int argc, char **argv)
{
    dpa_engine engines[MAX_ENGINES];
    uint8_t first[32], digest[32];
    size_t compared = 0, different = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: %s COUNT [KERNEL ...]\n", argv[0]);
        return 2;
    }
    const uint64_t count = strtoull(argv[1], NULL, 10);
    const size_t n = usable_engines(engines);
    dpa_links_init(&links);
    for (size_t i = 0; i < n; i++) {
        const char *name = dpa_engine_name(&engines[i]);
        if (!wanted(name, argc, argv))
            continue;
        const time_t start = time(NULL);
        digest_of(&engines[i], count, engines[0].single, digest);
        for (int b = 0; b < 32; b++)
            printf("%02x", digest[b]);
        printf("  %s, %" PRIu64 " ids, %.0f s\n", name, count, difftime(time(NULL), start));
        fflush(stdout);
        if (compared++ == 0)
            memcpy(first, digest, sizeof first);
        different += memcmp(digest, first, sizeof first) != 0;
    }
    if (different > 0)
        fprintf(stderr, "%zu kernels differ from the first\n", different);
    return different > 0 || compared == 0 || checks_failed > 0;
}
