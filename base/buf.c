/* One growth rule and one failure flag, for every place that builds a text or collects a
 * body. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BYTES = 256
};

void
buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max_bytes = max_bytes};
}

void
buf_clear(struct buf *b)
{
    free(b->bytes);
    buf_init(b, b->max_bytes);
}

void
buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->bytes != NULL)
        b->bytes[0] = '\0';
}

bool
buf_reserve(struct buf *b, size_t n)
{
    size_t need, size;
    char *p;

    if (__builtin_add_overflow(b->len, n, &need) || need >= SIZE_MAX / 2 ||
        (b->max_bytes != 0 && need > b->max_bytes)) {
        b->failed = true;
        return false;
    }
    if (need < b->size)
        return true;
    size = b->size == 0 ? FIRST_BYTES : b->size;
    while (size <= need)
        size *= 2;
    if ((p = realloc(b->bytes, size)) == NULL) {
        b->failed = true;
        return false;
    }
    b->bytes = p;
    b->size = size;
    return true;
}

bool
buf_append(struct buf *b, const void *bytes, size_t n)
{
    if (!buf_reserve(b, n))
        return false;
    if (n > 0)
        memcpy(b->bytes + b->len, bytes, n);
    b->len += n;
    b->bytes[b->len] = '\0';
    return true;
}

bool
buf_puts(struct buf *b, const char *text)
{
    return buf_append(b, text, strlen(text));
}

bool
buf_putc(struct buf *b, char c)
{
    return buf_append(b, &c, 1);
}

bool
buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    bool ok = false;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    if (n >= 0 && buf_reserve(b, (size_t)n)) {
        (void)vsnprintf(b->bytes + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
        ok = true;
    } else {
        b->failed = true;
    }
    va_end(again);
    va_end(ap);
    return ok;
}
