/* What csrc uses of libc, for compilers whose own headers are not here. */
#pragma once
#include <stddef.h>
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
int strcmp(const char *a, const char *b);
void *memmove(void *to, const void *from, size_t size);
char *strchr(const char *text, int character);
