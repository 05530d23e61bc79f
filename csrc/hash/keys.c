#include "hash/keys.h"

void dpa_keys_start(struct sha256_stream *prefix, const struct dpa_kernel *kernel, const dpa_keys *keys)
{
    dpa_sha256_start(prefix, kernel);
    dpa_sha256_feed(prefix, keys->prefix, keys->prefix_size);
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233"
                            "34353637383940414243444546474849505152535455565758596061626364656667"
                            "6869707172737475767778798081828384858687888990919293949596979899";

/* Writes the decimal digits of x so that they end at digits + DIGITS; returns how many. */
static size_t decimal(uint64_t x, uint8_t *digits)
{
    size_t at = DIGITS;
    while (x >= 100) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * (x % 100), 2);
        x /= 100;
    }
    if (x >= 10) {
        at -= 2;
        memcpy(digits + at, pairs + 2 * x, 2);
    } else {
        digits[--at] = (uint8_t)('0' + x);
    }
    return DIGITS - at;
}

#define EIGHT_DIGITS 100000000

/* Writes the decimal digits of x < EIGHT_DIGITS, and zeros behind them up to eight bytes; returns
 * how many digits there are. Without branches and in one register: it takes half the time of
 * decimal() and the copy of its digits. */
static size_t short_decimal(uint32_t x, uint8_t text[8])
{
    size_t size = 1;
    UNROLL for (uint32_t power = 10; power < EIGHT_DIGITS; power *= 10)
        size += x >= power;
    /* Two numbers below 10,000, then four below 100, then eight digits, the first one lowest. */
    uint64_t digits = x / 10000 | (uint64_t)(x % 10000) << 32;
    const uint64_t hundreds = digits * 10486 >> 20 & 0x0000007f0000007f;
    digits = hundreds | (digits - 100 * hundreds) << 16;
    const uint64_t tens = digits * 103 >> 10 & 0x000f000f000f000f;
    digits = tens | (digits - 10 * tens) << 8;
    store_le64(text, (digits + 0x3030303030303030) >> (64 - 8 * size));
    return size;
}

static uint64_t integer_id(const dpa_keys *keys, size_t i)
{
    return keys->ids ? keys->ids[i] : keys->start + i;
}

size_t dpa_keys_id(const dpa_keys *keys, size_t i, uint8_t digits[DIGITS], const uint8_t **bytes)
{
    if (keys->text) {
        *bytes = keys->text + keys->offsets[i];
        return (size_t)(keys->offsets[i + 1] - keys->offsets[i]);
    }
    const size_t size = decimal(integer_id(keys, i), digits);
    *bytes = digits + DIGITS - size;
    return size;
}

/* A key whose last bytes may need a block of their own. */
static void stage_long(const struct sha256_stream *prefix, const uint8_t *id, size_t size,
                       sha256_state state, uint8_t block[64])
{
    struct sha256_stream key = *prefix;
    dpa_sha256_feed(&key, id, size);
    dpa_sha256_last_block(&key, block);
    memcpy(state, key.state, sizeof key.state);
}

/* Stages up to n numbers behind x, as far as only the last two digits change: copies of x's block,
 * `row`, whose digits end before byte `end`. Returns how many there are. */
static size_t stage_hundred(const uint8_t row[64], size_t end, uint64_t x, size_t n, uint8_t (*block)[64])
{
    const size_t pair = x % 100, left = x < 10 ? 0 : 99 - pair, count = left < n ? left : n;
    for (size_t i = 0; i < count; i++) {
        memcpy(block[i], row, 64);
        memcpy(block[i] + end - 2, pairs + 2 * (pair + 1 + i), 2);
    }
    return count;
}

/* Each of the n samples gets a chaining value of its own, the prefix's to begin with. */
static void set_apart(struct key_blocks *staged, size_t n, sha256_state *state)
{
    for (size_t i = 0; i < n; i++)
        memcpy(state[i], staged->before[0], sizeof state[i]);
    staged->before = (const sha256_state *)state;
    staged->step = 1;
}

struct key_blocks dpa_keys_stage(const struct sha256_stream *prefix, const dpa_keys *keys, size_t first,
                                 size_t n, sha256_state *state, uint8_t (*block)[64])
{
    struct key_blocks staged = {(const uint8_t(*)[64])block, &prefix->state, 0};
    const size_t head = prefix->size % 64;
    const bool counted = !keys->text && !keys->ids, short_keys = !keys->text && head + 8 < 56;
    uint8_t blank[64] = {0}, digits[2 * DIGITS] = {0};
    memcpy(blank, prefix->tail[0], head);
    for (size_t i = 0; i < n; i++) {
        size_t size;
        if (short_keys && integer_id(keys, first + i) < EIGHT_DIGITS) {
            memcpy(block[i], blank, 64);
            size = short_decimal((uint32_t)integer_id(keys, first + i), block[i] + head);
        } else {
            const uint8_t *id;
            size = dpa_keys_id(keys, first + i, digits, &id);
            if (head + size >= 56) {
                if (staged.step == 0)
                    set_apart(&staged, n, state);
                stage_long(prefix, id, size, state[i], block[i]);
                continue;
            }
            memcpy(block[i], blank, 64);
            if (keys->text || head + DIGITS > 64)
                memcpy(block[i] + head, id, size);
            else /* a copy of fixed size is no call; behind the digits are zeros */
                memcpy(block[i] + head, id, DIGITS);
        }
        block[i][head + size] = 0x80;
        store_be64(block[i] + 56, (prefix->size + size) * 8);
        if (counted)
            i += stage_hundred(block[i], head + size, integer_id(keys, first + i), n - i - 1, block + i + 1);
    }
    return staged;
}
