#include "schema/store/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
compares(void **state)
{
    static const struct {
        const char *a, *b;
        int want;
    } cases[] = {
        {"0.1.0", "0.1.0", 0},  {"0.1.0", "0.2.0", -1}, {"0.10.0", "0.9.9", 1},
        {"1.0.0", "0.99.9", 1}, {"0.1", "0.1.0", 0},    {"0.1.1", "0.1.2", -1},
        {"0.1.10", "0.1.9", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int order = version_compare(cases[i].a, cases[i].b);

        assert_int_equal((order > 0) - (order < 0), cases[i].want);
    }
}

static void
fits(void **state)
{
    static const struct {
        const char *program, *oldest, *newest;
        const char *advice; /* what the error must name; NULL: it fits */
    } cases[] = {
        {"0.2.0", "0.1.0", "0.2.0", NULL},
        {"0.2.7", "0.1.0", "0.2.0", NULL}, /* a last number brings no migration */
        {"0.1.0", "0.1.0", "0.3.0", NULL},
        {"0.3.0", "0.1.0", "0.2.9", "tlsrptd migrate"},
        {"0.1.9", "0.2.0", "0.3.0", "upgrade the program"},
        {"0.1.0", NULL, NULL, "tlsrptd migrate"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err e = {0};
        bool ok = version_fits(cases[i].program, cases[i].oldest, cases[i].newest, &e);

        assert_int_equal(ok, cases[i].advice == NULL);
        if (cases[i].advice != NULL) {
            assert_int_equal(e.kind, ERR_CONFIG);
            assert_non_null(strstr(e.text, cases[i].advice));
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compares),
        cmocka_unit_test(fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
