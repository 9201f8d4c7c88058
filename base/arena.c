/* Blocks double up to a mebibyte; what is larger gets a block of its own. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BLOCK_BYTES = 4096,
    LARGEST_BLOCK_BYTES = 1 << 20
};

struct arena_block {
    struct arena_block *next;
    alignas(max_align_t) unsigned char bytes[];
};

void
arena_init(struct arena *a, size_t max_bytes)
{
    *a = (struct arena){.max_bytes = max_bytes};
}

void
arena_clear(struct arena *a)
{
    struct arena_block *next;

    for (struct arena_block *b = a->blocks; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    arena_init(a, a->max_bytes);
}

static bool
add_block(struct arena *a, size_t at_least)
{
    size_t size = a->size == 0 ? FIRST_BLOCK_BYTES : a->size * 2;
    struct arena_block *b;

    if (size > LARGEST_BLOCK_BYTES)
        size = LARGEST_BLOCK_BYTES;
    if (size < at_least)
        size = at_least;
    if (a->max_bytes != 0 &&
        (size > a->max_bytes || a->total_bytes > a->max_bytes - size)) {
        size = at_least; /* near the limit: take no more than is needed */
        if (size > a->max_bytes || a->total_bytes > a->max_bytes - size)
            return false;
    }
    if (size > SIZE_MAX - sizeof *b || (b = malloc(sizeof *b + size)) == NULL)
        return false;
    b->next = a->blocks;
    a->blocks = b;
    a->used = 0;
    a->size = size;
    a->total_bytes += size;
    return true;
}

char *
arena_bytes(struct arena *a, size_t n)
{
    unsigned char *p;

    if ((a->blocks == NULL || n > a->size - a->used) && !add_block(a, n))
        return NULL;
    p = a->blocks->bytes + a->used;
    a->used += n;
    return (char *)p;
}

static size_t
round_up(size_t n)
{
    return (n + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
}

void *
arena_alloc(struct arena *a, size_t n)
{
    void *p;

    if (n > SIZE_MAX - alignof(max_align_t))
        return NULL;
    a->used = round_up(a->used) < a->size ? round_up(a->used) : a->size;
    p = arena_bytes(a, round_up(n));
    return p == NULL ? NULL : memset(p, 0, n);
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
    size_t n;

    if (__builtin_mul_overflow(count, size, &n))
        return NULL;
    return arena_alloc(a, n);
}

char *
arena_strndup(struct arena *a, const char *text, size_t n)
{
    char *p = n == SIZE_MAX ? NULL : arena_bytes(a, n + 1);

    if (p == NULL)
        return NULL;
    if (n > 0)
        memcpy(p, text, n);
    p[n] = '\0';
    return p;
}

char *
arena_strdup(struct arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    char *p = NULL;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    if (n >= 0 && (p = arena_alloc(a, (size_t)n + 1)) != NULL)
        (void)vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    char *p;

    va_start(ap, fmt);
    p = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return p;
}
