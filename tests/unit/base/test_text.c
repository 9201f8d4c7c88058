/* What a stranger's characters become before a terminal sees them. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void
escapes_what_acts_on_a_terminal(void **state)
{
    static const struct {
        const char *in;
        size_t len;
        const char *want;
    } cases[] = {
        {"plain", 5, "plain"},
        {"\x1b[31m", 5, "\\x1b[31m"},
        {"a\tb\n", 4, "a\\x09b\\x0a"},
        {"caf\xc3\xa9", 5, "caf\xc3\xa9"},
        {"\xe2\x80\xae"
         "evil",
         7, "\\u{202e}evil"},
        {"\xc2\x9b", 2, "\\x9b"},
        {"\xff\xc3", 2, "\\xff\\xc3"},
        {"a\0b", 3, "a\\x00b"},
        {"\xc0\x80", 2, "\\xc0\\x80"},
        {"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},
    };
    struct buf b;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_init(&b, 0);
        assert_true(text_escape(&b, cases[i].in, cases[i].len));
        assert_string_equal(b.bytes, cases[i].want);
        buf_clear(&b);
    }
}

static void
knows_utf8(void **state)
{
    (void)state;
    assert_true(text_is_utf8("\xf4\x8f\xbf\xbf", 4));
    assert_false(text_is_utf8("\xf4\x90\x80\x80", 4));
    assert_false(text_is_utf8("\xe0\x80\x80", 3));
    assert_false(text_is_utf8("\xe2\x82", 2));
}

/* Every byte at every place of a word of eight, and behind it. */
static void
lowers_ascii_only(void **state)
{
    char text[12], want[12];

    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        for (size_t at = 0; at < sizeof text - 1; at++) {
            memset(text, 'Z', sizeof text - 1);
            memset(want, 'z', sizeof want - 1);
            text[sizeof text - 1] = want[sizeof want - 1] = '\0';
            text[at] = (char)byte;
            want[at] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
            text_lower(text);
            assert_string_equal(text, want);
        }
    }
}

static const struct {
    const char *text, *trimmed;
} blanks[] = {{"", ""}, {" \t", ""}, {"a", "a"}, {"\t a b  ", "a b"}, {"\na ", "\na"}};

static void
test_trim(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        const char *s = blanks[i].text;
        size_t n = text_trim(&s, strlen(s), " \t");

        assert_int_equal(n, strlen(blanks[i].trimmed));
        assert_memory_equal(s, blanks[i].trimmed, n);
    }
}

static void
test_quote(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    assert_true(text_quote(&out, "a \"b\" \\c"));
    assert_string_equal(out.bytes, "\"a \\\"b\\\" \\\\c\"");
    buf_clear(&out);
}

static const struct {
    const char *hex, *bytes;
    size_t n;
    bool ok;
} hexes[] = {
    {"", "", 0, true},   {"00fF", "\0\xff", 2, true}, {"4142", "AB", 2, true},
    {"4", "", 0, false}, {"414g", "A", 1, false},     {"@1", "", 0, false},
};

static void
test_unhex(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hexes / sizeof *hexes; i++) {
        struct buf out;

        buf_init(&out, 0);
        assert_int_equal(text_unhex(&out, hexes[i].hex), hexes[i].ok);
        assert_int_equal(out.len, hexes[i].n);
        assert_memory_equal(out.bytes, hexes[i].bytes, out.len);
        buf_clear(&out);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_unhex),
        cmocka_unit_test(lowers_ascii_only),
        cmocka_unit_test(escapes_what_acts_on_a_terminal),
        cmocka_unit_test(knows_utf8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
