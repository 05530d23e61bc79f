/* leaves.c: the digest of a set of samples, a sum over one hash of each. */
#include "dpa_columns.h"
#include "hash/keys.h"
#include "hash/platform.h"

/* sum += addend, both 256-bit; what overflows is lost, as modulo 2^256 wants it. */
static void add256(uint64_t sum[4], const uint64_t addend[4])
{
    uint64_t carry = 0;
    for (int i = 0; i < 4; i++) {
        const uint64_t partial = sum[i] + carry;
        carry = partial < carry;
        sum[i] = partial + addend[i];
        carry += sum[i] < partial;
    }
}

/* Whether this machine stores the lowest byte first; compilers fold it to a constant. */
static bool little_endian(void)
{
    const uint16_t one = 1;
    uint8_t first;
    memcpy(&first, &one, sizeof first);
    return first == 1;
}

/* The items of sample i. */
static void feed_items(struct sha256_stream *leaf, const dpa_field *field, size_t i)
{
    const size_t width = field->width, size = field->items * width;
    const uint8_t *items = (const uint8_t *)field->values + i * size;
    if (little_endian()) {
        dpa_sha256_feed(leaf, items, size);
        return;
    }
    for (size_t item = 0; item < size; item += width)
        for (size_t b = width; b-- > 0;)
            dpa_sha256_feed(leaf, items + item + b, 1);
}

void dpa_add_leaves(const dpa_engine *engine, const dpa_keys *keys, size_t first, size_t count,
                    const uint8_t (*digests)[DPA_DIGEST_SIZE], const dpa_field *fields,
                    size_t count_of_fields, uint64_t sum[4])
{
    for (size_t i = first; i < first + count; i++) {
        struct sha256_stream leaf;
        uint8_t digits[DIGITS], bytes[8], block[1][64];
        const uint8_t *id;
        const size_t id_size = dpa_keys_id(keys, i, digits, &id);
        const size_t key_size = keys->prefix_size + id_size;
        dpa_sha256_start(&leaf, engine->single);
        store_le64(bytes, key_size);
        dpa_sha256_feed(&leaf, bytes, 4);
        dpa_sha256_feed(&leaf, keys->prefix, keys->prefix_size);
        dpa_sha256_feed(&leaf, id, id_size);
        dpa_sha256_feed(&leaf, digests[i], DPA_DIGEST_SIZE);
        for (size_t f = 0; f < count_of_fields; f++)
            feed_items(&leaf, &fields[f], i);
        dpa_sha256_last_block(&leaf, block[0]);
        engine->single->compress(&leaf.state, (const uint8_t(*)[64])block, 1);
        uint64_t number[4];
        uint8_t digest[DPA_DIGEST_SIZE];
        for (int t = 0; t < 8; t++)
            store_be32(digest + 4 * t, leaf.state[t]);
        for (int t = 0; t < 4; t++)
            number[t] = load_le64(digest + 8 * t);
        add256(sum, number);
    }
}
