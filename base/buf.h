/* Bytes that grow, up to a limit. */
#pragma once
#include "base/err.h"

#include <stddef.h>

struct buf {
    char *bytes; /* NUL-terminated once anything was appended; NULL before */
    size_t len, size;
    size_t max_bytes; /* 0: no limit */
    bool failed; /* an append did not fit or found no memory: the content is incomplete */
};

void buf_init(struct buf *b, size_t max_bytes);

/* Frees the bytes; the limit stays. */
void buf_clear(struct buf *b);

/* Keeps the memory, forgets the content and a failure. */
void buf_reset(struct buf *b);

/* Appends; false when max_bytes or memory runs out, and then nothing was appended and
 * `failed` is set, so that a row of appends may be checked once at its end. */
bool buf_append(struct buf *b, const void *bytes, size_t n);
bool buf_puts(struct buf *b, const char *text);
bool buf_putc(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Makes room for n more bytes without appending. */
bool buf_reserve(struct buf *b, size_t n);
