#include "analyzer/analysis/analyse_plain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum {
    MAX_UNITS = 5
};

static const struct {
    const char *name;
    enum result_type type;
    struct unit
        units[MAX_UNITS]; /* sender, index, sessions, failed, rate, past, established */
    bool plain;
} cases[] = {
    {"three of three",
     RESULT_CERTIFICATE_EXPIRED,
     {{.sessions = 10, .failed = 10},
      {.sessions = 9, .failed = 5},
      {.sessions = 8, .failed = 8}},
     true},
    {"two of two are not enough",
     RESULT_CERTIFICATE_EXPIRED,
     {{.sessions = 10, .failed = 10}, {.sessions = 9, .failed = 9}},
     false},
    {"but one that is established is",
     RESULT_CERTIFICATE_EXPIRED,
     {{.sessions = 10, .failed = 10, .established = true, .rate = .001}},
     true},
    {"not one that has failed for long",
     RESULT_CERTIFICATE_EXPIRED,
     {{.sessions = 10, .failed = 10, .established = true, .rate = .9}},
     false},
    {"three of five",
     RESULT_TLSA_INVALID,
     {{.sessions = 10, .failed = 10},
      {.sessions = 9, .failed = 9},
      {.sessions = 9, .failed = 9},
      {.sessions = 9},
      {.sessions = 9}},
     false},
    {"those without traffic have no say",
     RESULT_TLSA_INVALID,
     {{.sessions = 10, .failed = 10},
      {.sessions = 9, .failed = 9},
      {.sessions = 9, .failed = 9},
      {.sessions = 2},
      {.sessions = 4}},
     true},
    {"the largest is fine",
     RESULT_STARTTLS_NOT_SUPPORTED,
     {{.sessions = 10, .failed = 10},
      {.sessions = 9, .failed = 9},
      {.sessions = 9, .failed = 9},
      {.sessions = 9000}},
     false},
    {"a time-out proves nothing",
     RESULT_VALIDATION_FAILURE,
     {{.sessions = 10, .failed = 10},
      {.sessions = 9, .failed = 9},
      {.sessions = 9, .failed = 9}},
     false},
    {"nobody", RESULT_CERTIFICATE_EXPIRED, {{0}}, false},
};

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t count = 0;

        print_message("%s\n", cases[i].name);
        while (count < MAX_UNITS && cases[i].units[count].sessions)
            count++;
        assert_int_equal(plain_case(cases[i].type, cases[i].units, count),
                         cases[i].plain);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
