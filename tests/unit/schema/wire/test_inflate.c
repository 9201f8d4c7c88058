/* The caps at N and N + 1, and what a container may claim. The containers themselves are
 * cases of tests/corpus. */
#include "schema/wire/inflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

/* Appends a gzip (window 31), zlib (15) or bare deflate (-15) stream of n bytes. */
static void
deflate_into(struct buf *out, int window, const void *bytes, size_t n)
{
    z_stream z = {0};
    size_t room;

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    room = deflateBound(&z, n);
    assert_true(buf_reserve(out, room));
    z.next_in = (unsigned char *)(uintptr_t)bytes;
    z.avail_in = (uInt)n;
    z.next_out = (unsigned char *)out->bytes + out->len;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += room - z.avail_out;
    deflateEnd(&z);
}

static enum err_kind
inflate_within(const struct buf *in, size_t max_bytes, size_t max_members,
               struct buf *out, quirk_set *quirks)
{
    const struct inflate_limits limits = {max_bytes, max_members};
    struct err e = {0};
    bool ok;

    *quirks = 0;
    ok = inflate_bytes(in->bytes, in->len, &limits, out, quirks, &e);
    assert_int_equal(ok, e.kind == ERR_NONE);
    return e.kind;
}

static enum err_kind
verdict_within(const struct buf *in, size_t max_bytes, size_t max_members)
{
    quirk_set quirks;
    struct buf out;
    enum err_kind kind;

    buf_init(&out, 0);
    kind = inflate_within(in, max_bytes, max_members, &out, &quirks);
    buf_clear(&out);
    return kind;
}

static void
sniffs(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        enum inflate_kind kind;
    } cases[] = {
        {"{", 1, INFLATE_JSON},
        {" \t\r\n[", 5, INFLATE_JSON},
        {"\xEF\xBB\xBF {", 5, INFLATE_JSON},
        {"\x1f\x8b", 2, INFLATE_GZIP},
        {"\x1f", 1, INFLATE_UNKNOWN},
        {"PK\3\4", 4, INFLATE_ZIP},
        {"PK\5\6", 4, INFLATE_ZIP},
        {"PK\1\2", 4, INFLATE_UNKNOWN},
        {"\x78\x9c", 2, INFLATE_ZLIB},
        {"\x78\x01", 2, INFLATE_ZLIB},
        {"\x78\x9d", 2, INFLATE_UNKNOWN},
        {"\x78\xbb", 2, INFLATE_UNKNOWN}, /* a preset dictionary */
        {"<html>", 6, INFLATE_UNKNOWN},
        {"\"x\"", 3, INFLATE_UNKNOWN},
        {"   ", 3, INFLATE_UNKNOWN},
        {"", 0, INFLATE_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (inflate_sniff(cases[i].bytes, cases[i].n) != cases[i].kind)
            fail_msg("case %zu", i);
    }
}

static void
caps_the_bytes(void **state)
{
    static const int windows[] = {31, 15, 0};
    enum {
        SIZE = 70000
    };
    char *text = malloc(SIZE);

    (void)state;
    assert_non_null(text);
    memset(text, ' ', SIZE);
    text[0] = '{';
    for (size_t i = 0; i < sizeof windows / sizeof *windows; i++) {
        struct buf in;

        buf_init(&in, 0);
        if (windows[i] == 0)
            (void)buf_append(&in, text, SIZE);
        else
            deflate_into(&in, windows[i], text, SIZE);
        assert_int_equal(verdict_within(&in, SIZE, 1), ERR_NONE);
        assert_int_equal(verdict_within(&in, SIZE - 1, 1), ERR_TOO_BIG);
        assert_int_equal(verdict_within(&in, 0, 1), ERR_TOO_BIG);
        buf_clear(&in);
    }
    free(text);
}

static void
caps_all_members_together(void **state)
{
    struct buf in;

    (void)state;
    buf_init(&in, 0);
    deflate_into(&in, 31, "{\"a\":", 5);
    deflate_into(&in, 31, "1", 1);
    deflate_into(&in, 31, "}", 1);
    assert_int_equal(verdict_within(&in, 7, 3), ERR_NONE);
    assert_int_equal(verdict_within(&in, 6, 3), ERR_TOO_BIG);
    assert_int_equal(verdict_within(&in, 7, 2), ERR_TOO_BIG);
    buf_clear(&in);
}

static void
caps_all_layers_together(void **state)
{
    struct buf inner, outer;
    char noise[300];
    uint32_t state_of_noise = 1;

    (void)state;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)((state_of_noise = state_of_noise * 1664525 + 1013904223) >> 24);
    buf_init(&inner, 0);
    buf_init(&outer, 0);
    deflate_into(&inner, 31, noise, sizeof noise);
    deflate_into(&outer, 31, inner.bytes, inner.len);
    assert_true(inner.len > sizeof noise);
    assert_int_equal(verdict_within(&outer, inner.len + sizeof noise, 1), ERR_NONE);
    assert_int_equal(verdict_within(&outer, inner.len + sizeof noise - 1, 1),
                     ERR_TOO_BIG);
    assert_int_equal(verdict_within(&outer, inner.len - 1, 1), ERR_TOO_BIG);
    buf_clear(&inner);
    buf_clear(&outer);
}

static void
appends_behind_what_is_there(void **state)
{
    struct buf in, out;
    quirk_set quirks;

    (void)state;
    buf_init(&in, 0);
    buf_init(&out, 0);
    deflate_into(&in, 31, "{\"a\":1}", 7);
    (void)buf_puts(&out, "before");
    assert_int_equal(inflate_within(&in, 7, 1, &out, &quirks), ERR_NONE);
    assert_string_equal(out.bytes, "before{\"a\":1}");
    assert_true(quirks == 0);
    buf_clear(&in);
    buf_clear(&out);
}

/* Every cut of a gzip is truncated, and no cut reads past its end. */
static void
knows_every_truncation(void **state)
{
    struct buf in;

    (void)state;
    buf_init(&in, 0);
    deflate_into(&in, 31, "{\"organization-name\":\"Example\"}", 31);
    for (size_t n = 2; n < in.len; n++) {
        char *cut = malloc(n);
        struct buf part = {.bytes = cut, .len = n};

        assert_non_null(cut);
        memcpy(cut, in.bytes, n);
        assert_int_equal(verdict_within(&part, 1000, 1), ERR_INPUT);
        free(cut);
    }
    buf_clear(&in);
}

static void
believes_no_claim_of_size(void **state)
{
    struct buf in;

    (void)state;
    buf_init(&in, 0);
    deflate_into(&in, 31, "{}", 2);
    memcpy(in.bytes + in.len - 4, "\xff\xff\xff\xff", 4);
    assert_int_equal(verdict_within(&in, 1000, 1), ERR_INPUT);
    buf_clear(&in);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sniffs),
        cmocka_unit_test(caps_the_bytes),
        cmocka_unit_test(caps_all_members_together),
        cmocka_unit_test(caps_all_layers_together),
        cmocka_unit_test(appends_behind_what_is_there),
        cmocka_unit_test(knows_every_truncation),
        cmocka_unit_test(believes_no_claim_of_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
