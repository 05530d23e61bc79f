#include "expected.h"

#include "hash/platform.h"
#include "sample/sampler.h"

void fibonacci_first(struct fibonacci *at)
{
    memset(at, 0, sizeof *at);
    at->size = at->next_size = 1;
    at->next[0] = 1;
}

void fibonacci_step(struct fibonacci *at)
{
    const size_t size = at->next_size;
    uint8_t carry = 0;
    for (size_t i = 0; i < size; i++) {
        const uint8_t sum = (uint8_t)(at->digits[i] + at->next[i] + carry);
        at->digits[i] = at->next[i];
        at->next[i] = sum % 10;
        carry = sum / 10;
    }
    at->size = size;
    if (carry)
        at->next[at->next_size++] = carry;
}

size_t fibonacci_text(const struct fibonacci *at, uint8_t *text)
{
    for (size_t i = 0; i < at->size; i++)
        text[i] = (uint8_t)('0' + at->digits[at->size - 1 - i]);
    return at->size;
}

void expected_digest(const uint8_t *key, size_t size, uint32_t depth, uint8_t digest[32])
{
    struct fibonacci at;
    hash(&dpa_kernel_portable, key, size, digest);
    fibonacci_first(&at);
    for (uint32_t link = 0; link < depth; link++) {
        char message[64 + 100];
        for (size_t i = 0; i < 32; i++)
            snprintf(message + 2 * i, 3, "%02x", digest[i]);
        const size_t digits = fibonacci_text(&at, (uint8_t *)message + 64);
        hash(&dpa_kernel_portable, (const uint8_t *)message, 64 + digits, digest);
        fibonacci_step(&at);
    }
}

void expected_uniforms(const uint8_t digest[32], dpa_sampler sampler, size_t count, double *uniform)
{
    const struct dpa_sampler_variant *portable =
        sampler == DPA_XOSHIRO256PP ? &dpa_xoshiro256pp_portable : &dpa_mt19937_portable;
    void *states = allocate_aligned(portable->state_size);
    sha256_state words[1];
    for (int t = 0; t < 8; t++)
        words[0][t] = load_be32(digest + 4 * t);
    portable->seed(states, (const sha256_state *)words, 1);
    for (size_t draw = 0; draw < count; draw++)
        portable->draw(states, 1, draw, uniform + draw);
    free(states);
}

void expected_words(const uint8_t digest[32], const uint8_t tag[16], size_t count, uint64_t *word)
{
    uint8_t block[32] = {0};
    for (size_t i = 0; i < count; i++) {
        if (i % 4 == 0) {
            uint8_t message[53] = {0};
            memcpy(message, digest, 32);
            store_be32(message + 33, (uint32_t)(i / 4));
            memcpy(message + 37, tag, 16);
            hash(&dpa_kernel_portable, message, sizeof message, block);
        }
        word[i] = (uint64_t)load_be32(block + i % 4 * 8) << 32 | load_be32(block + i % 4 * 8 + 4);
    }
}
