/* test_lines.c: lines are written and read within their memory, whatever the text. */
#include "check.h"

#define LINES 3
#define SEPARATOR ",\n"

static double reals[LINES * 4] = {0.1, -30, 5e-324, 1e23, 0, -0.0, 1e-7, 1, 2, 3, 4, 5};
static int64_t integers[LINES] = {0, INT64_MIN, INT64_MAX};
static uint64_t numbers[LINES] = {0, 10, UINT64_MAX};
static uint8_t flags[LINES] = {1, 0, 1};
static uint32_t codes[LINES] = {2, 0, 1};
static uint8_t digests[LINES][DPA_DIGEST_SIZE];
static const char utf8[] = "a\"\\\b\f\n\r\t\x1f\x7f\xc3\xbc\xe2\x82\xac\xf0\x9d\x84\x9e";
static int64_t offsets[LINES + 1] = {0, 9, 9, sizeof utf8 - 1};
static const int64_t lists[] = {4, 2}, flag_ends[] = {5, 9}, code_ends[] = {2, 5, 9};
static const int64_t flag_order[] = {0, 1}, code_order[] = {0, 2, 1};

#define LABELS "\"\"" "\"]\"" "\"\\\"\"" /* an empty string, a bracket, a quote */
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define FIELDS 7
static const dpa_text_field fields[FIELDS] = {
    {DPA_REAL, "{\"a\":", 5, 4, lists, 2, NULL, NULL, NULL, 0, reals, NULL},
    {DPA_INT64, ",\"b\":", 5, 1, NULL, 0, NULL, NULL, NULL, 0, integers, NULL},
    {DPA_UINT64, ",\"c\":", 5, 1, NULL, 0, NULL, NULL, NULL, 0, numbers, NULL},
    {DPA_LABEL8, ",\"d\":", 5, 1, NULL, 0, "falsetrue", flag_ends, flag_order, 2, flags, NULL},
    {DPA_LABEL32, ",\"e\":", 5, 1, NULL, 0, LABELS, code_ends, code_order, 3, codes, NULL},
    {DPA_HEX, ",\"f\":", 5, 1, NULL, 0, NULL, NULL, NULL, 0, digests, NULL},
    {DPA_STRING, ",\"g\":", 5, 1, NULL, 0, NULL, NULL, NULL, 0, (char *)utf8, offsets},
};

static const char expected[] =
    "{\"a\":[[0.1,-30.0],[5e-324,1e+23]],\"b\":0,\"c\":0,\"d\":true,\"e\":\"\\\"\",\"f\":\"" ZEROS
    "\",\"g\":\"a\\\"\\\\\\b\\f\\n\\r\\t\\u001f\"},\n"
    "{\"a\":[[0.0,-0.0],[1e-07,1.0]],\"b\":-9223372036854775808,\"c\":10,\"d\":false,\"e\":\"\","
    "\"f\":\"" ZEROS "\",\"g\":\"\"},\n"
    "{\"a\":[[2.0,3.0],[4.0,5.0]],\"b\":9223372036854775807,\"c\":18446744073709551615,\"d\":true,"
    "\"e\":\"]\",\"f\":\"" ZEROS "\",\"g\":\"\\u007f\\u00fc\\u20ac\\ud834\\udd1e\"},\n";

/* Copies of the fields with memory of their own, exactly as much as they need. */
struct copy {
    dpa_text_field fields[FIELDS];
};

static void start_copy(struct copy *copy, size_t text_size)
{
    static const size_t sizes[] = {sizeof reals, sizeof integers, sizeof numbers, sizeof flags,
                                   sizeof codes, sizeof digests};
    memcpy(copy->fields, fields, sizeof fields);
    for (size_t f = 0; f < FIELDS; f++)
        copy->fields[f].values = allocate(f + 1 < FIELDS ? sizes[f] : text_size);
    copy->fields[FIELDS - 1].offsets = allocate(sizeof offsets);
}

static void end_copy(struct copy *copy)
{
    for (size_t f = 0; f < FIELDS; f++)
        free(copy->fields[f].values);
    free(copy->fields[FIELDS - 1].offsets);
}

static size_t write_from(const dpa_text_field *from, size_t first, char *text, size_t capacity,
                         size_t *size)
{
    return dpa_write_lines(from, FIELDS, SEPARATOR, 2, first, LINES - first, text, capacity, size);
}

/* Reads a text of exactly its size; what is read must be written as the same text again. */
static size_t check_reading(const char *text, size_t size)
{
    char *exact = allocate(size), *again = allocate(size);
    struct copy copy;
    start_copy(&copy, size);
    memcpy(exact, text, size);
    size_t used, written;
    const size_t lines =
        dpa_read_lines(copy.fields, FIELDS, SEPARATOR, 2, LINES, exact, size, &used);
    const size_t back =
        dpa_write_lines(copy.fields, FIELDS, SEPARATOR, 2, 0, lines, again, size, &written);
    CHECK(back == lines && written == used && memcmp(again, text, used) == 0,
          "%zu of %zu lines, %zu of %zu bytes: %.*s", back, lines, written, used, (int)size, text);
    end_copy(&copy);
    free(again);
    free(exact);
    return lines;
}

static void check_capacities(void)
{
    const size_t whole = sizeof expected - 1;
    size_t size, lines = 0, end = 0;
    for (size_t capacity = 0; capacity <= whole; capacity++) {
        char *text = allocate(capacity);
        if (capacity >= 2 && expected[capacity - 1] == '\n')
            lines++, end = capacity;
        CHECK(write_from(fields, 0, text, capacity, &size) == lines, "capacity %zu", capacity);
        CHECK(size == end && memcmp(text, expected, end) == 0, "capacity %zu", capacity);
        free(text);
    }
    CHECK(lines == LINES, "%zu lines", lines);
    char text[1000];
    CHECK(write_from(fields, 2, text, sizeof text, &size) == 1 && size < whole, "the last line");
    CHECK(memcmp(text, expected + whole - size, size) == 0, "%.*s", (int)size, text);
}

static void check_no_text(void)
{
    char text[1000];
    size_t size;
    const double real = reals[5];
    reals[5] = 1e308 * 10;
    CHECK(write_from(fields, 0, text, sizeof text, &size) == 1, "infinity");
    reals[5] = real;
    codes[1] = 3;
    CHECK(write_from(fields, 0, text, sizeof text, &size) == 1, "no label");
    codes[1] = 0;
}

void test_lines(void)
{
    const size_t whole = sizeof expected - 1;
    check_capacities();
    check_no_text();
    CHECK(check_reading(expected, whole) == LINES, "all lines");
    for (size_t size = 0; size < whole; size++) /* cut anywhere */
        CHECK(check_reading(expected, size) < LINES, "size %zu", size);
    char changed[sizeof expected];
    for (size_t at = 0; at < whole; at++) /* one byte is another */
        for (int byte = 0; byte < 256; byte++) {
            memcpy(changed, expected, sizeof changed);
            changed[at] = (char)byte;
            check_reading(changed, whole);
        }
    static const char *strings[] = {"\\ud834", "\\ud834x", "\\ud834\\u0041", "\\udd1e",
                                    "\\u0041", "\\u000a", "\\u00FC", "\\/", "\\", "\\u", "\\u12",
                                    "\xc3\xbc"};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        const char *start = strstr(expected, "a\\\"");
        const size_t before = (size_t)(start - expected);
        snprintf(changed, sizeof changed, "%.*s%s\"},\n", (int)before, expected, strings[i]);
        CHECK(check_reading(changed, strlen(changed)) == 0, "%s", strings[i]);
    }
}
