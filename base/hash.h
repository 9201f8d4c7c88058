/* FNV-1a, 64 bits: for tables in memory and for names of things, never for secrets. Where
 * strangers choose the keys, start from a seed that they cannot know. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define HASH_START 14695981039346656037u

static inline uint64_t
hash_bytes(uint64_t h, const void *bytes, size_t n)
{
    for (const unsigned char *p = bytes; n > 0; p++, n--)
        h = (h ^ *p) * 1099511628211u;
    return h;
}

static inline uint64_t
hash_text(uint64_t h, const char *text)
{
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h;
}
