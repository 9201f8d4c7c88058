#include "schema/store/pg_binary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The bytes that PostgreSQL's own COPY TO (FORMAT binary) writes for the same values. */
#define CASE(name, call, bytes)                                                          \
    static void name(struct buf *b)                                                      \
    {                                                                                    \
        call;                                                                            \
    }                                                                                    \
    static const char name##_bytes[] = bytes;

static const char *const two[] = {"a", "bc"};

CASE(start, binary_copy_start(b), "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0")
CASE(row, binary_row(b, 20), "\0\24")
CASE(end, binary_copy_end(b), "\377\377")
CASE(is_true, binary_bool(b, true), "\0\0\0\1\1")
CASE(is_false, binary_bool(b, false), "\0\0\0\1\0")
CASE(int2, binary_int2(b, -2), "\0\0\0\2\377\376")
CASE(int4, binary_int4(b, 65536), "\0\0\0\4\0\1\0\0")
CASE(int8, binary_int8(b, INT64_MAX), "\0\0\0\10\177\377\377\377\377\377\377\377")
CASE(date_2000, binary_date(b, 10957), "\0\0\0\4\0\0\0\0")
CASE(date_1970, binary_date(b, 0), "\0\0\0\4\377\377\325\63")
CASE(instant_2000, binary_instant(b, 946684801), "\0\0\0\10\0\0\0\0\0\17\102\100")
CASE(text, binary_text(b, "x"), "\0\0\0\1x")
CASE(null, binary_text(b, NULL), "\377\377\377\377")
CASE(bytes, binary_bytes(b, "\0\1", 2), "\0\0\0\2\0\1")
CASE(lines, binary_lines(b, two, 2), "\0\0\0\4a\nbc")
CASE(no_lines, binary_lines(b, NULL, 0), "\0\0\0\0")
CASE(no_texts, binary_text_array(b, NULL, 0), "\0\0\0\14\0\0\0\0\0\0\0\0\0\0\0\31")
CASE(texts, binary_text_array(b, two, 2),
     "\0\0\0\37\0\0\0\1\0\0\0\0\0\0\0\31\0\0\0\2\0\0\0\1\0\0\0\1a\0\0\0\2bc")

/* ARRAY[(1, 'a')::t, (2, NULL)::t], but for the number of the type, which is record's. */
static void
put_two_rows(struct buf *b)
{
    size_t array = binary_list_start(b, BINARY_RECORD, 2),
           row = binary_record_start(b, 2);

    binary_record_int8(b, 1);
    binary_record_text(b, "a");
    binary_end(b, row);
    row = binary_record_start(b, 2);
    binary_record_int8(b, 2);
    binary_record_text(b, NULL);
    binary_end(b, row);
    binary_end(b, array);
}

CASE(two_rows, put_two_rows(b),
     "\0\0\0\125\0\0\0\1\0\0\0\0\0\0\10\311\0\0\0\2\0\0\0\1"
     "\0\0\0\35\0\0\0\2\0\0\0\24\0\0\0\10\0\0\0\0\0\0\0\1\0\0\0\31\0\0\0\1a"
     "\0\0\0\34\0\0\0\2\0\0\0\24\0\0\0\10\0\0\0\0\0\0\0\2\0\0\0\31\377\377\377\377")

static const struct {
    const char *name;
    void (*put)(struct buf *b);
    const char *bytes;
    size_t n;
} cases[] = {
#define ROW(name)                                                                        \
    {                                                                                    \
#name, name, name##_bytes, sizeof name##_bytes - 1                               \
    }
    ROW(start),        ROW(row),      ROW(end),   ROW(is_true),   ROW(is_false),
    ROW(int2),         ROW(int4),     ROW(int8),  ROW(date_2000), ROW(date_1970),
    ROW(text),         ROW(null),     ROW(bytes), ROW(no_texts),  ROW(texts),
    ROW(instant_2000), ROW(two_rows), ROW(lines), ROW(no_lines),
};

static void
values(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf b;

        buf_init(&b, 0);
        cases[i].put(&b);
        if (b.len != cases[i].n || memcmp(b.bytes, cases[i].bytes, b.len) != 0)
            fail_msg("%s", cases[i].name);
        buf_clear(&b);
    }
}

static void
no_room_is_told_at_the_end(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 16);
    for (int i = 0; i < 4; i++)
        binary_int8(&b, i);
    assert_true(b.failed);
    buf_clear(&b);

    buf_init(&b, 2);
    put_two_rows(&b);
    assert_true(b.failed);
    buf_clear(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(no_room_is_told_at_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
