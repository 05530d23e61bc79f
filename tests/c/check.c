/* check.c: what every C test needs, apart from the list of subjects (run.c). */
#include "check.h"

#include "hash/sha256.h"

unsigned long checks_made, checks_failed;

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

void hash(const struct dpa_kernel *kernel, const uint8_t *message, size_t size, uint8_t digest[32])
{
    struct sha256_stream stream;
    uint8_t block[1][64];
    dpa_sha256_start(&stream, kernel);
    dpa_sha256_feed(&stream, message, size);
    dpa_sha256_last_block(&stream, block[0]);
    kernel->compress(&stream.state, (const uint8_t(*)[64])block, 1);
    for (int t = 0; t < 8; t++)
        store_be32(digest + 4 * t, stream.state[t]);
}
