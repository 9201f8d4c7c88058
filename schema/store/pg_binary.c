/* Network byte order, lengths as int32, days and microseconds since 2000-01-01
 * (PostgreSQL's "COPY", "Binary Format"). */
#include "schema/store/pg_binary.h"

#include <endian.h>
#include <string.h>

#define EPOCH_S    INT64_C(946684800) /* 2000-01-01 since 1970 */
#define EPOCH_DAYS 10957

static void
put2(struct buf *b, int value)
{
    uint16_t v = htobe16((uint16_t)value);

    buf_append(b, &v, sizeof v);
}

static void
put4(struct buf *b, int32_t value)
{
    uint32_t v = htobe32((uint32_t)value);

    buf_append(b, &v, sizeof v);
}

static void
put_head(struct buf *b, size_t elements, enum binary_type type)
{
    put4(b, elements == 0 ? 0 : 1); /* dimensions */
    put4(b, 0);                     /* no nulls */
    put4(b, (int32_t)type);
    if (elements > 0) {
        put4(b, (int32_t)elements);
        put4(b, 1); /* lower bound */
    }
}

void
binary_copy_start(struct buf *b)
{
    buf_append(b, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
}

void
binary_row(struct buf *b, int columns)
{
    put2(b, columns);
}

void
binary_copy_end(struct buf *b)
{
    put2(b, -1);
}

void
binary_bool(struct buf *b, bool value)
{
    put4(b, 1);
    buf_putc(b, value ? 1 : 0);
}

void
binary_int2(struct buf *b, int value)
{
    put4(b, 2);
    put2(b, value);
}

void
binary_int4(struct buf *b, int32_t value)
{
    put4(b, 4);
    put4(b, value);
}

void
binary_int8(struct buf *b, int64_t value)
{
    uint64_t v = htobe64((uint64_t)value);

    put4(b, 8);
    buf_append(b, &v, sizeof v);
}

void
binary_date(struct buf *b, int32_t day)
{
    binary_int4(b, day - EPOCH_DAYS);
}

void
binary_instant(struct buf *b, int64_t seconds)
{
    binary_int8(b, (seconds - EPOCH_S) * 1000000);
}

void
binary_text(struct buf *b, const char *text)
{
    if (text == NULL)
        put4(b, -1);
    else
        binary_bytes(b, text, strlen(text));
}

void
binary_bytes(struct buf *b, const void *bytes, size_t n)
{
    put4(b, (int32_t)n);
    buf_append(b, bytes, n);
}

void
binary_text_array(struct buf *b, const char *const items[], size_t n)
{
    size_t bytes = n == 0 ? 12 : 20;

    for (size_t i = 0; i < n; i++)
        bytes += 4 + strlen(items[i]);
    put4(b, (int32_t)bytes);
    put_head(b, n, BINARY_TEXT);
    for (size_t i = 0; i < n; i++)
        binary_text(b, items[i]);
}

/* The length of what follows is put there by binary_end(). */
static size_t
put_start(struct buf *b)
{
    put4(b, 0);
    return b->len;
}

void
binary_end(struct buf *b, size_t start)
{
    uint32_t n = htobe32((uint32_t)(b->len - start));

    if (!b->failed)
        memcpy(b->bytes + start - sizeof n, &n, sizeof n);
}

void
binary_lines(struct buf *b, const char *const lines[], size_t n)
{
    size_t start = put_start(b);

    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_putc(b, '\n');
        buf_puts(b, lines[i]);
    }
    binary_end(b, start);
}

/* A composite type has a number of its own in each database: PostgreSQL takes the
 * column's own for it when the array says another. */
size_t
binary_list_start(struct buf *b, enum binary_type type, size_t n)
{
    size_t start = put_start(b);

    put_head(b, n, type);
    return start;
}

size_t
binary_record_start(struct buf *b, int columns)
{
    size_t start = put_start(b);

    put4(b, columns);
    return start;
}

void
binary_record_int8(struct buf *b, int64_t value)
{
    put4(b, BINARY_INT8);
    binary_int8(b, value);
}

void
binary_record_text(struct buf *b, const char *text)
{
    put4(b, BINARY_TEXT);
    binary_text(b, text);
}

void
binary_array_start(struct buf *b, enum binary_type type, size_t n)
{
    put_head(b, n, type);
}
