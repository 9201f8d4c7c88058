/* The parameters of a URL. */
#include "analyzer/pages/page_params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *query, *want; /* NULL: refused */
} cases[] = {
    {"", ""},
    {"since=7d", "since=7d;"},
    {"a=1&b=2&a=3", "a=1;b=2;a=3;"},
    {"domain=b%C3%BCcher.example", "domain=b\xC3\xBC"
                                   "cher.example;"},
    {"q=a+b%20c%2Bd", "q=a b c+d;"},
    {"empty=&alone&=&x=1", "x=1;"},
    {"&&a=1&", "a=1;"},
    {"a=b=c", "a=b=c;"},
    {"a=%3c%3E", "a=<>;"},
    {"a=%", NULL},
    {"a=%4", NULL},
    {"a=%4x", NULL},
    {"a=%00", NULL},
    {"a=%ff", NULL},
    {"%zz=1", NULL},
};

static void
test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char got[200] = "";
        struct params p;
        struct arena arena;
        struct err e = {0};
        bool ok;

        arena_init(&arena, 0);
        ok = params_parse(cases[i].query, &arena, &p, &e);
        for (size_t k = 0; ok && k < p.count; k++)
            (void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s=%s;",
                           p.items[k].name, p.items[k].value);
        if (ok != (cases[i].want != NULL) || (ok && strcmp(got, cases[i].want) != 0))
            fail_msg("\"%s\" is read as \"%s\"", cases[i].query, ok ? got : e.text);
        if (!ok)
            assert_int_equal(e.kind, ERR_INPUT);
        arena_clear(&arena);
    }
}

static void
test_limit_and_find(void **state)
{
    char query[PARAMS_MAX * 4 + 8] = "";
    struct params p;
    struct arena arena;
    struct err e = {0};

    (void)state;
    arena_init(&arena, 0);
    for (int i = 0; i < PARAMS_MAX; i++)
        strcat(query, i == 0 ? "a=0" : "&a=1");
    assert_true(params_parse(query, &arena, &p, &e));
    assert_int_equal(p.count, PARAMS_MAX);
    assert_string_equal(params_find(&p, "a"), "1");
    assert_null(params_find(&p, "b"));
    strcat(query, "&a=2");
    assert_false(params_parse(query, &arena, &p, &e));
    arena_clear(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_limit_and_find),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
