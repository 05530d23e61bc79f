/* leaves.c: the digest of a set of samples, a sum over one hash of each.
 *
 * A sum has no order, so many messages are written down first and then hashed side by
 * side, block after block.
 */
#include "dpa_columns.h"
#include "hash/keys.h"
#include "hash/platform.h"
#include "hash/share.h"

#define TOGETHER 96           /* messages hashed side by side: whole groups of every kernel */
#define ROOM (TOGETHER * 128) /* bytes of these messages: those of five columns have two blocks */
#define PIECE 512             /* items of a larger message that are written at a time */

/* Adds a leaf, the hash of its message: a number whose lowest byte comes first. Part t counts 2^(32 t),
 * and carries wait in its upper half. */
static void add_leaf(uint64_t part[8], const sha256_state hash)
{
    for (int t = 0; t < 8; t++) {
        const uint32_t x = hash[t];
        part[t] += x >> 24 | (x >> 8 & 0xff00) | (x << 8 & 0xff0000) | x << 24;
    }
}

/* Adds the parts of fewer than 2^31 leaves to sum; what overflows is lost, as modulo 2^256 wants it. */
static void add_parts(uint64_t sum[4], const uint64_t part[8])
{
    uint64_t carry = 0;
    for (int t = 0; t < 4; t++) {
        const uint64_t low = carry + (uint32_t)sum[t] + part[2 * t];
        const uint64_t high = (low >> 32) + (sum[t] >> 32) + part[2 * t + 1];
        sum[t] = high << 32 | (uint32_t)low;
        carry = high >> 32;
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

/* Writes items of a column; returns their end. */
static uint8_t *put_items(uint8_t *to, const uint8_t *items, size_t count, size_t width)
{
    const size_t size = count * width;
    if (!little_endian()) {
        for (size_t item = 0; item < size; item += width)
            for (size_t b = 0; b < width; b++)
                to[item + b] = items[item + width - 1 - b];
    } else if (size == 8) { /* the common case: no call */
        memcpy(to, items, 8);
    } else {
        memcpy(to, items, size);
    }
    return to + size;
}

/* Messages that wait, padded. */
struct waiting {
    size_t count, used;                            /* messages; bytes of text that they take */
    const uint8_t *next[TOGETHER], *end[TOGETHER]; /* of each: what is not hashed yet */
    uint8_t text[ROOM];
};

static void hash_waiting(const dpa_engine *engine, struct waiting *all, uint64_t sum[4])
{
    static const sha256_state initial = {SHA256_H0};
    sha256_state state[TOGETHER];
    uint8_t block[TOGETHER][64];
    uint64_t part[8] = {0};
    size_t n = all->count;
    for (size_t k = 0; k < n; k++)
        memcpy(state[k], initial, sizeof initial);
    while (n > 0) {
        const size_t bulk = bulk_share(engine, n);
        size_t left = 0;
        for (size_t k = 0; k < n; k++)
            memcpy(block[k], all->next[k], 64);
        engine->bulk->compress(state, (const uint8_t(*)[64])block, bulk);
        engine->single->compress(state + bulk, (const uint8_t(*)[64])(block + bulk), n - bulk);
        for (size_t k = 0; k < n; k++) {
            if (all->next[k] + 64 == all->end[k]) {
                add_leaf(part, state[k]);
                continue;
            }
            all->next[left] = all->next[k] + 64;
            all->end[left] = all->end[k];
            memmove(state[left++], state[k], sizeof initial);
        }
        n = left;
    }
    add_parts(sum, part);
    all->count = all->used = 0;
}

/* Adds the leaf of sample i, whose message exceeds ROOM: it is hashed as it is written. */
static void add_long_leaf(uint64_t sum[4], const dpa_engine *engine, const dpa_keys *keys, const uint8_t *id,
                          size_t id_size, const uint8_t *digest, const dpa_field *fields,
                          size_t count_of_fields, size_t i)
{
    struct sha256_stream leaf;
    uint8_t bytes[8], block[1][64], piece[PIECE * 8];
    uint64_t part[8] = {0};
    dpa_sha256_start(&leaf, engine->single);
    store_le64(bytes, keys->prefix_size + id_size);
    dpa_sha256_feed(&leaf, bytes, 4);
    dpa_sha256_feed(&leaf, keys->prefix, keys->prefix_size);
    dpa_sha256_feed(&leaf, id, id_size);
    dpa_sha256_feed(&leaf, digest, DPA_DIGEST_SIZE);
    for (size_t f = 0; f < count_of_fields; f++) {
        const size_t width = fields[f].width, items = fields[f].items;
        const uint8_t *from = (const uint8_t *)fields[f].values + i * items * width;
        for (size_t at = 0; at < items; at += PIECE) {
            const size_t n = items - at < PIECE ? items - at : PIECE;
            put_items(piece, from + at * width, n, width);
            dpa_sha256_feed(&leaf, piece, n * width);
        }
    }
    dpa_sha256_last_block(&leaf, block[0]);
    engine->single->compress(&leaf.state, (const uint8_t(*)[64])block, 1);
    add_leaf(part, leaf.state);
    add_parts(sum, part);
}

void dpa_add_leaves(const dpa_engine *engine, const dpa_keys *keys, size_t first, size_t count,
                    const uint8_t (*digests)[DPA_DIGEST_SIZE], const dpa_field *fields,
                    size_t count_of_fields, uint64_t sum[4])
{
    struct waiting all;
    size_t values = 0; /* bytes of a sample's items */
    all.count = all.used = 0;
    for (size_t f = 0; f < count_of_fields; f++)
        values += fields[f].width * fields[f].items;
    for (size_t i = first; i < first + count; i++) {
        uint8_t digits[DIGITS];
        const uint8_t *id;
        const size_t id_size = dpa_keys_id(keys, i, digits, &id);
        const size_t size = 4 + keys->prefix_size + id_size + DPA_DIGEST_SIZE + values;
        const size_t padded = (size + 9 + 63) / 64 * 64; /* FIPS 180-4, section 5.1.1 */
        if (padded > ROOM) {
            add_long_leaf(sum, engine, keys, id, id_size, digests[i], fields, count_of_fields, i);
            continue;
        }
        if (all.count == TOGETHER || all.used + padded > ROOM)
            hash_waiting(engine, &all, sum);
        uint8_t *to = all.text + all.used;
        all.next[all.count] = to;
        all.used += padded;
        all.end[all.count++] = all.text + all.used;
        store_le64(to, keys->prefix_size + id_size); /* of which 4 bytes stay */
        to += 4;
        if (keys->prefix_size > 0)
            memcpy(to, keys->prefix, keys->prefix_size);
        to += keys->prefix_size;
        memcpy(to, id, id_size);
        to += id_size;
        memcpy(to, digests[i], DPA_DIGEST_SIZE);
        to += DPA_DIGEST_SIZE;
        for (size_t f = 0; f < count_of_fields; f++) {
            const size_t width = fields[f].width, items = fields[f].items;
            to = put_items(to, (const uint8_t *)fields[f].values + i * items * width, items, width);
        }
        memset(to, 0, (size_t)(all.text + all.used - 8 - to));
        *to = 0x80;
        store_be64(all.text + all.used - 8, (uint64_t)size * 8);
    }
    hash_waiting(engine, &all, sum);
}
