/* test_leaves.c: the digest of a set against messages written out here, added by bytes. */
#include <inttypes.h>

#include "expected.h"

#include "hash/platform.h"

#define SAMPLES 120 /* more than wait at a time */
#define LONG 13000  /* bytes of a text, or of items, that are hashed as they are written */

static const char PREFIX[] = "3.1@7:1:";
static uint8_t digests[SAMPLES][32];
static double column[3][SAMPLES];
static uint8_t flags[SAMPLES];
static int32_t codes[3 * SAMPLES];
static const dpa_field fields[5] = {
    {column[0], 8, 1}, {column[1], 8, 1}, {column[2], 8, 1}, {flags, 1, 1}, {codes, 4, 3}};

static void little_endian(uint8_t *bytes, uint64_t x, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(x >> 8 * i);
}

/* sum += leaf, both 32 bytes, least first. */
static void add_bytes(uint8_t sum[32], const uint8_t leaf[32])
{
    for (unsigned b = 0, carry = 0; b < 32; b++) {
        carry += (unsigned)sum[b] + leaf[b];
        sum[b] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* sum += the leaf of sample i. */
static void add_leaf(uint8_t sum[32], const char *key, size_t key_size, size_t i, size_t columns)
{
    uint8_t message[LONG + 1024], leaf[32];
    size_t size = 4 + key_size;
    little_endian(message, key_size, 4);
    memcpy(message + 4, key, key_size);
    memcpy(message + size, digests[i], 32);
    size += 32;
    for (size_t c = 0; c < columns && c < 3; c++, size += 8) {
        uint64_t bits;
        memcpy(&bits, &column[c][i], 8);
        little_endian(message + size, bits, 8);
    }
    if (columns > 3)
        message[size++] = flags[i];
    for (size_t k = 0; columns > 4 && k < 3; k++, size += 4)
        little_endian(message + size, (uint32_t)codes[3 * i + k], 4);
    hash(&dpa_kernel_portable, message, size, leaf);
    add_bytes(sum, leaf);
}

static void same_sum(const uint64_t sum[4], const uint8_t expected[32], const char *what)
{
    uint8_t bytes[32];
    for (size_t t = 0; t < 4; t++)
        little_endian(bytes + 8 * t, sum[t], 8);
    CHECK(memcmp(bytes, expected, 32) == 0, "%s", what);
}

/* From a sum of all ones, so that the first leaf already overflows 256 bits. */
static void integer_ids(const dpa_engine *engine, size_t columns)
{
    const dpa_keys keys = {(const uint8_t *)PREFIX, sizeof PREFIX - 1, NULL, NULL, NULL, 90};
    uint64_t sum[4], in_parts[4];
    uint8_t expected[32];
    memset(sum, 0xff, sizeof sum);
    memset(in_parts, 0xff, sizeof in_parts);
    memset(expected, 0xff, sizeof expected);
    const uint8_t(*const d)[32] = (const uint8_t(*)[32])digests;
    dpa_add_leaves(engine, &keys, 0, SAMPLES, d, fields, columns, sum);
    for (size_t i = 0; i < SAMPLES; i++) {
        char key[64];
        const int size = snprintf(key, sizeof key, "%s%" PRIu64, PREFIX, keys.start + i);
        add_leaf(expected, key, (size_t)size, i, columns);
    }
    same_sum(sum, expected, "integer ids");
    dpa_add_leaves(engine, &keys, 17, SAMPLES - 17, d, fields, columns, in_parts);
    dpa_add_leaves(engine, &keys, 17, 0, d, fields, columns, in_parts);
    dpa_add_leaves(engine, &keys, 0, 17, d, fields, columns, in_parts);
    same_sum(in_parts, expected, "integer ids, in parts");
}

/* Texts of 0, 5, 10, ... bytes, every residue of the leaf's size modulo a block, and a long one. */
static void text_ids(const dpa_engine *engine)
{
    static uint8_t text[5 * SAMPLES * (SAMPLES - 1) / 2 + LONG];
    static char key[1 + LONG] = "\"";
    int64_t offsets[SAMPLES + 1] = {0};
    uint64_t sum[4] = {0};
    uint8_t expected[32] = {0};
    for (int i = 0; i < SAMPLES; i++)
        offsets[i + 1] = offsets[i] + (i == SAMPLES / 2 ? LONG : 5 * i);
    fill_random(text, sizeof text, 9);
    const dpa_keys keys = {(const uint8_t *)"\"", 1, text, offsets, NULL, 0};
    dpa_add_leaves(engine, &keys, 0, SAMPLES, (const uint8_t(*)[32])digests, fields, 5, sum);
    for (size_t i = 0; i < SAMPLES; i++) {
        const size_t size = (size_t)(offsets[i + 1] - offsets[i]);
        memcpy(key + 1, text + offsets[i], size);
        add_leaf(expected, key, 1 + size, i, 5);
    }
    same_sum(sum, expected, "text ids");
}

/* A column of many items a sample. */
static void long_items(const dpa_engine *engine)
{
    enum { ITEMS = LONG / 8 };
    static double many[3 * ITEMS];
    const dpa_keys keys = {NULL, 0, NULL, NULL, NULL, 7};
    uint64_t sum[4] = {0};
    uint8_t expected[32] = {0}, message[4 + 1 + 32 + 8 * ITEMS], leaf[32];
    fill_random(many, sizeof many, 14);
    const dpa_field field = {many, 8, ITEMS};
    dpa_add_leaves(engine, &keys, 0, 3, (const uint8_t(*)[32])digests, &field, 1, sum);
    for (size_t i = 0; i < 3; i++) {
        little_endian(message, 1, 4);
        message[4] = (uint8_t)('7' + i);
        memcpy(message + 5, digests[i], 32);
        for (size_t k = 0; k < ITEMS; k++) {
            uint64_t bits;
            memcpy(&bits, &many[i * ITEMS + k], 8);
            little_endian(message + 37 + 8 * k, bits, 8);
        }
        hash(&dpa_kernel_portable, message, sizeof message, leaf);
        add_bytes(expected, leaf);
    }
    same_sum(sum, expected, "items of many words");
}

void test_leaves(void)
{
    dpa_engine engines[MAX_ENGINES];
    const size_t n = usable_engines(engines);
    fill_random(digests, sizeof digests, 10);
    fill_random(column, sizeof column, 11);
    fill_random(flags, sizeof flags, 12);
    fill_random(codes, sizeof codes, 13);
    for (size_t i = 0; i < n; i++) {
        for (size_t columns = 0; columns <= 5; columns++)
            integer_ids(&engines[i], columns);
        text_ids(&engines[i]);
        long_items(&engines[i]);
    }
}
