/* Strict takes what RFC 4648 and folds allow; lax takes what mail brings. */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text, *strict, *lax; /* strict NULL: refused */
} cases[] = {
    {"Zg==", "f", "f"},
    {"Zm8=", "fo", "fo"},
    {"Zm9v", "foo", "foo"},
    {"Zm9vYg==", "foob", "foob"},
    {" Zm\r\n\t9v ", "foo", "foo"},
    {"Z g = =", "f", "f"},
    {"Zg", NULL, "f"},
    {"Zm8", NULL, "fo"},
    {"Zg=", NULL, "f"},
    {"Zg===", NULL, "f"},
    {"Zg==Zg==", NULL, "f"},
    {"Zm*9v", NULL, "foo"},
    {"=Zm9v", NULL, "foo"},
    {"Z", NULL, ""},
    {"", NULL, ""},
    {"  ", NULL, ""},
    {"Zm8=\r\n-- \r\nfooter", NULL, "fo"},
};

static void
decodes(void **state)
{
    unsigned char out[64];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = strlen(cases[i].text), len;

        assert_true(base64_size(n) <= sizeof out);
        assert_int_equal(base64_strict(cases[i].text, n, out, &len),
                         cases[i].strict != NULL);
        if (cases[i].strict != NULL) {
            assert_int_equal(len, strlen(cases[i].strict));
            assert_memory_equal(out, cases[i].strict, len);
        }
        len = base64_lax(cases[i].text, n, out);
        assert_int_equal(len, strlen(cases[i].lax));
        assert_memory_equal(out, cases[i].lax, len);
    }
}

static void
test_encode(void **state)
{
    static const struct {
        const char *bytes, *want;
    } rows[] = {{"", ""},
                {"f", "Zg=="},
                {"fo", "Zm8="},
                {"foo", "Zm9v"},
                {"\xFB\xFF\xFE", "+//+"}};
    char text[16];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(base64_encode((const unsigned char *)rows[i].bytes,
                                          strlen(rows[i].bytes), text),
                            rows[i].want);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode),
        cmocka_unit_test(decodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
