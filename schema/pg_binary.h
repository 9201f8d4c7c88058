/* Values in PostgreSQL's binary form, as COPY BINARY and binary parameters take them:
 * each appended with its length before it. Whether all fitted is told by buf.failed at
 * the end. Pure. */
#pragma once
#include "base/buf.h"

#include <stdint.h>

/* What stands before the first row of a COPY, before each row, and after the last. */
void binary_copy_start(struct buf *b);
void binary_row(struct buf *b, int columns);
void binary_copy_end(struct buf *b);

void binary_bool(struct buf *b, bool value);
void binary_int2(struct buf *b, int value);
void binary_int4(struct buf *b, int32_t value);
void binary_int8(struct buf *b, int64_t value);
void binary_date(struct buf *b, int32_t day);        /* since 1970-01-01 */
void binary_instant(struct buf *b, int64_t seconds); /* since 1970 */
void binary_text(struct buf *b, const char *text);   /* NULL is null */
void binary_bytes(struct buf *b, const void *bytes, size_t n);
void binary_text_array(struct buf *b, const char *const items[], size_t n);
void binary_lines(struct buf *b, const char *const lines[], size_t n); /* a text */

/* An array of rows of a composite type: what stands before the first row, of which the
 * return value is the place; each row, and each of its columns by one of the two below;
 * and the end, which wants that place. */
size_t binary_rows_start(struct buf *b, size_t n);
size_t binary_rows_row(struct buf *b, int columns);
void binary_rows_int8(struct buf *b, int64_t value);
void binary_rows_text(struct buf *b, const char *text);
void binary_end(struct buf *b, size_t start);

/* Starts an array given as a parameter: no length before it; n elements follow, each by
 * one of the above. */
enum binary_type {
    BINARY_BYTEA = 17,
    BINARY_INT8 = 20,
    BINARY_INT2 = 21,
    BINARY_TEXT = 25,
    BINARY_DATE = 1082,
    BINARY_RECORD = 2249,
};
void binary_array_start(struct buf *b, enum binary_type type, size_t n);
