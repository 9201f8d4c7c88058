#include "analyzer/origins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *host, *pattern;
} cases[] = {
    {"mail-1.outbound.protection.outlook.com", "*.outbound.protection.outlook.com"},
    {"mx.sender.example", "*.sender.example"},
    {"sender.example", "sender.example"}, /* its siblings are anybody's */
    {"sender.co.uk", "sender.co.uk"},
    {"mx.sender.co.uk", "*.sender.co.uk"},
    {"someone.github.io", "someone.github.io"},
    {"localhost", "localhost"},
};

static void
test_patterns(void **state)
{
    struct arena a;

    (void)state;
    arena_init(&a, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(origins_pattern(&a, cases[i].host), cases[i].pattern);
    arena_clear(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
