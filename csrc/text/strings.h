/* strings.h: strings as JSON in ASCII, as Python's json.dumps escapes them, and back. */
#ifndef DPA_STRINGS_H
#define DPA_STRINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash/platform.h"

/* Room to write into. */
struct room {
    char *at, *end;
};

/* Text to read. */
struct source {
    const char *at, *end;
};

INLINE size_t left(const struct room *room)
{
    return (size_t)(room->end - room->at);
}

/* Writes size bytes of valid UTF-8 as a string; false if there is no room for it. */
bool dpa_put_string(struct room *room, const uint8_t *utf8, size_t size);

/* The inverse: false unless the text is what dpa_put_string writes. The UTF-8 takes no more
 * bytes than the text. */
bool dpa_take_string(struct source *source, uint8_t *utf8, size_t *size);

/* Where a value that is no list ends: behind a string's quote, or before a comma, a bracket, a
 * brace or the end of the text. */
const char *dpa_end_of_value(const struct source *source);

#endif
