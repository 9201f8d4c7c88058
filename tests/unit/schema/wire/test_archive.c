/* Archives made by hand, byte for byte, and broken one field at a time. What zip(1) and
 * tar(1) write are cases of tests/corpus. */
#include "schema/wire/archive.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    BLOCK = 512,
    LOCAL = 30,
    ENTRY = 46,
    END = 22
};

static void
append(struct buf *b, const void *bytes, size_t n)
{
    assert_true(buf_append(b, bytes, n));
}

static void
put(struct buf *b, size_t at, size_t n, size_t value)
{
    for (size_t i = 0; i < n; i++)
        b->bytes[at + i] = (char)(value >> 8 * i);
}

/* A stored member each; returns where the directory begins. */
static size_t
make_zip(struct buf *b, const char *const *names, size_t count)
{
    static const char zeros[ENTRY];
    size_t locals[8], directory;

    buf_init(b, 0);
    for (size_t i = 0; i < count; i++) {
        locals[i] = b->len;
        append(b, "PK\3\4", 4);
        append(b, zeros, LOCAL - 4);
        put(b, locals[i] + 26, 2, strlen(names[i]));
        append(b, names[i], strlen(names[i]));
        append(b, "data", 4);
    }
    directory = b->len;
    for (size_t i = 0; i < count; i++) {
        size_t at = b->len;

        append(b, "PK\1\2", 4);
        append(b, zeros, ENTRY - 4);
        put(b, at + 20, 4, 4);
        put(b, at + 24, 4, 4);
        put(b, at + 28, 2, strlen(names[i]));
        put(b, at + 42, 4, locals[i]);
        append(b, names[i], strlen(names[i]));
    }
    append(b, "PK\5\6", 4);
    append(b, zeros, END - 4);
    put(b, b->len - 12, 2, count);
    put(b, b->len - 6, 4, directory);
    return directory;
}

static void
seal_tar(char *header)
{
    unsigned sum = 0;
    char digits[9];

    memset(header + 148, ' ', 8);
    for (size_t i = 0; i < BLOCK; i++)
        sum += (unsigned char)header[i];
    (void)snprintf(digits, sizeof digits, "%06o", sum);
    memcpy(header + 148, digits, 7);
}

static void
add_tar(struct buf *b, const char *file, char type, const char *text)
{
    char block[BLOCK] = {0};

    memcpy(block, file, strlen(file));
    (void)snprintf(block + 124, 12, "%011o", (unsigned)strlen(text));
    block[156] = type;
    seal_tar(block);
    append(b, block, BLOCK);
    memset(block, 0, BLOCK);
    memcpy(block, text, strlen(text));
    if (*text != '\0')
        append(b, block, BLOCK);
}

/* The names of what is in it, a space before each; in *kind how it ended. */
static const char *
list(const struct buf *b, enum err_kind *kind)
{
    static char names[256];
    struct archive a;
    struct archive_member m;
    struct err e = {0};
    char *exact = malloc(b->len + 1); /* so that reading past the end is seen */

    assert_non_null(exact);
    memcpy(exact, b->bytes, b->len);
    exact = realloc(exact, b->len);
    names[0] = '\0';
    if (archive_open(exact, b->len, &a, &e))
        while (archive_next(&a, &m, &e)) {
            assert_true((const char *)m.packed >= exact &&
                        (const char *)m.packed + m.packed_len <= exact + b->len);
            strcat(names, " ");
            strncat(names, m.name, m.name_len);
        }
    *kind = e.kind;
    free(exact);
    return names;
}

static void
zip_is_read(void **state)
{
    static const char *const names[] = {
        "a.json", "d/",        "d/b.json.gz", "__MACOSX/._a.json",
        "d\\._c", ".DS_Store", "d/thumbs.DB"};
    enum err_kind kind;
    struct archive a;
    struct archive_member m;
    struct err e = {0};
    struct buf b;

    (void)state;
    make_zip(&b, names, sizeof names / sizeof *names);
    assert_string_equal(list(&b, &kind), " a.json d/b.json.gz");
    assert_int_equal(kind, ERR_NONE);
    assert_true(archive_open(b.bytes, b.len, &a, &e));
    assert_false(a.trailing);
    assert_true(archive_next(&a, &m, &e));
    assert_memory_equal(m.packed, "data", m.packed_len);
    assert_int_equal(m.method, ARCHIVE_STORED);
    append(&b, "x", 1);
    assert_true(archive_open(b.bytes, b.len, &a, &e));
    assert_true(a.trailing);
    buf_clear(&b);
}

