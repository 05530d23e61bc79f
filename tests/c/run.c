/* run.c: runs the C tests. Arguments: the folder of the vectors, then the subjects
 * to run (all where none is named). */
#include "check.h"
#include "sha256.h"

unsigned long checks_made, checks_failed;
static const char *vectors;

size_t usable_engines(dpa_engine engines[MAX_ENGINES])
{
    size_t n = 0;
    for (size_t i = 0; i < dpa_kernel_count(); i++) {
        if (!dpa_kernel_usable(i))
            continue;
        const dpa_status status = dpa_engine_choose(&engines[n], dpa_kernel_name(i));
        CHECK(status == DPA_OK, "%s: status %d", dpa_kernel_name(i), (int)status);
        n += status == DPA_OK;
    }
    return n;
}

static void *not_null(void *memory)
{
    if (!memory) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

void *allocate(size_t size)
{
    return not_null(malloc(size > 0 ? size : 1));
}

void *allocate_aligned(size_t size)
{
    const size_t whole = (size + DPA_SCRATCH_ALIGN - 1) / DPA_SCRATCH_ALIGN * DPA_SCRATCH_ALIGN;
    return not_null(aligned_alloc(DPA_SCRATCH_ALIGN, whole > 0 ? whole : DPA_SCRATCH_ALIGN));
}

/* SplitMix64 of Steele, Lea and Flood. */
uint64_t random_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void fill_random(void *bytes, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)random_bits(&seed);
}

FILE *open_vectors(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", vectors, name);
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    return file;
}

void from_hex(const char *hex, uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        const char *high = strchr(digits, hex[2 * i]), *low = strchr(digits, hex[2 * i + 1]);
        bytes[i] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
}

void hash(const struct kernel *kernel, const uint8_t *message, size_t size, uint8_t digest[32])
{
    struct sha256_stream stream;
    uint8_t block[1][64];
    sha256_start(&stream, kernel);
    sha256_feed(&stream, message, size);
    sha256_last_block(&stream, block[0]);
    kernel->compress(&stream.state, (const uint8_t(*)[64])block, 1);
    for (int t = 0; t < 8; t++)
        store_be32(digest + 4 * t, stream.state[t]);
}

static const struct {
    const char *name;
    void (*run)(void);
} subjects[] = {
    {"dispatch", test_dispatch}, {"sha256", test_sha256},     {"kernels", test_kernels},
    {"samplers", test_samplers}, {"links", test_links},       {"generate", test_generate},
    {"leaves", test_leaves},     {"moments", test_moments},   {"shortest", test_shortest},
};

static bool wanted(const char *name, int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return argc == 2;
}

int main(int argc, char **argv)
{
    char features[128];
    if (argc < 2) {
        fprintf(stderr, "usage: %s VECTORS [SUBJECT ...]\n", argv[0]);
        return 2;
    }
    vectors = argv[1];
    printf("cpu: %s; kernels:", dpa_cpu_features(features, sizeof features));
    for (size_t i = 0; i < dpa_kernel_count(); i++)
        printf(" %s%s", dpa_kernel_name(i), dpa_kernel_usable(i) ? "" : " (not usable here)");
    putchar('\n');
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        if (!wanted(subjects[i].name, argc, argv))
            continue;
        const unsigned long made = checks_made, failed = checks_failed;
        subjects[i].run();
        printf("%-10s %7lu checks, %lu failed\n", subjects[i].name, checks_made - made,
               checks_failed - failed);
    }
    return checks_failed > 0 || checks_made == 0;
}
