#include "schema/wire/unicode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
    const char *bytes;
    size_t n;
    enum unicode_form form;
} sniffed[] = {
    {BYTES(""), UNICODE_UTF8},
    {BYTES("{"), UNICODE_UTF8},
    {BYTES("\xEF\xBB\xBF{"), UNICODE_UTF8},
    {BYTES("{\0"), UNICODE_UTF16LE},
    {BYTES("\0["), UNICODE_UTF16BE},
    {BYTES("\xFF\xFE{\0"), UNICODE_UTF16LE},
    {BYTES("\xFE\xFF\0{"), UNICODE_UTF16BE},
    {BYTES(" \0\n\0{\0"), UNICODE_UTF16LE},
    {BYTES("{\0\0\0"), UNICODE_UTF32LE},
    {BYTES("\0\0\0{"), UNICODE_UTF32BE},
    {BYTES("\xFF\xFE\0\0[\0\0\0"), UNICODE_UTF32LE},
    {BYTES("\0\0\xFE\xFF\0\0\0\t\0\0\0{"), UNICODE_UTF32BE},
    {BYTES("\xFF\xFE"), UNICODE_UTF8},    /* a mark and nothing */
    {BYTES("\xFF\xFEx\0"), UNICODE_UTF8}, /* not how JSON begins here */
    {BYTES("\xFF\xFE \0 \0"), UNICODE_UTF8},
    {BYTES("\0"), UNICODE_UTF8},
};

static void
sniffs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sniffed / sizeof *sniffed; i++)
        if (unicode_sniff(sniffed[i].bytes, sniffed[i].n) != sniffed[i].form)
            fail_msg("case %zu", i);
}

static const struct {
    enum unicode_form form;
    const char *bytes;
    size_t n;
    const char *text; /* NULL: refused */
} converted[] = {
    {UNICODE_UTF16LE, BYTES("{\0}\0"), "{}"},
    {UNICODE_UTF16LE, BYTES("\xFF\xFE{\0\xE9\0"), "{\xC3\xA9"},
    {UNICODE_UTF16BE, BYTES("\xFE\xFF\x20\xAC"), "\xE2\x82\xAC"},
    {UNICODE_UTF16LE, BYTES("\x3D\xD8\x00\xDE"), "\xF0\x9F\x98\x80"},
    {UNICODE_UTF16BE, BYTES("\xD8\x3D\xDE\x00"), "\xF0\x9F\x98\x80"},
    {UNICODE_UTF32LE, BYTES("\x00\xF6\x01\x00"), "\xF0\x9F\x98\x80"},
    {UNICODE_UTF32BE, BYTES("\x00\x10\xFF\xFF"), "\xF4\x8F\xBF\xBF"},
    {UNICODE_UTF16LE, BYTES("{\0}"), NULL},             /* half a unit */
    {UNICODE_UTF16LE, BYTES("\x3D\xD8"), NULL},         /* half a pair */
    {UNICODE_UTF16LE, BYTES("\x3D\xD8x\0"), NULL},      /* a lone high one */
    {UNICODE_UTF16LE, BYTES("\x00\xDE\x3D\xD8"), NULL}, /* the low one first */
    {UNICODE_UTF32BE, BYTES("\x00\x11\x00\x00"), NULL}, /* past the last */
    {UNICODE_UTF32LE, BYTES("\x3D\xD8\x00\x00"), NULL}, /* a surrogate */
};

static void
converts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof converted / sizeof *converted; i++) {
        struct buf out;
        struct err e = {0};
        bool ok;

        buf_init(&out, 0);
        ok = unicode_to_utf8(converted[i].form, converted[i].bytes, converted[i].n, 64,
                             &out, &e);
        if (ok != (converted[i].text != NULL))
            fail_msg("case %zu: %s", i, e.text);
        if (ok) {
            assert_int_equal(out.len, strlen(converted[i].text));
            assert_memory_equal(out.bytes, converted[i].text, out.len);
        } else {
            assert_int_equal(e.kind, ERR_INPUT);
        }
        buf_clear(&out);
    }
}

/* The cap counts what comes out, and holds across the pieces in which it comes. */
static void
is_bounded(void **state)
{
    enum {
        CHARACTERS = 3000
    };
    static unsigned char wide[CHARACTERS * 2];

    (void)state;
    for (size_t i = 0; i < CHARACTERS; i++)
        memcpy(wide + 2 * i, "\xAC\x20", 2); /* three bytes each */
    for (size_t less = 0; less < 2; less++) {
        struct buf out;
        struct err e = {0};

        buf_init(&out, 0);
        assert_int_equal(unicode_to_utf8(UNICODE_UTF16LE, wide, sizeof wide,
                                         (size_t)CHARACTERS * 3 - less, &out, &e),
                         less == 0);
        assert_int_equal(e.kind, less == 0 ? ERR_NONE : ERR_TOO_BIG);
        buf_clear(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sniffs),
        cmocka_unit_test(converts),
        cmocka_unit_test(is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
