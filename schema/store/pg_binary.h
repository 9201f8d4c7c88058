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

/* An array as a column: what stands before its elements, and the end, which wants what
 * the start returned. */
size_t binary_list_start(struct buf *b, enum binary_type type, size_t n);
void binary_end(struct buf *b, size_t start);

/* An element of a composite type (BINARY_RECORD), to be ended likewise, and its columns.
 */
size_t binary_record_start(struct buf *b, int columns);
void binary_record_int8(struct buf *b, int64_t value);
void binary_record_text(struct buf *b, const char *text);
