/* shortest.c: doubles as the shortest decimal text that gives them back, and back from it.
 *
 * The steps are those of Raffaello Giulietti, "The Schubfach way to render doubles", whose paper
 * proves them. Most texts are read with so many bits of their number that these say which double
 * is nearest and whether a shorter text would do. For the others a double is guessed, and the guess
 * is right where its text is the one that was read.
 */
#include "dpa_columns.h"
#include "sample/functions.h"

#define LEAST_POWER (-324)
#define GREATEST_POWER 324
#define MASK63 0x7fffffffffffffff
#define SIXTEEN_DIGITS 10000000000000000 /* 10^16 */

static const struct power {
    uint64_t high, low; /* 63 bits each */
} powers[] = {
#include "text/powers.inc"
};

/* The shifts round down for all exponents of doubles and all powers of the table. */
static int floor_log10_of_power2(int exponent)
{
    return exponent * 1262611 >> 22;
}

static int floor_log10_of_power2_by_3_quarters(int exponent)
{
    return (exponent * 1262611 - 524031) >> 22;
}

static int floor_log2_of_power10(int exponent)
{
    return exponent * 1741647 >> 19;
}

static const struct power *power_of_ten(int exponent)
{
    return &powers[exponent - LEAST_POWER];
}

static const uint64_t ten_to[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

/* number * g / 2^127: its whole part, and 63 bits of the fraction. */
struct product {
    uint64_t whole, fraction;
};

static struct product scaled(const struct power *g, uint64_t number)
{
    const uint64_t middle = (g->high * number >> 1) + mul_high(g->low, number);
    return (struct product){mul_high(g->high, number) + (middle >> 63), middle & MASK63};
}

/* Rounded to an integer, to an odd one if it is between two. */
static uint64_t to_odd(struct product product)
{
    return product.whole | (product.fraction + MASK63) >> 63;
}

/* The multiple of ten in the interval of c * 2^q, else the number nearest to it: what `choose` is,
 * by the paper's steps. Ties go to even doubles, so the interval of an even one has its bounds. */
static uint64_t choose_exactly(uint64_t c, bool uneven, int shift, const struct power *g,
                               uint64_t nearest, uint64_t rounded)
{
    const uint64_t open = c & 1;
    const uint64_t low = to_odd(scaled(g, (4 * c - (uneven ? 1 : 2)) << shift)) + open;
    const uint64_t high = to_odd(scaled(g, (4 * c + 2) << shift)) - open;
    if (low <= 4 * rounded)
        return rounded;
    if (4 * (rounded + 10) <= high)
        return rounded + 10;
    return nearest + (4 * nearest < low); /* below an interval that is uneven */
}

/* The shortest number * 10^*exponent that rounds to c * 2^q, of these the nearest. `uneven`:
 * the double below is half as far away as the one above. */
static uint64_t choose(uint64_t c, int q, bool uneven, int *exponent)
{
    const int k = uneven ? floor_log10_of_power2_by_3_quarters(q) : floor_log10_of_power2(q);
    const int shift = q + floor_log2_of_power10(-k) + 2; /* 1 to 4 */
    const struct power *g = power_of_ten(-k);
    const struct product product = scaled(g, 4 * c << shift); /* in quarters, as all here */
    const uint64_t value = to_odd(product), nearest = (value + 1 + (value >> 2 & 1)) >> 2;
    const uint64_t rounded = value / 40 * 10;
    *exponent = k;
    /* How far the two multiples of ten are, and the bounds, in 2^-57 quarters. Of ten numbers in
     * a row one at most is in the interval. No jumps between them, which nothing predicts. */
    const uint64_t rest = (product.whole - 4 * rounded) << 57 | product.fraction >> 6;
    const uint64_t other = ((uint64_t)40 << 57) - rest, bound = g->high >> (6 - shift);
    const uint64_t rounded_up = other < bound ? rounded + 10 : nearest;
    const bool close = rest - bound + 8 <= 16 || other - bound + 8 <= 16;
    if (close || uneven)
        return choose_exactly(c, uneven, shift, g, nearest, rounded);
    return rest < bound ? rounded : rounded_up;
}

/* Eight digits as text, the first in the lowest byte. Each step halves all lanes at once, to
 * fours, twos and ones. */
static uint64_t eight_digits(uint64_t number)
{
    const uint64_t fours = number / 10000 * (1 - ((uint64_t)10000 << 32)) + (number << 32);
    const uint64_t hundreds = fours * 5243 >> 19 & 0x0000007f0000007f;
    const uint64_t twos = hundreds * ((uint64_t)1 - (100 << 16)) + (fours << 16);
    const uint64_t tens = twos * 103 >> 10 & 0x000f000f000f000f;
    return tens * ((uint64_t)1 - (10 << 8)) + (twos << 8) + 0x3030303030303030;
}

static void put_eight(char *text, uint64_t eight)
{
    store_le64((uint8_t *)text, eight);
}

/* 17 digits. They stay in registers: memory that was just written in pieces is slow to read. */
struct digits {
    uint64_t first, middle, last; /* one, eight, eight */
    size_t count;                 /* without zeros at the end */
};

/* The digits of number, and the place of the first: 0 before the point, -1 behind it. */
static struct digits split(uint64_t number, int *place)
{
    const bool sixteen = number < SIXTEEN_DIGITS; /* a double is of 16 or 17 digits ... */
    *place += 16 - sixteen;
    number *= 1 + 9 * (uint64_t)sixteen; /* no jump, which nothing predicts */
    for (; number < SIXTEEN_DIGITS; number *= 10) /* ... unless it is subnormal */
        --*place;
    const uint64_t rest = number % SIXTEEN_DIGITS;
    struct digits digits = {
        .first = '0' + number / SIXTEEN_DIGITS,
        .middle = eight_digits(rest / 100000000),
        .last = eight_digits(rest % 100000000),
    };
    /* None, one or two zeros are common, and nothing predicts which. */
    const size_t one = digits.last >> 56 == '0', two = one & (digits.last >> 48 == 0x3030);
    digits.count = 17 - one - two;
    if (two)
        for (uint64_t zeros = 100; number % (10 * zeros) == 0 && digits.count > 1; zeros *= 10)
            digits.count--;
    return digits;
}

static void put_all(char *text, const struct digits *digits)
{
    char *last = text + 9;
    OPAQUE(last); /* gcc would join the two eights in memory to store them at once */
    text[0] = (char)digits->first;
    put_eight(text + 1, digits->middle);
    put_eight(last, digits->last);
}

/* The form of Python's repr of number * 10^place: no exponent from 1e-4 to below 1e16. */
static size_t put_decimal(char *text, uint64_t number, int place)
{
    const struct digits digits = split(number, &place);
    const size_t count = digits.count, before = (size_t)(place < 0 ? 0 : place) + 1;
    if (-4 <= place && place < 7) { /* the first eight characters are moved within a register */
        const size_t zeros = (size_t)(place < 0 ? -place : 0), all = zeros + count;
        const uint64_t mask = ~(uint64_t)0 << 8 * before, lead = ((uint64_t)1 << 8 * zeros) - 1;
        const uint64_t start = (digits.first | digits.middle << 8) << 8 * zeros |
                               (0x3030303030303030 & lead);
        put_all(text + 1 + zeros, &digits);
        put_eight(text, (start & ~mask) | (uint64_t)'.' << 8 * before | (start & mask) << 8);
        return (all > before ? all : before + 1) + 1;
    }
    if (0 <= place && place < 16) {
        put_all(text + 1, &digits);
        memmove(text, text + 1, before);
        text[before] = '.';
        return (count > before ? count : before + 1) + 1;
    }
    put_all(text + 1, &digits);
    text[0] = text[1];
    text[1] = '.';
    size_t size = count > 1 ? count + 1 : 1;
    text[size++] = 'e';
    text[size++] = place < 0 ? '-' : '+';
    place = place < 0 ? -place : place;
    if (place >= 100)
        text[size++] = (char)('0' + place / 100);
    text[size++] = (char)('0' + place / 10 % 10);
    text[size++] = (char)('0' + place % 10);
    return size;
}

/* The shortest number * 10^*exponent that rounds to the positive double with these bits. */
static uint64_t decimal(uint64_t bits, int *exponent)
{
    const uint64_t fraction = bits << 12 >> 12, biased = bits << 1 >> 53;
    const uint64_t hidden = (uint64_t)(biased > 0) << 52;
    return choose(fraction | hidden, (int)(biased > 0 ? biased : 1) - 1075,
                  fraction == 0 && biased > 1, exponent);
}

size_t dpa_shortest(double value, char text[DPA_SHORTEST_SIZE])
{
    const uint64_t bits = to_bits(value);
    const size_t sign = bits >> 63;
    if (bits << 1 >> 53 == 0x7ff)
        return 0;
    text[0] = '-';
    if (bits << 1 == 0) {
        memcpy(text + sign, "0.0", 3);
        return sign + 3;
    }
    int exponent;
    const uint64_t number = decimal(bits, &exponent);
    return sign + put_decimal(text + sign, number, exponent);
}

/* The highest bit of each of eight bytes that is no digit. What is above the first of them may be
 * wrong, because of its carry or borrow. */
static uint64_t others(uint64_t eight)
{
    return ((eight + 0x4646464646464646) | (eight - 0x3030303030303030)) & 0x8080808080808080;
}

/* How many are digits before the first that is none; the lowest byte is first. */
static unsigned count_digits(uint64_t eight)
{
    const uint64_t marks = others(eight), below = (marks - 1) & ~marks & 0x8080808080808080;
    return (unsigned)((below >> 7) * 0x0101010101010101 >> 56);
}

/* The number of eight digits: neighbours are joined, to twos, fours and eights. */
static uint64_t number_of(uint64_t eight)
{
    eight &= 0x0f0f0f0f0f0f0f0f;
    eight = eight * (1 + (10 << 8)) >> 8 & 0x00ff00ff00ff00ff;
    eight = eight * (1 + (100 << 16)) >> 16 & 0x0000ffff0000ffff;
    return eight * (1 + ((uint64_t)10000 << 32)) >> 32;
}

/* Appends the digits at text to number, which overflows if they are many; returns their end. */
static const char *take_digits(const char *text, const char *end, uint64_t *number)
{
    for (; text < end && '0' <= *text && *text <= '9'; text++)
        *number = *number * 10 + (uint64_t)(*text - '0');
    return text;
}

/* The same for many digits. */
static const char *take_fraction(const char *text, const char *end, uint64_t *number)
{
    while (end - text >= 8) {
        const uint64_t eight = load_le64((const uint8_t *)text);
        const unsigned count = count_digits(eight);
        *number = *number * ten_to[count] + number_of(count ? eight << (64 - 8 * count) : 0);
        text += count;
        if (count < 8)
            return text;
    }
    return take_digits(text, end, number);
}

/* The double nearest to number * 10^exponent, ties to even; the next one where the product is
 * inexact and almost a tie. */
static double guess(uint64_t number, int64_t exponent)
{
    if (number == 0 || exponent < LEAST_POWER || exponent > GREATEST_POWER)
        return 0;
    const int power = (int)exponent;
    const struct power *g = power_of_ten(power);
    /* Rounded to a double it may be 2^64: then one bit less is enough. */
    const int size = (int)(to_bits((double)number) >> 52) - 1022, shift = size < 64 ? 64 - size : 0;
    number <<= shift;
    const uint64_t least = g->low - (0 <= power && power < 55); /* 5^54 has 126 bits: g is 1 more */
    const uint64_t low = g->high * number, rest = low + mul_high(least << 1, number);
    const uint64_t high = mul_high(g->high, number) + (rest < low); /* 61 to 63 bits */
    const int unit = floor_log2_of_power10(power) + 2 - shift;      /* high is a number of 2^unit */
    const int needless = 8 + (int)(high >> 61 > 0) + (int)(high >> 62 > 0);
    const int dropped = unit + needless > -1074 ? needless : -1074 - unit;
    if (dropped > 62)
        return 0;
    const uint64_t kept = high >> dropped, half = (uint64_t)1 << (dropped - 1);
    const uint64_t beyond = (high & (2 * half - 1)) | (rest != 0);
    const uint64_t rounded = kept + (beyond > half || (beyond == half && kept % 2 == 1));
    return from_bits(((uint64_t)(unit + dropped + 1074) << 52) + rounded);
}

/* The number of the first `count` of eight digits; 0 of none. */
static uint64_t number_of_first(uint64_t eight, unsigned count)
{
    const unsigned half = 32 - 4 * count;
    return number_of(eight << half << half);
}

/* Reads what most values are: 15 to 20 digits and a point, which stands behind one to seven.
 * Returns the size with the point and a sign; 0 for another form, for one that is not the shortest,
 * and for the few that only writing can tell.
 *
 * The value is number / 10^behind, of which the first 53 bits and 56 more are known: `delta` is how
 * far it is from the double that it rounds to, `step` how far from the next number of as many
 * digits, both in 2^-56 of the double's last bit. It has no shorter text if the multiples of ten on
 * both sides of number are more than half a bit away from it. 15 digits are always the shortest. */
static size_t read_common(const char *text, size_t size, double *value)
{
    if (size < 1 + 24)
        return 0;
    const size_t minus = text[0] == '-';
    const uint8_t *const start = (const uint8_t *)text + minus;
    const uint64_t first = load_le64(start), second = load_le64(start + 8);
    const uint64_t third = load_le64(start + 16);
    const unsigned before = count_digits(first) & 7, more = count_digits(third);
    const unsigned zero = start[0] == '0', behind = 15 + more - before;
    const uint64_t mask = ((uint64_t)1 << 8 * before) - 1;
    const uint64_t seven = '0' | (first & mask) << 8 | (first & ~(mask << 8 | 0xff)); /* no point */
    const uint64_t last = start[15 + more] & 15;
    uint64_t number = number_of(seven) * ten_to[8] + number_of(second);
    number = number * ten_to[more] + number_of_first(third, more);
    if (before == 0 || start[before] != '.' || before * zero > 1 || more > 4 + zero ||
        (others(seven) | others(second)) != 0 || start[16 + more] == 'e' || last == 0 ||
        number >= 100000000000000000)
        return 0;

    const struct power *const g = power_of_ten(-(int)behind);
    /* Rounded to a double it may have one bit more: then the product has one less. */
    const int shift = 64 - ((int)(to_bits((double)(int64_t)number) >> 52) - 1022);
    const uint64_t shifted = number << shift;
    const uint64_t product = g->high * shifted;
    const uint64_t low = product + mul_high(g->low << 1, shifted);
    const uint64_t high = mul_high(g->high, shifted) + (low < product);
    const int dropped = 8 + (int)(high >> 61 > 0) + (int)(high >> 62 > 0);
    const uint64_t beyond = (high << (64 - dropped) | low >> dropped) >> 8, up = beyond >> 55;
    const uint64_t rounded = (high >> dropped) + up;
    const int exponent = floor_log2_of_power10(-(int)behind) + 2 - shift + dropped;
    const double found = from_bits(((uint64_t)(exponent + 1074) << 52) + rounded);
    const int64_t delta = (int64_t)(beyond - (up << 56)), half = (int64_t)1 << 55, unsure = 32;
    if (found < 1e-4 || half - unsure <= (delta < 0 ? -delta : delta) || rounded << 12 == 0)
        return 0;
    if (number >= 1000000000000000) {
        const int64_t step = (int64_t)(g->high >> (8 + dropped - shift));
        const int64_t under = (int64_t)last * step - delta, over = 10 * step - under;
        if (under <= half + unsure || over <= half + unsure || step - 2 * delta <= unsure ||
            step + 2 * delta <= unsure)
            return 0;
    }
    *value = from_bits(to_bits(found) | (uint64_t)minus << 63);
    return minus + 16 + more;
}

size_t dpa_read_shortest(const char *text, size_t size, double *value)
{
    const size_t common = read_common(text, size, value);
    if (common > 0)
        return common;
    const char *const end = text + size;
    const bool minus = size > 0 && text[0] == '-';
    const char *const start = text + minus;
    uint64_t number = 0, power = 0;
    int64_t exponent = 0;
    const char *const point = take_digits(start, end, &number), *at = point;
    if (at < end && *at == '.') {
        at = take_fraction(point + 1, end, &number);
        exponent = point + 1 - at;
    }
    if (end - at > 2 && *at == 'e') {
        const bool negative = at[1] == '-';
        at = take_digits(at + 2, end, &power);
        exponent += negative ? -(int64_t)(power % 1000) : (int64_t)(power % 1000);
    }
    const double found = guess(number, exponent);
    *value = minus ? -found : found;
    char again[DPA_SHORTEST_SIZE];
    const size_t written = dpa_shortest(*value, again);
    return written == (size_t)(at - text) && memcmp(text, again, written) == 0 ? written : 0;
}
