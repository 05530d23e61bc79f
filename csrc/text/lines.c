/* lines.c: samples as lines of JSON in one form, and back.
 *
 * Reading is the inverse of writing and of nothing else: it takes no text but the one that would
 * be written.
 */
#include "dpa_columns.h"
#include "hash/sha256.h"
#include "sample/functions.h"
#include "text/strings.h"

/* Heads are short: two words that overlap take less time than a call of libc. */
struct words {
    uint64_t first, last;
};

INLINE struct words words_of(const char *text, size_t size) /* 8 to 16 bytes */
{
    struct words words;
    memcpy(&words.first, text, 8);
    memcpy(&words.last, text + size - 8, 8);
    return words;
}

/* ---- Writing ---- */

INLINE bool put(struct room *room, const char *text, size_t size)
{
    if (left(room) < size)
        return false;
    if (size - 8 <= 8) {
        const struct words words = words_of(text, size);
        memcpy(room->at, &words.first, 8);
        memcpy(room->at + size - 8, &words.last, 8);
    } else {
        memcpy(room->at, text, size);
    }
    room->at += size;
    return true;
}

static bool put_number(struct room *room, uint64_t number, bool negative)
{
    char digits[20];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return (!negative || put(room, "-", 1)) && put(room, digits + at, sizeof digits - at);
}

static bool put_label(struct room *room, const dpa_text_field *field, size_t label)
{
    if (label >= field->label_count)
        return false;
    const int64_t start = label > 0 ? field->label_ends[label - 1] : 0;
    return put(room, field->labels + start, (size_t)(field->label_ends[label] - start));
}

static bool put_real(struct room *room, double value)
{
    char text[DPA_SHORTEST_SIZE];
    if (left(room) < sizeof text) { /* near the end */
        const size_t size = dpa_shortest(value, text);
        return size > 0 && put(room, text, size);
    }
    const size_t size = dpa_shortest(value, room->at);
    room->at += size;
    return size > 0;
}

static bool put_hex(struct room *room, const uint8_t *digest)
{
    if (left(room) < 2 * DPA_DIGEST_SIZE + 2)
        return false;
    room->at[0] = '"';
    dpa_hex(digest, room->at + 1);
    room->at[2 * DPA_DIGEST_SIZE + 1] = '"';
    room->at += 2 * DPA_DIGEST_SIZE + 2;
    return true;
}

static bool put_item(struct room *room, const dpa_text_field *field, size_t i)
{
    switch (field->form) {
    case DPA_REAL:
        return put_real(room, ((const double *)field->values)[i]);
    case DPA_INT64: {
        const int64_t number = ((const int64_t *)field->values)[i];
        return put_number(room, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, number < 0);
    }
    case DPA_UINT64:
        return put_number(room, ((const uint64_t *)field->values)[i], false);
    case DPA_LABEL8:
        return put_label(room, field, ((const uint8_t *)field->values)[i]);
    case DPA_LABEL32:
        return put_label(room, field, ((const uint32_t *)field->values)[i]);
    case DPA_HEX:
        return put_hex(room, (const uint8_t *)field->values + i * DPA_DIGEST_SIZE);
    case DPA_STRING: {
        const int64_t start = field->offsets[i], end = field->offsets[i + 1];
        return dpa_put_string(room, (const uint8_t *)field->values + start, (size_t)(end - start));
    }
    }
    return false;
}

/* The items of one line, and the brackets of the lists that begin or end beside each. */
static bool put_items(struct room *room, const dpa_text_field *field, size_t i)
{
    for (size_t item = 0; item < field->items; item++) {
        for (size_t list = 0; list < field->list_count; list++)
            if (item % (size_t)field->lists[list] == 0 && !put(room, "[", 1))
                return false;
        if (!put_item(room, field, i * field->items + item))
            return false;
        for (size_t list = 0; list < field->list_count; list++)
            if ((item + 1) % (size_t)field->lists[list] == 0 && !put(room, "]", 1))
                return false;
        if (item + 1 < field->items && !put(room, ",", 1))
            return false;
    }
    return true;
}

size_t dpa_write_lines(const dpa_text_field *fields, size_t field_count, const char *separator,
                       size_t separator_size, size_t first, size_t count, char *text,
                       size_t capacity, size_t *size)
{
    struct room room = {text, text + capacity};
    *size = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t f = 0; f < field_count; f++)
            if (!put(&room, fields[f].head, fields[f].head_size) ||
                !put_items(&room, &fields[f], first + i))
                return i;
        if (!put(&room, "}", 1) || !put(&room, separator, separator_size))
            return i;
        *size = (size_t)(room.at - text);
    }
    return count;
}

/* ---- Reading ---- */

INLINE bool is_equal(const char *a, const char *b, size_t size)
{
    if (size - 8 > 8)
        return memcmp(a, b, size) == 0;
    const struct words mine = words_of(a, size), other = words_of(b, size);
    return mine.first == other.first && mine.last == other.last;
}

INLINE bool take(struct source *source, const char *text, size_t size)
{
    if ((size_t)(source->end - source->at) < size || !is_equal(source->at, text, size))
        return false;
    source->at += size;
    return true;
}

