/* Names in the one form in which they are compared. */
#include "schema/report/domain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
normalises(void **state)
{
    static const struct {
        const char *in, *want;
        bool plausible;
    } cases[] = {
        {"example.com", "example.com", true},
        {"Example.COM.", "example.com", true},
        {" \t example.com\r\n", "example.com", true},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example", true},
        {"B\xc3\x9c"
         "CHER.Example.",
         "xn--bcher-kva.example", true},
        {"_smtp._tls.example.com", "_smtp._tls.example.com", true},
        {"_smtp._tls.b\xc3\xbc"
         "cher.example",
         "_smtp._tls.xn--bcher-kva.example", true},
        {"example\xe3\x80\x82"
         "com",
         "example.com", true},
        {"B\xc3\xbc"
         "cher GmbH",
         "b\xc3\xbc"
         "cher gmbh",
         false},
        {"exam\xef\xbc\x8fple.com", "exam/ple.com", false}, /* a wide solidus */
        {"\xef\xb7\xba.example", "\xef\xb7\xba.example", false},
        {"localhost", "localhost", false},
        {"Example Net", "example net", false},
        {"a..b", "a..b", false},
        {".example.com", ".example.com", false},
        {"a\xff.example", "a\xff.example", false},
        {".", ".", false},
        {"", "", false},
        {"  ", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        char *got;

        arena_init(&a, 0);
        got = domain_normalise(&a, cases[i].in, strlen(cases[i].in));
        assert_non_null(got);
        assert_string_equal(got, cases[i].want);
        assert_int_equal(domain_is_plausible(got), cases[i].plausible);
        arena_clear(&a);
    }
}

static void
fails_when_memory_runs_out(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 8);
    assert_null(domain_normalise(&a, "a-long-name.example.com", 23));
    arena_clear(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalises),
        cmocka_unit_test(fails_when_memory_runs_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
