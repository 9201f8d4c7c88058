/* Memory that is freed all at once: everything one report, one mail or one answer needs.
 */
#pragma once
#include "base/err.h"

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used, size;          /* of the newest block */
    size_t total_bytes;         /* of all blocks */
    size_t max_bytes;           /* 0: no limit */
};

/* An empty arena that refuses to hold more than `max_bytes` (0: no limit). Allocates
 * nothing. */
void arena_init(struct arena *a, size_t max_bytes);

/* Frees everything. The arena is empty again and may be used on. */
void arena_clear(struct arena *a);

/* `n` zeroed bytes, aligned for any type, that live as long as the arena; NULL when
 * memory or max_bytes runs out. n may be 0. */
MUST_USE void *arena_alloc(struct arena *a, size_t n);

/* `n` bytes neither zeroed nor aligned, for texts that fill them. */
MUST_USE char *arena_bytes(struct arena *a, size_t n);

/* As arena_alloc() for `count` things of `size` bytes; NULL when the product overflows.
 */
MUST_USE void *arena_array(struct arena *a, size_t count, size_t size);

/* A copy of `n` bytes with a NUL behind them. */
MUST_USE char *arena_strndup(struct arena *a, const char *text, size_t n);
MUST_USE char *arena_strdup(struct arena *a, const char *text);
MUST_USE char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
MUST_USE char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
    PRINTF_LIKE(2, 0);
