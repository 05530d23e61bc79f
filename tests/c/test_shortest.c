/* test_shortest.c: the text of a double reads back as it, and no shorter one does. */
#include "check.h"
#include <string.h>

/* The digits without sign, point and zeros at the ends. */
static void digits_of(const char *text, char *digits)
{
    size_t n = 0;
    for (; *text && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (n > 0 || *text != '0'))
            digits[n++] = *text;
    while (n > 0 && digits[n - 1] == '0')
        n--;
    digits[n] = 0;
}

/* printf gives the nearest text of so many digits. Beside a power of two a farther one may
 * be needed: its interval is not even-sided. */
static void check_value(double value)
{
    char text[DPA_SHORTEST_SIZE + 1], found[64], expected[64], nearest[64];
    const size_t size = dpa_shortest(value, text);
    if (size == 0)
        return;
    CHECK(size <= DPA_SHORTEST_SIZE, "%.17g has %zu characters", value, size);
    text[size] = 0;
    CHECK(strtod(text, NULL) == value, "%.17g: %s", value, text);
    CHECK(strchr(text, '.') && text[size - 1] != '.' && text[0] != '.', "%s has no point", text);
    digits_of(text, found);
    int precision = 0;
    do
        snprintf(nearest, sizeof nearest, "%.*e", precision++, value);
    while (strtod(nearest, NULL) != value);
    digits_of(nearest, expected);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (bits << 12 != 0)
        CHECK(strcmp(found, expected) == 0, "%.17g: %s, not %s", value, found, expected);
    else
        CHECK(strlen(found) <= strlen(expected), "%.17g: %s, not %s", value, found, expected);
}

static void check_text(double value, const char *expected)
{
    char text[DPA_SHORTEST_SIZE + 1];
    const size_t size = dpa_shortest(value, text);
    text[size] = 0;
#ifdef __SIZEOF_INT128__
    CHECK(strcmp(text, expected) == 0, "%.17g: %s, not %s", value, text, expected);
#else
    CHECK(size == 0 && expected, "%.17g: %s", value, text);
#endif
}

void test_shortest(void)
{
    check_text(0.1, "0.1");
    check_text(-30, "-30.0");
    check_text(1e-4, "0.0001");
    check_text(0.30000000000000004, "0.30000000000000004");
    check_text(9007199254740991.0, "9007199254740991.0");
    static const double others[] = {0, -0.0, 9.999999999999999e-05, 0x1p53, 1e300, 5e-324};
    char text[DPA_SHORTEST_SIZE];
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CHECK(dpa_shortest(others[i], text) == 0, "%.17g is for others", others[i]);
    uint64_t state = 1;
    for (int exponent = -14; exponent <= 53; exponent++) { /* what a power of two neighbours */
        uint64_t power = (uint64_t)(1023 + exponent) << 52;
        for (uint64_t bits = power - 3; bits <= power + 3; bits++) {
            double value;
            memcpy(&value, &bits, sizeof value);
            check_value(value);
            check_value(-value);
        }
        for (int i = 0; i < 300; i++) {
            const uint64_t bits = power | random_bits(&state) >> 12;
            double value;
            memcpy(&value, &bits, sizeof value);
            check_value(value);
            check_value((double)(float)value);
            char rounded[64];
            snprintf(rounded, sizeof rounded, "%.*g", i % 17 + 1, value);
            check_value(strtod(rounded, NULL));
        }
    }
}
