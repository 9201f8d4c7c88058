#include "analyzer/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The examples of the guidelines, and the edges of each. */
static const struct {
    const char *text;
    double value;
    bool alarms;
} cases[] = {
    {"10", -0.01, true},   {"10", 0, false},        {"10", 10, false},
    {"10", 10.01, true},   {"10:", 9.99, true},     {"10:", 10, false},
    {"10:", 1e300, false}, {"~:10", -1e300, false}, {"~:10", 10, false},
    {"~:10", 10.5, true},  {"10:20", 9, true},      {"10:20", 10, false},
    {"10:20", 20, false},  {"10:20", 21, true},     {"@10:20", 9, false},
    {"@10:20", 10, true},  {"@10:20", 20, true},    {"@10:20", 21, false},
    {":10", -1, true},     {":10", 5, false},       {":", 5, false},
    {":", -1, true},       {"~:", -1e300, false},   {"@~:0", -1, true},
    {"@~:0", 1, false},    {"0", 0, false},         {"0", 1, true},
    {"-10:-5", -7, false}, {"-10:-5", -4, true},    {"0.5", 0.6, true},
    {"0.5", 0.5, false},   {"@5", 3, true},         {"@5", 6, false},
};

static void
test_alarms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct range r;
        struct err e = {0};

        if (!range_parse(cases[i].text, &r, &e))
            fail_msg("%s: %s", cases[i].text, e.text);
        assert_ptr_equal(r.text, cases[i].text);
        if (range_alarms(&r, cases[i].value) != cases[i].alarms)
            fail_msg("%s at %g", cases[i].text, cases[i].value);
    }
}

static const char *const refused[] = {
    "",    "@",   "~",   "x",   "1x",   "10:5", "1:2:3", "10%",  "1e3",  "0x10",
    "inf", "nan", " 10", "10 ", "--1",  "1.",   ".5",    "@@1",  "~10:", "10:~",
    "1,5", "~:~", "-",   "+1",  "10;1", "10|x", "5@1",   "1::2", "'1'",  "-5", /* 0:-5 */
};

static void
test_refused(void **state)
{
    char huge[400];
    struct range r;

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct err e = {0};

        if (range_parse(refused[i], &r, &e) || e.kind != ERR_INPUT)
            fail_msg("\"%s\" is taken", refused[i]);
    }
    (void)memset(huge, '9', sizeof huge - 1); /* past what a double holds */
    huge[sizeof huge - 1] = '\0';
    assert_false(range_parse(huge, &r, &(struct err){0}));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alarms),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
