#include "analyzer/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *name, *text, *warning, *critical;
    double value;
    enum check_state raised; /* before */
    const char *line;
} cases[] = {
    {"fine", "all is well", "10", "20", 5, CHECK_OK,
     "TLSRPT OK: all is well | x=5.0s;10;20;0\n"},
    {"warning", "a", "10", "20", 15, CHECK_OK, "TLSRPT WARNING: a | x=15.0s;10;20;0\n"},
    {"critical", "a", "10", "20", 25, CHECK_OK, "TLSRPT CRITICAL: a | x=25.0s;10;20;0\n"},
    {"critical only", "a", "10:", "@0:1", 1, CHECK_OK,
     "TLSRPT CRITICAL: a | x=1.0s;10:;@0:1;0\n"},
    {"no thresholds", "a", NULL, NULL, 1e6, CHECK_OK,
     "TLSRPT OK: a | x=1000000.0s;;;0\n"},
    {"undetermined", "a", "10", "20", -1, CHECK_UNKNOWN,
     "TLSRPT UNKNOWN: a | x=U;10;20;0\n"},
    {"never falls", "a", "10", "20", 15, CHECK_UNKNOWN,
     "TLSRPT UNKNOWN: a | x=15.0s;10;20;0\n"},
    {"critical wins", "a", "10", "20", 25, CHECK_UNKNOWN,
     "TLSRPT CRITICAL: a | x=25.0s;10;20;0\n"},
    {"no line feed, no bar", "a|b\n| c=1\x1b[31m|", NULL, NULL, 0, CHECK_OK,
     "TLSRPT OK: a\\x7cb\\x0a\\x7c c=1\\x1b[31m\\x7c | x=0.0s;;;0\n"},
    {"no text", "", NULL, NULL, 0, CHECK_OK, "TLSRPT OK:  | x=0.0s;;;0\n"},
};

static void
test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct range warning, critical;
        struct err e = {0};
        struct check c;
        struct buf out;

        buf_init(&out, 0);
        check_init(&c);
        assert_true(cases[i].warning == NULL ||
                    range_parse(cases[i].warning, &warning, &e));
        assert_true(cases[i].critical == NULL ||
                    range_parse(cases[i].critical, &critical, &e));
        check_raise(&c, cases[i].raised);
        check_say(&c.text, "%s", cases[i].text);
        check_measure(
            &c, &(struct check_metric){"x", cases[i].value, 1, "s",
                                       cases[i].warning == NULL ? NULL : &warning,
                                       cases[i].critical == NULL ? NULL : &critical});
        assert_true(check_print(&c, &out));
        if (strcmp(out.bytes, cases[i].line) != 0)
            fail_msg("%s: %s", cases[i].name, out.bytes);
        check_clear(&c);
        buf_clear(&out);
    }
}

static void
test_several(void **state)
{
    struct check c;
    struct buf out;
    char longest[2000];

    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    buf_init(&out, 0);
    check_init(&c);
    check_say(&c.text, "%s", longest);
    assert_true(c.text.len > 400 && c.text.len < 600);
    buf_reset(&c.text);
    check_say(&c.text, "a");
    check_say(&c.text, ", %d", 2);
    check_measure(&c, &(struct check_metric){"rate", 0.128, 2, "%", NULL, NULL});
    check_measure(&c, &(struct check_metric){"n", 3, 0, "", NULL, NULL});
    check_say(&c.more, "more");
    (void)buf_putc(&c.more, '\n');
    assert_true(check_print(&c, &out));
    assert_string_equal(out.bytes,
                        "TLSRPT OK: a, 2 | rate=0.13%;;;0;100 n=3;;;0\nmore\n");
    check_clear(&c);
    buf_clear(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_several),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
