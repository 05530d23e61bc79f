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

void dpa_add_leaves(const dpa_engine *engine, const dpa_keys *keys, size_t first, size_t count,
                    const uint8_t (*digests)[DPA_DIGEST_SIZE], const double *const *values,
                    size_t columns, uint64_t sum[4])
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
        for (size_t c = 0; c < columns; c++) {
            uint64_t bits;
            memcpy(&bits, &values[c][i], sizeof bits);
            store_le64(bytes, bits);
            dpa_sha256_feed(&leaf, bytes, 8);
        }
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
