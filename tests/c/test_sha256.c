/* test_sha256.c: NIST's vectors through every kernel's compress. */
#include "check.h"

#include "hash/sha256.h"

static void same(const char *kernel, const char *what, size_t number, const uint8_t found[32],
                 const uint8_t expected[32])
{
    CHECK(memcmp(found, expected, 32) == 0, "%s: %s vector %zu", kernel, what, number);
}

static void short_messages(const struct dpa_kernel *kernel)
{
    FILE *file = open_vectors("sha256_short.txt");
    char hex[256], digest_hex[80];
    size_t count = 0;
    while (fscanf(file, "%255s %79s", hex, digest_hex) == 2) {
        uint8_t message[128], digest[32], expected[32];
        const size_t size = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
        from_hex(hex, message, size);
        from_hex(digest_hex, expected, 32);
        hash(kernel, message, size, digest);
        same(kernel->name, "short", count++, digest, expected);
    }
    CHECK(count == 65, "%zu short vectors", count);
    fclose(file);
}

/* In pieces of `piece` bytes: how a message arrives must not matter. */
static void hash_pieces(const struct dpa_kernel *kernel, const uint8_t *message, size_t size,
                        size_t piece, uint8_t digest[32])
{
    struct sha256_stream stream;
    uint8_t block[1][64];
    dpa_sha256_start(&stream, kernel);
    for (size_t at = 0; at < size; at += piece)
        dpa_sha256_feed(&stream, message + at, size - at < piece ? size - at : piece);
    dpa_sha256_last_block(&stream, block[0]);
    kernel->compress(&stream.state, (const uint8_t(*)[64])block, 1);
    for (int t = 0; t < 8; t++)
        store_be32(digest + 4 * t, stream.state[t]);
}

static void long_messages(const struct dpa_kernel *kernel)
{
    static const size_t pieces[] = {1, 3, 55, 63, 64, 65, 127, 128, 129, 1000};
    FILE *file = open_vectors("sha256_long.bin");
    uint8_t head[4];
    size_t count = 0;
    while (fread(head, 1, 4, file) == 4) {
        const size_t size = load_be32(head);
        uint8_t *message = allocate(size), digest[32], expected[32];
        CHECK(fread(message, 1, size, file) == size && fread(expected, 1, 32, file) == 32,
              "vector %zu is cut off", count);
        hash(kernel, message, size, digest);
        same(kernel->name, "long", count, digest, expected);
        hash_pieces(kernel, message, size, pieces[count % 10], digest);
        same(kernel->name, "long, in pieces,", count, digest, expected);
        free(message);
        count++;
    }
    CHECK(count == 64, "%zu long vectors", count);
    fclose(file);
}

/* SHAVS, section 6.4: each round hashes the last three digests 1,000 times over. */
static void monte_carlo(const struct dpa_kernel *kernel)
{
    FILE *file = open_vectors("sha256_monte_carlo.txt");
    char hex[80];
    uint8_t message[96], digest[32], expected[32];
    size_t rounds = 0;
    CHECK(fscanf(file, "%79s", hex) == 1, "no seed");
    from_hex(hex, digest, 32);
    for (; fscanf(file, "%79s", hex) == 1; rounds++) {
        for (size_t copy = 0; copy < 3; copy++)
            memcpy(message + 32 * copy, digest, 32);
        for (int i = 0; i < 1000; i++) {
            hash(kernel, message, sizeof message, digest);
            memmove(message, message + 32, 64);
            memcpy(message + 64, digest, 32);
        }
        from_hex(hex, expected, 32);
        same(kernel->name, "Monte Carlo", rounds, digest, expected);
    }
    CHECK(rounds == 100, "%zu Monte Carlo rounds", rounds);
    fclose(file);
}

/* Against printf: each value of a byte, at each place of a digest. */
static void hex_of_digests(void)
{
    for (int first = 0; first < 256; first++) {
        uint8_t digest[DPA_DIGEST_SIZE];
        char text[2 * DPA_DIGEST_SIZE + 1] = "", expected[2 * DPA_DIGEST_SIZE + 1];
        for (int i = 0; i < DPA_DIGEST_SIZE; i++) {
            digest[i] = (uint8_t)(first + 37 * i);
            snprintf(expected + 2 * i, 3, "%02x", digest[i]);
        }
        dpa_hex(digest, text);
        CHECK(strcmp(text, expected) == 0, "%s, not %s", text, expected);
    }
}

void test_sha256(void)
{
    hex_of_digests();
    dpa_engine engines[MAX_ENGINES];
    const size_t n = usable_engines(engines);
    for (size_t i = 0; i < n; i++) {
        short_messages(engines[i].bulk);
        long_messages(engines[i].bulk);
        monte_carlo(engines[i].bulk);
    }
}