/* Each field of a zip that says where something is, too large. */
static void
zip_is_distrusted(void **state)
{
    static const char *const names[] = {"a", "b"};
    static const struct {
        size_t at, n; /* from the directory; from the end of all when at is `back` */
        bool from_end;
        size_t value;
        const char *read;
    } broken[] = {
        {20, 4, false, 0xFFFFFFFF, ""},             /* a's packed length */
        {28, 2, false, 0xFFFF, ""},                 /* of its name */
        {30, 2, false, 0xFFFF, ""},                 /* of its extra field */
        {42, 4, false, 0xFFFFFFFF, ""},             /* where it begins */
        {42, 4, false, 1, ""},                      /* not there */
        {0, 4, false, 0, ""},                       /* no directory */
        {8, 2, false, 1, ""},                       /* encrypted */
        {ENTRY + 1 + 42, 4, false, 0xFFFFFF, " a"}, /* where b begins */
        {6, 4, true, 0xFFFFFFFF, ""},               /* where the directory begins */
        {12, 2, true, 3, " a b"},                   /* more members than there are */
    };

    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct buf b;
        enum err_kind kind;
        size_t directory = make_zip(&b, names, 2);

        put(&b, broken[i].from_end ? b.len - broken[i].at : directory + broken[i].at,
            broken[i].n, broken[i].value);
        if (strcmp(list(&b, &kind), broken[i].read) != 0 || kind != ERR_INPUT)
            fail_msg("case %zu: read%s, kind %d", i, list(&b, &kind), (int)kind);
        buf_clear(&b);
    }
}

static void
tar_is_read(void **state)
{
    struct buf b;
    enum err_kind kind;

    (void)state;
    buf_init(&b, 0);
    add_tar(&b, "d/", '5', "");
    add_tar(&b, "d/a.json", '0', "one");
    add_tar(&b, "pax", 'x', "path=long");
    add_tar(&b, "link", '2', "");
    add_tar(&b, "old", '\0', "two");
    add_tar(&b, "._old", '0', "three");
    assert_true(archive_is_tar(b.bytes, b.len));
    assert_string_equal(list(&b, &kind), " d/a.json old"); /* with no blocks at the end */
    assert_int_equal(kind, ERR_NONE);
    assert_true(buf_reserve(&b, BLOCK));
    memset(b.bytes + b.len, 0, BLOCK);
    b.len += BLOCK;
    assert_string_equal(list(&b, &kind), " d/a.json old");
    assert_int_equal(kind, ERR_NONE);
    buf_clear(&b);
}

static void
tar_is_distrusted(void **state)
{
    struct buf b;
    enum err_kind kind;

    (void)state;
    buf_init(&b, 0);
    add_tar(&b, "a", '0', "one");
    add_tar(&b, "b", '0', "two");
    b.len -= BLOCK; /* the bytes of b */
    assert_string_equal(list(&b, &kind), " a");
    assert_int_equal(kind, ERR_INPUT);
    b.bytes[(size_t)BLOCK * 2] = 'c'; /* its sum is another now */
    assert_string_equal(list(&b, &kind), " a");
    assert_int_equal(kind, ERR_INPUT);
    memset(b.bytes + 124, '\xff', 12); /* GNU's base 256, below zero */
    seal_tar(b.bytes);
    assert_string_equal(list(&b, &kind), "");
    assert_int_equal(kind, ERR_INPUT);
    memset(b.bytes + 124, '\xff', 12);
    b.bytes[124] = '\x80'; /* and as large as it can be */
    seal_tar(b.bytes);
    assert_string_equal(list(&b, &kind), "");
    assert_int_equal(kind, ERR_INPUT);
    assert_false(archive_is_tar(b.bytes, BLOCK - 1));
    buf_clear(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zip_is_read),
        cmocka_unit_test(zip_is_distrusted),
        cmocka_unit_test(tar_is_read),
        cmocka_unit_test(tar_is_distrusted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
