/* Strings and numbers, character by character. */
#include "schema/wire/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each ends in its closing quote unless it lacks one. */
static const struct {
    const char *text, *plain; /* NULL: wrong */
} strings[] = {
    {"\"", ""},
    {"abc\"", "abc"},
    {"a longer text than eight\"", "a longer text than eight"},
    {"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
    {"12345\\u0041\\u00e9\\u20ac\"", "12345A\xc3\xa9\xe2\x82\xac"},
    {"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
    {"\\uD83D\\uDE00\"", "\xf0\x9f\x98\x80"},
    {"\xf0\x9f\x98\x80 caf\xc3\xa9\"", "\xf0\x9f\x98\x80 caf\xc3\xa9"},
    {"\x7f\"", "\x7f"},
    {"\\u0001\"", "\x01"},
    {"\\u0000\"", NULL},
    {"\\ud83d\"", NULL},
    {"\\ud83dx\"", NULL},
    {"\\ud83d\\u0041\"", NULL},
    {"\\ud83d\\ud83d\"", NULL},
    {"\\ude00\"", NULL},
    {"\\u12g4\"", NULL},
    {"\\u12\"", NULL},
    {"\\x41\"", NULL},
    {"\\U0041\"", NULL},
    {"\\", NULL},
    {"abc", NULL},
    {"a\nb\"", NULL},
    {"1234567\x1f\"", NULL},
    {"\xff\"", NULL},
    {"\xc0\x80\"", NULL},
    {"\xed\xa0\x80\"", NULL},
    {"\xc3\"", NULL},
    {"\xf4\x90\x80\x80\"", NULL},
};

static void
reads_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        size_t n = strlen(strings[i].text), plain_len = 0;
        char *exact = malloc(n), plain[64];
        const char *at = exact, *problem;

        assert_non_null(exact);
        memcpy(exact, strings[i].text, n);
        problem = json_scan_string(&at, exact + n, &plain_len);
        if ((problem == NULL) != (strings[i].plain != NULL))
            fail_msg("%s: %s", strings[i].text, problem == NULL ? "read" : problem);
        if (problem == NULL) {
            assert_ptr_equal(at, exact + n);
            assert_int_equal(plain_len, strlen(strings[i].plain));
            json_scan_unescape(exact, n - 1, plain);
            assert_memory_equal(plain, strings[i].plain, plain_len);
        }
        free(exact);
    }
}

/* Each special character at each place of a word of eight. */
static void
stops_at_the_first_special_byte(void **state)
{
    static const char specials[] = {'"', '\\', 0x1f, 0, 0x01, (char)0x80, (char)0xff};

    (void)state;
    for (size_t s = 0; s < sizeof specials; s++) {
        for (size_t place = 0; place < 24; place++) {
            char text[26];
            const char *at = text;
            size_t plain_len = 0;

            memset(text, ' ', sizeof text);
            text[25] = '"';
            text[place] = specials[s];
            if (specials[s] == '"') {
                assert_null(json_scan_string(&at, text + sizeof text, &plain_len));
                assert_int_equal(plain_len, place);
            } else {
                assert_non_null(json_scan_string(&at, text + sizeof text, &plain_len));
                assert_ptr_equal(at, text + place);
            }
        }
    }
}

static const struct {
    const char *text;
    bool number;
    bool whole; /* and at most 2^53 */
    bool plain;
    int64_t value;
} numbers[] = {
    {"0", true, true, true, 0},
    {"-0", true, true, true, 0},
    {"5326", true, true, true, 5326},
    {"-7", true, true, true, -7},
    {"9007199254740992", true, true, true, INT64_C(1) << 53},
    {"9007199254740993", true, false, true, 0},
    {"-9007199254740992", true, true, true, -(INT64_C(1) << 53)},
    {"-9007199254740993", true, false, true, 0},
    {"9223372036854775807", true, false, true, 0},
    {"9223372036854775808", false, false, true, 0},
    {"-9223372036854775808", true, false, true, 0},
    {"-9223372036854775809", false, false, true, 0},
    {"1.0", true, true, false, 1},
    {"1.2e2", true, true, false, 120},
    {"1E+3", true, true, false, 1000},
    {"10e-1", true, true, false, 1},
    {"1.5", true, false, false, 0},
    {"1e16", true, false, false, 0},
    {"1e308", true, false, false, 0},
    {"1e309", false, false, false, 0},
    {"1e-400", true, true, false, 0},
    {"01", false, false, false, 0},
    {"-01", false, false, false, 0},
    {"-", false, false, false, 0},
    {"+1", false, false, false, 0},
    {".5", false, false, false, 0},
    {"1.", false, false, false, 0},
    {"1e", false, false, false, 0},
    {"1e+", false, false, false, 0},
    {"NaN", false, false, false, 0},
};

static void
reads_numbers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        const char *text = numbers[i].text, *at = text;
        size_t n = strlen(text);
        int64_t value = 0;
        bool plain = false, whole;

        if ((json_scan_number(&at, text + n) == NULL) != numbers[i].number)
            fail_msg("%s", text);
        if (!numbers[i].number)
            continue;
        assert_ptr_equal(at, text + n);
        whole = json_scan_whole(text, n, &value, &plain);
        if (whole != numbers[i].whole || plain != numbers[i].plain ||
            (whole && value != numbers[i].value))
            fail_msg("%s: %lld", text, (long long)value);
    }
}

static void
bounds_a_number(void **state)
{
    char text[JSON_MAX_NUMBER_BYTES + 2];

    (void)state;
    memset(text, '0', sizeof text);
    memcpy(text, "0.", 2);
    for (size_t n = JSON_MAX_NUMBER_BYTES; n <= JSON_MAX_NUMBER_BYTES + 1; n++) {
        const char *at = text;

        assert_int_equal(json_scan_number(&at, text + n) == NULL,
                         n == JSON_MAX_NUMBER_BYTES);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_strings),
        cmocka_unit_test(stops_at_the_first_special_byte),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(bounds_a_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