/* A number of the form that put_number gives it. */
static bool take_number(struct source *source, uint64_t *number, bool negative)
{
    const char *const start = source->at;
    *number = 0;
    for (; source->at < source->end && '0' <= *source->at && *source->at <= '9'; source->at++) {
        const uint64_t digit = (uint64_t)(*source->at - '0');
        if (*number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    const bool zero = source->at > start && *start == '0';
    return source->at > start && (!zero || (source->at - start == 1 && !negative));
}

static bool take_signed(struct source *source, int64_t *number)
{
    uint64_t magnitude;
    const bool negative = take(source, "-", 1);
    if (!take_number(source, &magnitude, negative) || magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *number = negative ? -1 - (int64_t)(magnitude - 1) : (int64_t)magnitude;
    return true;
}

/* Negative, 0 or positive as label comes before, is or comes after the text at the source. */
static int compare(const char *label, size_t size, const char *text, size_t text_size)
{
    const int order = memcmp(label, text, size < text_size ? size : text_size);
    return order != 0 ? order : (size > text_size) - (size < text_size);
}

/* The label at the source: its end is that of a string, or where a list or a line goes on. */
static bool take_label(struct source *source, const dpa_text_field *field, size_t *label)
{
    const char *const text = source->at, *const end = dpa_end_of_value(source);
    const size_t size = (size_t)(end - text);
    for (size_t low = 0, high = field->label_count; low < high;) {
        const size_t middle = low + (high - low) / 2;
        const size_t at = (size_t)field->label_order[middle];
        const int64_t start = at > 0 ? field->label_ends[at - 1] : 0;
        const int order = compare(field->labels + start, (size_t)(field->label_ends[at] - start),
                                  text, size);
        if (order == 0) {
            *label = at;
            source->at = end;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool take_real(struct source *source, double *value)
{
    const size_t size = dpa_read_shortest(source->at, (size_t)(source->end - source->at), value);
    source->at += size;
    return size > 0;
}

/* The word of eight hex digits, the first in the highest byte: right for digits and for a to f. */
static uint32_t word_of(uint64_t digits)
{
    const uint64_t nibbles =
        (digits & 0x0f0f0f0f0f0f0f0f) + 9 * (digits >> 6 & 0x0101010101010101);
    const uint64_t bytes = (nibbles >> 4 | nibbles) & 0x00ff00ff00ff00ff;
    const uint64_t halves = (bytes >> 8 | bytes) & 0x0000ffff0000ffff;
    return (uint32_t)(halves >> 16 | halves);
}

static bool take_hex(struct source *source, uint8_t digest[DPA_DIGEST_SIZE])
{
    if ((size_t)(source->end - source->at) < 2 * DPA_DIGEST_SIZE + 2 || *source->at != '"')
        return false;
    uint64_t wrong = 0;
    for (size_t i = 0; i < DPA_DIGEST_SIZE; i += 4) {
        const uint64_t digits = load_be64((const uint8_t *)source->at + 1 + 2 * i);
        const uint32_t word = word_of(digits);
        wrong |= digits ^ hex_digits(word);
        store_be32(digest + i, word);
    }
    source->at += 2 * DPA_DIGEST_SIZE + 1;
    return wrong == 0 && *source->at++ == '"';
}

static bool take_item(struct source *source, const dpa_text_field *field, size_t i)
{
    size_t label;
    switch (field->form) {
    case DPA_REAL:
        return take_real(source, (double *)field->values + i);
    case DPA_INT64:
        return take_signed(source, (int64_t *)field->values + i);
    case DPA_UINT64:
        return take_number(source, (uint64_t *)field->values + i, false);
    case DPA_LABEL8:
        if (!take_label(source, field, &label))
            return false;
        ((uint8_t *)field->values)[i] = (uint8_t)label;
        return true;
    case DPA_LABEL32:
        if (!take_label(source, field, &label))
            return false;
        ((uint32_t *)field->values)[i] = (uint32_t)label;
        return true;
    case DPA_HEX:
        return take_hex(source, (uint8_t *)field->values + i * DPA_DIGEST_SIZE);
    case DPA_STRING: {
        size_t size;
        if (!dpa_take_string(source, (uint8_t *)field->values + field->offsets[i], &size))
            return false;
        field->offsets[i + 1] = field->offsets[i] + (int64_t)size;
        return true;
    }
    }
    return false;
}

static bool take_items(struct source *source, const dpa_text_field *field, size_t i)
{
    for (size_t item = 0; item < field->items; item++) {
        for (size_t list = 0; list < field->list_count; list++)
            if (item % (size_t)field->lists[list] == 0 && !take(source, "[", 1))
                return false;
        if (!take_item(source, field, i * field->items + item))
            return false;
        for (size_t list = 0; list < field->list_count; list++)
            if ((item + 1) % (size_t)field->lists[list] == 0 && !take(source, "]", 1))
                return false;
        if (item + 1 < field->items && !take(source, ",", 1))
            return false;
    }
    return true;
}

size_t dpa_read_lines(const dpa_text_field *fields, size_t field_count, const char *separator,
                      size_t separator_size, size_t count, const char *text, size_t size,
                      size_t *used)
{
    struct source source = {text, text + size};
    *used = 0;
    for (size_t f = 0; f < field_count; f++)
        if (fields[f].form == DPA_STRING)
            fields[f].offsets[0] = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t f = 0; f < field_count; f++)
            if (!take(&source, fields[f].head, fields[f].head_size) ||
                !take_items(&source, &fields[f], i))
                return i;
        if (!take(&source, "}", 1) || !take(&source, separator, separator_size))
            return i;
        *used = (size_t)(source.at - text);
    }
    return count;
}
