#include "hash/links.h"

#include "hash/sha256.h"

#define LIMB UINT64_C(1000000000000000000) /* 10^18: two of them add without overflow */
#define LIMB_DIGITS 18

static void fibonacci_start(struct dpa_fibonacci *at)
{
    memset(at, 0, sizeof *at);
    at->limbs = 1;
    at->next[0] = 1;
}

static void fibonacci_advance(struct dpa_fibonacci *at)
{
    uint64_t carry = 0;
    for (uint32_t i = 0; i < at->limbs; i++) {
        uint64_t sum = at->current[i] + at->next[i] + carry;
        carry = sum >= LIMB;
        at->current[i] = at->next[i];
        at->next[i] = carry ? sum - LIMB : sum;
    }
    if (carry && at->limbs < MAX_LIMBS) /* beyond the last limb no link is left to want it */
        at->next[at->limbs++] = 1;
    at->index++;
}

/* The decimal digits of fib(index), most significant first; returns how many. */
static size_t fibonacci_digits(const struct dpa_fibonacci *at, uint8_t digits[LIMB_DIGITS * MAX_LIMBS])
{
    uint32_t top = at->limbs - 1;
    if (top > 0 && at->current[top] == 0) /* only the successor has the last limb */
        top--;
    size_t size = 0;
    for (uint64_t x = at->current[top]; size == 0 || x > 0; x /= 10)
        size++;
    const size_t total = size + (size_t)top * LIMB_DIGITS;
    size_t end = total;
    for (uint32_t i = 0; i <= top; i++) {
        uint64_t x = at->current[i];
        for (size_t d = 0; d < (i < top ? LIMB_DIGITS : size); d++) {
            digits[--end] = (uint8_t)('0' + x % 10);
            x /= 10;
        }
    }
    return total;
}

struct link_run dpa_links_expand(struct dpa_fibonacci *at, uint32_t depth, uint32_t (*window)[64],
                                 size_t blocks)
{
    struct link_run run = {0, 0, (const uint32_t(*)[64])window};
    size_t used = 0;
    while (at->index < depth) {
        uint8_t padded[LIMB_DIGITS * MAX_LIMBS + 128] = {0};
        const size_t size = fibonacci_digits(at, padded);
        const size_t needed = (size + 9 + 63) / 64;
        if ((run.links > 0 && needed != run.blocks) || used + needed > blocks)
            break;
        padded[size] = 0x80;
        store_be64(padded + 64 * needed - 8, (64 + size) * 8); /* the hex block counts too */
        for (size_t b = 0; b < needed; b++, used++) {
            uint32_t w[16];
            for (int t = 0; t < 16; t++)
                w[t] = load_be32(padded + 64 * b + 4 * t);
            dpa_sha256_schedule(w, window[used]);
        }
        run.blocks = needed;
        run.links++;
        fibonacci_advance(at);
    }
    return run;
}

void dpa_links_init(dpa_links *links)
{
    struct dpa_fibonacci at;
    fibonacci_start(&at);
    dpa_links_expand(&at, DPA_TABLE_LINKS, links->schedule, DPA_TABLE_LINKS);
    memcpy(links->later, &at, sizeof at);
}
