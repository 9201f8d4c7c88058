/* Where each key stands, and that no dollar sign is left to expand. */
#include "base/conf_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
finds_the_line_of_each_key(void **state)
{
    static const char text[] = "a = 1\nb {\n  c = {x,\n y}\n  d = 'two\nlines'\n}\n"
                               "t \"one/two\" { # comment }\n e = 2 }\nt x {}\n";
    static const struct {
        const char *path;
        int line;
    } cases[] = {
        {"a", 1}, {"b", 2},    {"b/c", 3},         {"b/d", 5},   {"t/one/two", 8},
        {"c", 0}, {"t/x", 10}, {"t/one/two/e", 9}, {"b/c/x", 0},
    };
    struct conf_places places;
    struct arena a;
    struct buf literal;
    struct err e = {0};

    (void)state;
    arena_init(&a, 0);
    buf_init(&literal, 0);
    assert_true(conf_scan("t", text, &a, &literal, &places, &e));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(conf_line(&places, cases[i].path), cases[i].line);
    assert_string_equal(literal.bytes, text);
    buf_clear(&literal);
    arena_clear(&a);
}

static void
leaves_no_dollar_to_expand(void **state)
{
    static const struct {
        const char *text, *literal; /* NULL: refused */
    } cases[] = {
        {"a = \"${HOME}\"", "a = \"\\${HOME}\""},
        {"a = \"\\${HOME}\"", "a = \"\\${HOME}\""},
        {"a = \"\\\\${HOME}\"", "a = \"\\\\\\${HOME}\""},
        {"a = '${HOME}'", "a = '${HOME}'"},
        {"a = {\"$\", \"b$\"}", "a = {\"\\$\", \"b\\$\"}"},
        {"# ${HOME}\na = 1", "# ${HOME}\na = 1"},
        {"a = ${HOME}", NULL},
        {"$a = 1", NULL},
    };
    struct arena a;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct conf_places places;
        struct buf literal;
        struct err e = {0};
        bool ok;

        arena_init(&a, 0);
        buf_init(&literal, 0);
        ok = conf_scan("t", cases[i].text, &a, &literal, &places, &e);
        assert_int_equal(ok, cases[i].literal != NULL);
        if (ok)
            assert_string_equal(literal.bytes, cases[i].literal);
        buf_clear(&literal);
        arena_clear(&a);
    }
}

static void
bounds_nesting(void **state)
{
    static const char deepest[] = "a{a{a{a{a{a{a{a{ }}}}}}}}",
                      deeper[] = "a{a{a{a{a{a{a{a{a{ }}}}}}}}}";
    struct conf_places places;
    struct arena a;
    struct buf literal;
    struct err e = {0};

    (void)state;
    arena_init(&a, 0);
    buf_init(&literal, 0);
    assert_true(conf_scan("t", deepest, &a, &literal, &places, &e));
    assert_false(conf_scan("t", deeper, &a, &literal, &places, &e));
    assert_string_equal(e.text, "t:1: sections are nested too deep");
    buf_clear(&literal);
    arena_clear(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_line_of_each_key),
        cmocka_unit_test(leaves_no_dollar_to_expand),
        cmocka_unit_test(bounds_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
