/* run.c: runs the C tests. Arguments: the folder of the vectors, then the subjects
 * to run (all where none is named). */
#include "check.h"

static const char *vectors;

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

static const struct {
    const char *name;
    void (*run)(void);
} subjects[] = {
    {"dispatch", test_dispatch}, {"sha256", test_sha256},     {"kernels", test_kernels},
    {"samplers", test_samplers}, {"links", test_links},       {"generate", test_generate},
    {"requests", test_requests}, {"threads", test_threads},   {"leaves", test_leaves},
    {"words", test_words},       {"distributions", test_distributions},
    {"every", test_every},       {"moments", test_moments},   {"noise", test_noise},
    {"shortest", test_shortest}, {"lines", test_lines},       {"warp", test_warp},
    {"effect", test_effect},
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
        printf("%-13s %7lu checks, %lu failed\n", subjects[i].name, checks_made - made,
               checks_failed - failed);
    }
    return checks_failed > 0 || checks_made == 0;
}
