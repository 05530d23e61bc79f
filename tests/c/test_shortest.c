/* test_shortest.c: the text of a double reads back as it, and no shorter one does. */
#include "check.h"

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
    CHECK(size <= 24, "%.17g has %zu characters", value, size);
    text[size] = 0;
    double back = 0;
    CHECK(dpa_read_shortest(text, size, &back) == size, "%s is not read", text);
    CHECK(memcmp(&back, &value, sizeof value) == 0, "%s: %.17g, not %.17g", text, back, value);
    CHECK(strtod(text, NULL) == value, "%.17g: %s", value, text);
    CHECK(text[size - 1] != '.' && text[0] != '.', "%s", text);
    if (value == 0)
        return;
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

static void check_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    if (bits << 1 >> 53 == 0x7ff)
        return;
    check_value(value);
    check_value(-value);
}

/* A text is read if and only if it is the one that would be written for its value. */
static void check_other(const char *text, size_t size)
{
    char exact[40] = {0}, again[DPA_SHORTEST_SIZE]; /* what follows it is no digit */
    memcpy(exact, text, size);
    double value = 0;
    const double expected = strtod(exact, NULL);
    const bool shortest =
        dpa_shortest(expected, again) == size && memcmp(again, exact, size) == 0;
    const size_t found = dpa_read_shortest(exact, sizeof exact, &value);
    CHECK(found == (shortest ? size : 0), "%s: %zu characters are read", exact, found);
    CHECK(!shortest || memcmp(&value, &expected, sizeof value) == 0, "%s: %.17g", exact, value);
}

/* Texts that begin with some value's, or are as long as it: all but one are others'. */
static void check_beside(double value)
{
    char text[DPA_SHORTEST_SIZE];
    const size_t size = dpa_shortest(value, text);
    for (size_t at = size - 3; at <= size; at++)
        for (char digit = '0'; digit <= '9'; digit++) {
            char changed[DPA_SHORTEST_SIZE];
            memcpy(changed, text, size);
            changed[at] = digit;
            check_other(changed, at + 1);
            if (at < size)
                check_other(changed, size);
        }
}

static void check_text(double value, const char *expected)
{
    char text[DPA_SHORTEST_SIZE + 1];
    const size_t size = dpa_shortest(value, text);
    text[size] = 0;
    CHECK(strcmp(text, expected) == 0, "%.17g: %s, not %s", value, text, expected);
    check_value(value);
}

/* Texts that are not as dpa_shortest writes them, or go on behind what it would write. */
static void check_others(void)
{
    static const char *others[] = {
        "", "-", "1", "1.", ".5", "01.0", "00.5", "+0.5", " 0.5", "0", "-0", "0.00", "0.50", "00",
        "1e5", "1e+05", "1E+22", "1.0e+22", "1e22", "100e+20", "1e", "1e+", "1e+0x",
        "1e+309", "1e+324", "1e+400", "1e-400", "1e+0000000000000000016", "1e+18446744073709551616",
        "0.00001", "12345678901234567.0", "0.1000000000000000055", "0.30000000000000001",
        "99999999999999999999999999.0", "18446744073709551617.0", "0.00018446744073709551617",
        "00.12345678901234568", "0.0000123456789012345", "1.:2345678012345678",
        "1234567:8012345678", "123456.789012345670", "-1234567.80123456780", "9.223372036854775809",
        "nan", "NaN", "inf", "\xb2.0",
    };
    double value;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        const size_t size = strlen(others[i]);
        char *exact = allocate(size);
        memcpy(exact, others[i], size);
        CHECK(dpa_read_shortest(exact, size, &value) == 0, "%s", others[i]);
        free(exact);
        check_other(others[i], size);
    }
    CHECK(dpa_read_shortest("0.50", 4, &value) == 0, "the zero is part of it");
    CHECK(dpa_read_shortest("0.5,", 4, &value) == 3 && value == 0.5, "%.17g", value);
    CHECK(dpa_read_shortest("1234567.8", 8, &value) == 0, "the digit is beyond the size");
    uint64_t bits = (uint64_t)0x7ff << 52;
    char text[DPA_SHORTEST_SIZE];
    for (int i = 0; i < 4; i++, bits ^= i % 2 ? (uint64_t)1 << 63 : 1) {
        memcpy(&value, &bits, sizeof value);
        CHECK(dpa_shortest(value, text) == 0, "%.17g has no text", value);
    }
}

void test_shortest(void)
{
    check_text(0.1, "0.1");
    check_text(0, "0.0");
    check_text(-0.0, "-0.0");
    check_text(-30, "-30.0");
    check_text(1e-4, "0.0001");
    check_text(9.999999999999999e-05, "9.999999999999999e-05");
    check_text(0.30000000000000004, "0.30000000000000004");
    check_text(9007199254740991.0, "9007199254740991.0");
    check_text(9999999999999998.0, "9999999999999998.0");
    check_text(12345678.01234567, "12345678.01234567");
    check_text(-1234567.801234568, "-1234567.801234568");
    check_text(0.00012345678901234567, "0.00012345678901234567");
    check_text(1e16, "1e+16");
    check_text(18014398509481990.0, "1.801439850948199e+16"); /* a tie between two doubles */
    check_text(1e22, "1e+22");
    check_text(1e23, "1e+23"); /* a tie, too */
    check_text(5e-324, "5e-324");
    check_text(1e-323, "1e-323");
    check_text(2.2250738585072014e-308, "2.2250738585072014e-308");
    check_text(-1.7976931348623157e308, "-1.7976931348623157e+308");
    check_others();
    uint64_t state = 1;
    for (uint64_t exponent = 0; exponent < 0x7ff; exponent++) { /* what a power of two neighbours */
        const uint64_t power = exponent << 52;
        for (uint64_t i = 0; i < 7; i++)
            check_bits(power + i - (exponent ? 3 : 0));
        for (int i = 0; i < 20; i++)
            check_bits(power | random_bits(&state) >> 12);
        check_bits(random_bits(&state) >> 12 >> exponent % 52); /* subnormal */
        double value;
        const uint64_t bits = power | random_bits(&state) >> 12;
        memcpy(&value, &bits, sizeof value);
        char rounded[64];
        snprintf(rounded, sizeof rounded, "%.*g", (int)(exponent % 17) + 1, value);
        check_value(strtod(rounded, NULL));
        check_beside((double)(random_bits(&state) >> 11) * 60 * 0x1p-53 - 30);
        check_beside((double)(random_bits(&state) >> 11) * 0x1p-53 / (double)(1 << exponent % 14));
        if (1023 - 40 < exponent && exponent < 1023 + 60)
            check_value((double)(float)value);
    }
}
