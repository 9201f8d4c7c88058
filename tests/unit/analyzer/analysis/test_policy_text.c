#include "analyzer/analysis/policy_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *name, *raw, *text;
} sts[] = {
    {"lines",
     "version: STSv1\nmode: enforce\nmx: b.example\nmx: a.example\nmax_age: 86400",
     "mode: enforce\nmx: a.example\nmx: b.example\nmax_age: 86400"},
    {"semicolons", "version: STSv1; mode: testing; mx: *.Example.; max_age: 1",
     "mode: testing\nmx: *.example\nmax_age: 1"},
    {"carriage returns", "mode:enforce\r\nmx:a.example\r\n",
     "mode: enforce\nmx: a.example"},
    {"twice the same", "mode: none\nmx: a\nmx: a", "mode: none\nmx: a"},
    {"unknown keys and errors", "mode: enforce\nfoo: bar\nnonsense", "mode: enforce"},
    {"no policy", "hello", ""},
    {"nothing", "", ""},
};

static const struct {
    const char *name, *raw, *text;
} tlsa[] = {
    {"records", "3 1 1 b2\n3 1 1 A1", "3 1 1 A1\n3 1 1 B2"},
    {"as Microsoft has it", "[\"3 1 1 A1\",\"3 1 1 B2\"]", "3 1 1 A1\n3 1 1 B2"},
    {"escaped once more", "[\\\"3 1 1 A1\\\"]", "3 1 1 A1"},
    {"spaces in the data", "3 1 1 A1 B2  C3", "3 1 1 A1B2C3"},
    {"no record", "3 1 1", ""},
    {"words", "not a record at all", ""},
};

static const struct {
    const char *host;
    bool covered;
} hosts[] = {
    {"a.example", true},   {"A.EXAMPLE", true},   {"b.example", false},
    {"x.pool.test", true}, {"pool.test", false},  {"y.x.pool.test", false},
    {"xpool.test", false}, {".pool.test", false},
};

static void
test_sts(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    for (size_t i = 0; i < sizeof sts / sizeof *sts; i++) {
        print_message("%s\n", sts[i].name);
        buf_reset(&out);
        assert_true(policy_text_sts(sts[i].raw, &out));
        assert_string_equal(out.len ? out.bytes : "", sts[i].text);
    }
    buf_clear(&out);
}

static void
test_tlsa(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    for (size_t i = 0; i < sizeof tlsa / sizeof *tlsa; i++) {
        print_message("%s\n", tlsa[i].name);
        buf_reset(&out);
        assert_true(policy_text_tlsa(tlsa[i].raw, &out));
        assert_string_equal(out.len ? out.bytes : "", tlsa[i].text);
    }
    buf_clear(&out);
}

static void
test_reading(void **state)
{
    const char *text = "mode: enforce\nmx: *.pool.test\nmx: a.example\nmax_age: 604800";

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        print_message("%s\n", hosts[i].host);
        assert_int_equal(policy_text_covers(text, hosts[i].host), hosts[i].covered);
    }
    assert_true(policy_text_enforces(text));
    assert_false(policy_text_enforces("mode: testing\nmx: a"));
    assert_int_equal(policy_text_max_age_s(text), 604800);
    assert_int_equal(policy_text_max_age_s("mode: none"), 0);
    assert_true(policy_text_has_mx(text));
    assert_false(policy_text_has_mx("mode: none"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sts),
        cmocka_unit_test(test_tlsa),
        cmocka_unit_test(test_reading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
