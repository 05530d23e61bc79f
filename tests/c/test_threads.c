/* test_threads.c: threads that share an engine, the links and a request, each filling
 * samples of its own. What they must not do to each other, SANITIZE=thread sees. */
#include <pthread.h>

#include "requests.h"

#define THREADS 8
#define SPAN 37 /* no whole number of lanes: neighbours meet inside a cache line */
#define SAMPLES (3 * THREADS * SPAN)

static dpa_links links;

struct worker {
    pthread_t thread;
    size_t number;
    const struct job *job;
    const dpa_engine *engine;
    uint64_t sum[4];
    dpa_status status;
};

/* Every eighth span of the job, then its leaves. */
static void *fill_spans(void *argument)
{
    struct worker *worker = argument;
    const struct job *job = worker->job;
    for (size_t first = worker->number * SPAN; first < SAMPLES; first += THREADS * SPAN) {
        run_span(job, worker->engine, &links, first, SPAN);
        dpa_add_leaves(worker->engine, &job->request.keys, first, SPAN,
                       (const uint8_t(*)[DPA_DIGEST_SIZE])job->request.digests, NULL, 0, worker->sum);
    }
    return NULL;
}

/* Chooses while others do. */
static void *choose(void *argument)
{
    struct worker *worker = argument;
    dpa_engine engine;
    worker->status = dpa_engine_choose(&engine, NULL);
    return NULL;
}

static void run_workers(struct worker workers[THREADS], void *(*work)(void *))
{
    for (size_t t = 0; t < THREADS; t++)
        if (pthread_create(&workers[t].thread, NULL, work, &workers[t]) != 0) {
            fputs("no thread\n", stderr);
            exit(2);
        }
    for (size_t t = 0; t < THREADS; t++)
        pthread_join(workers[t].thread, NULL);
}

static struct shape shape_of(dpa_sampler sampler, enum ids ids)
{
    struct shape shape;
    memset(&shape, 0, sizeof shape);
    shape.count = SAMPLES;
    shape.depth = 258; /* beyond the table: each thread makes links on the fly */
    shape.sampler = sampler;
    shape.declared = true;
    shape.columns = MAX_COLUMNS;
    shape.digests = true;
    shape.prefix_size = 70;
    shape.ids = ids;
    shape.text_size = 30;
    return shape;
}

static void together(const struct variant *variant, dpa_sampler sampler, enum ids ids)
{
    const struct shape shape = shape_of(sampler, ids);
    struct worker workers[THREADS];
    struct job shared, alone;
    uint64_t sum[4] = {0};
    open_job(&shared, &shape);
    open_job(&alone, &shape);
    memset(workers, 0, sizeof workers);
    for (size_t t = 0; t < THREADS; t++) {
        workers[t].number = t;
        workers[t].job = &shared;
        workers[t].engine = &variant->engine;
    }
    run_workers(workers, fill_spans);
    run_span(&alone, &variant->engine, &links, 0, SAMPLES);
    CHECK(same_output(&shared, &alone), "%s", variant->name);
    dpa_add_leaves(&variant->engine, &alone.request.keys, 0, SAMPLES,
                   (const uint8_t(*)[DPA_DIGEST_SIZE])alone.request.digests, NULL, 0, sum);
    uint64_t lowest = 0; /* the low words add up without the carries */
    for (size_t t = 0; t < THREADS; t++)
        lowest += workers[t].sum[0];
    CHECK(lowest == sum[0], "%s: leaves", variant->name);
    close_job(&shared);
    close_job(&alone);
}

static void choices(void)
{
    struct worker workers[THREADS];
    memset(workers, 0, sizeof workers);
    run_workers(workers, choose);
    for (size_t t = 0; t < THREADS; t++)
        CHECK(workers[t].status == DPA_OK, "thread %zu: status %d", t, (int)workers[t].status);
}

void test_threads(void)
{
    static struct variant variants[MAX_VARIANTS];
    const size_t n = engine_variants(variants);
    dpa_links_init(&links);
    choices();
    for (size_t v = 0; v < n; v++) {
        together(&variants[v], DPA_XOSHIRO256PP, COUNTED);
        together(&variants[v], DPA_MT19937, TEXTS);
    }
}
