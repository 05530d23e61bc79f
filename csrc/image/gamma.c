/* gamma.c: powers of pixels (docs/spec.md, "Gamma"). */
#include "image/loops.h"
#include "image/power.h"

/* To the nearest integer, ties to even: 2^52 has no room for a fraction. */
static uint16_t of_integer(uint32_t value, double gamma, double full_range)
{
    if (value == 0)
        return 0;
    if (value >= full_range)
        return (uint16_t)full_range;
    const double made = power((double)value / full_range, gamma) * full_range;
    const double rounded = made + 0x1p52, whole = rounded - 0x1p52;
    return (uint16_t)(whole < full_range ? whole : full_range);
}

static void bytes_to(uint8_t *bytes, size_t count, double gamma, double full_range)
{
    uint8_t table[256];
    for (uint32_t v = 0; v < 256; v++)
        table[v] = (uint8_t)of_integer(v, gamma, full_range);
    for (size_t i = 0; i < count; i++)
        bytes[i] = table[bytes[i]];
}

/* A table is worth its making where there are more pixels than it has entries. */
static void words_to(uint16_t *words, size_t count, double gamma, double full_range, uint16_t *table)
{
    if (count < DPA_GAMMA_TABLE)
        table = NULL;
    for (uint32_t v = 0; table && v < DPA_GAMMA_TABLE; v++)
        table[v] = of_integer(v, gamma, full_range);
    for (size_t i = 0; i < count; i++)
        words[i] = table ? table[words[i]] : of_integer(words[i], gamma, full_range);
}

void dpa_apply_gamma(const dpa_image_loops *loops, dpa_pixel type, void *pixels, size_t count,
                     double gamma, double full_range, uint16_t *table)
{
    if (type == DPA_UINT8)
        bytes_to((uint8_t *)pixels, count, gamma, full_range);
    else if (type == DPA_UINT16)
        words_to((uint16_t *)pixels, count, gamma, full_range, table);
    else
        loops->gamma_float32((float *)pixels, count, gamma, full_range);
}
