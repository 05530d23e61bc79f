/* shortest.c: doubles as the shortest decimal text that gives them back.
 *
 * Between 1e-4 and 2^53, where no exponent is written, a double is c * 2^-s with c < 2^53
 * and 0 <= s <= 66; it and the bounds of what rounds to it are whole numbers of
 * 2^-(s+2) * 10^-p that fit into 128 bits. So integers decide and nothing is estimated.
 * The steps are those of Raffaello Giulietti, "The Schubfach way to render doubles".
 */
#include "dpa_columns.h"
#include "hash/platform.h"

#ifdef __SIZEOF_INT128__

__extension__ typedef unsigned __int128 wide;

/* What rounds to value, times 10^places * 2^(shift + 2). */
struct interval {
    wide low, value, high;
    int shift;
    bool closed; /* ties go to even doubles, so an even one has its bounds too */
};

static bool inside(const struct interval *interval, uint64_t number)
{
    const wide scaled = (wide)number << (interval->shift + 2);
    return interval->closed ? interval->low <= scaled && scaled <= interval->high
                            : interval->low < scaled && scaled < interval->high;
}

/* The whole number in the interval that ends with zeros, or else the nearest. */
static uint64_t choose(const struct interval *interval)
{
    const int shift = interval->shift + 2;
    const uint64_t below = (uint64_t)(interval->value >> shift), tens = below / 10 * 10;
    if (inside(interval, tens)) /* the only one: the interval is shorter than 10 */
        return tens;
    if (inside(interval, tens + 10))
        return tens + 10;
    if (!inside(interval, below + 1))
        return below;
    if (!inside(interval, below))
        return below + 1;
    const wide rest = interval->value - ((wide)below << shift), half = (wide)1 << (shift - 1);
    return below + (rest > half || (rest == half && below % 2 == 1));
}

/* number * 10^-places, with at least one digit on either side of the point. */
static size_t put_decimal(char *text, uint64_t number, int places)
{
    char reversed[32];
    size_t n = 0, size = 0;
    for (; places > 1 && number % 10 == 0; places--)
        number /= 10;
    for (int digit = 0; digit <= places || number > 0; digit++, number /= 10) {
        if (digit == places)
            reversed[n++] = '.';
        reversed[n++] = (char)('0' + number % 10);
    }
    while (n > 0)
        text[size++] = reversed[--n];
    return size;
}

size_t dpa_shortest(double value, char text[DPA_SHORTEST_SIZE])
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const size_t sign = bits >> 63;
    const double magnitude = sign ? -value : value;
    if (!(magnitude >= 1e-4 && magnitude < 0x1p53))
        return 0;
    const uint64_t fraction = bits << 12 >> 12, c = fraction | (uint64_t)1 << 52;
    const int shift = 1075 - (int)(bits << 1 >> 53);
    /* The fewest for which 10^-places is below the interval, whose length is 2^-shift,
     * and 3/4 of that at a power of two: log10(2) is 0.30103, -log10(3/4) is 0.12494. */
    const int places = (shift * 30103 + (fraction == 0 ? 12494 : 0)) / 100000 + 1;
    wide scale = 1;
    for (int i = 0; i < places; i++)
        scale *= 10;
    const struct interval interval = {
        .low = (4 * c - (fraction == 0 ? 1 : 2)) * scale,
        .value = 4 * c * scale,
        .high = (4 * c + 2) * scale,
        .shift = shift,
        .closed = c % 2 == 0,
    };
    text[0] = '-';
    return sign + put_decimal(text + sign, choose(&interval), places);
}

#else

size_t dpa_shortest(double value, char text[DPA_SHORTEST_SIZE])
{
    (void)value, (void)text;
    return 0;
}

#endif
