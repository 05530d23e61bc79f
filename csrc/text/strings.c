/* strings.c: strings as JSON in ASCII, as Python's json.dumps escapes them, and back. */
#include "text/strings.h"

#define LONGEST_ESCAPE 12 /* two surrogates */

/* Bytes that stand for themselves: printable ASCII but the quote and the backslash. */
static bool is_plain(uint8_t byte)
{
    return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}

/* The letter behind the backslash for a character that has a short escape, else 0. */
static char short_escape(uint32_t character)
{
    switch (character) {
    case '"':
    case '\\':
        return (char)character;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* \uXXXX */
static char *put_unit(char *text, uint32_t unit)
{
    *text++ = '\\';
    *text++ = 'u';
    for (int shift = 12; shift >= 0; shift -= 4)
        *text++ = "0123456789abcdef"[unit >> shift & 15];
    return text;
}

/* A character that is not plain; returns the end of its escape. */
static char *put_escape(char *text, uint32_t character)
{
    const char letter = short_escape(character);
    if (letter) {
        *text++ = '\\';
        *text++ = letter;
        return text;
    }
    if (character < 0x10000)
        return put_unit(text, character);
    const uint32_t rest = character - 0x10000;
    return put_unit(put_unit(text, 0xd800 | rest >> 10), 0xdc00 | (rest & 0x3ff));
}

/* The character at the start of valid UTF-8; *size is that of its bytes. */
static uint32_t decode(const uint8_t *utf8, size_t *size)
{
    const uint8_t first = utf8[0];
    *size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t character = *size == 1 ? first : first & (0x7fu >> *size);
    for (size_t i = 1; i < *size; i++)
        character = character << 6 | (utf8[i] & 0x3f);
    return character;
}

static uint8_t *encode(uint8_t *utf8, uint32_t character)
{
    if (character < 0x80) {
        *utf8++ = (uint8_t)character;
        return utf8;
    }
    const int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    *utf8++ = (uint8_t)(0xff00 >> (more + 1) | character >> 6 * more);
    for (int i = more - 1; i >= 0; i--)
        *utf8++ = (uint8_t)(0x80 | (character >> 6 * i & 0x3f));
    return utf8;
}

bool dpa_put_string(struct room *room, const uint8_t *utf8, size_t size)
{
    const uint8_t *const end = utf8 + size;
    if (left(room) < 2)
        return false;
    *room->at++ = '"';
    while (utf8 < end) {
        char escape[LONGEST_ESCAPE] = {(char)*utf8};
        size_t bytes = 1, length = 1;
        if (!is_plain(*utf8))
            length = (size_t)(put_escape(escape, decode(utf8, &bytes)) - escape);
        if (left(room) < length)
            return false;
        memcpy(room->at, escape, length);
        room->at += length;
        utf8 += bytes;
    }
    if (left(room) == 0)
        return false;
    *room->at++ = '"';
    return true;
}

/* The unit of \uXXXX, of lowercase hex digits; false if there is none. */
static bool take_unit(struct source *source, uint32_t *unit)
{
    char again[6];
    if (source->end - source->at < 6)
        return false;
    *unit = 0;
    for (int i = 2; i < 6; i++) { /* right for digits and for a to f */
        const uint32_t digit = (unsigned char)source->at[i];
        *unit = *unit << 4 | ((digit + 9 * (digit >> 6)) & 15);
    }
    put_unit(again, *unit);
    if (memcmp(source->at, again, sizeof again) != 0)
        return false;
    source->at += sizeof again;
    return true;
}

/* The character of an escape, in the only form that put_escape gives it. */
static bool take_escape(struct source *source, uint32_t *character)
{
    static const char letters[] = "\"\\bfnrt", escaped[] = "\"\\\b\f\n\r\t";
    if (source->end - source->at < 2)
        return false;
    const char *letter = source->at[1] ? strchr(letters, source->at[1]) : NULL;
    if (letter) {
        *character = (unsigned char)escaped[letter - letters];
        source->at += 2;
        return true;
    }
    uint32_t low;
    if (!take_unit(source, character) || short_escape(*character) ||
        (*character < 0x80 && is_plain((uint8_t)*character)))
        return false;
    if (*character < 0xd800 || *character > 0xdfff)
        return true;
    if (*character > 0xdbff || !take_unit(source, &low) || low < 0xdc00 || low > 0xdfff)
        return false; /* a surrogate alone is no character */
    *character = 0x10000 + ((*character & 0x3ff) << 10 | (low & 0x3ff));
    return true;
}

bool dpa_take_string(struct source *source, uint8_t *utf8, size_t *size)
{
    uint8_t *at = utf8;
    if (source->at == source->end || *source->at++ != '"')
        return false;
    while (source->at < source->end && *source->at != '"') {
        uint32_t character;
        if (is_plain((uint8_t)*source->at))
            *at++ = (uint8_t)*source->at++;
        else if (*source->at == '\\' && take_escape(source, &character))
            at = encode(at, character);
        else
            return false;
    }
    *size = (size_t)(at - utf8);
    return source->at < source->end && *source->at++ == '"';
}

const char *dpa_end_of_value(const struct source *source)
{
    const char *at = source->at;
    if (at < source->end && *at == '"') {
        for (at++; at < source->end && *at != '"'; at++)
            if (*at == '\\' && ++at == source->end)
                return at;
        return at < source->end ? at + 1 : at;
    }
    while (at < source->end && *at != ',' && *at != ']' && *at != '}')
        at++;
    return at;
}
