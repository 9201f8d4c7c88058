#include "analyzer/analysis/finding.h"

#include "story.h"

/* Others keep ids and compare them: they are never to change. */
static void
test_ids(void **state)
{
    struct facts f;
    struct analysis a = {0};
    struct err e = {0};
    name domain;

    (void)state;
    facts_init(&f, INT64_C(20000) * 86400);
    domain = facts_name(&f, "a.test");
    assert_true(finding_add(&a, &f, "certificate-expired", "domain", domain, &e));
    assert_true(finding_add(&a, &f, "certificate-expired", "sender", domain, &e));
    assert_true(finding_add(&a, &f, "certificate-expired", "domain", domain, &e));
    assert_int_equal(a.count, 3);
    assert_string_equal(a.rows[0].id, "e778c4f6606cadb9");
    assert_string_not_equal(a.rows[0].id, a.rows[1].id);
    assert_string_equal(a.rows[0].id, a.rows[2].id);
    analyse_clear(&a);
    facts_clear(&f);
}

static void
test_names(void **state)
{
    static const name added[] = {7, 3, 0, 9, 3, 1};
    struct name_list l = {0};
    struct err e = {0};

    (void)state;
    for (size_t i = 0; i < sizeof added / sizeof *added; i++)
        assert_true(name_list_add(&l, added[i], &e));
    assert_int_equal(l.count, 4); /* 0 is no name */
    for (size_t i = 1; i < l.count; i++)
        assert_true(l.items[i - 1] < l.items[i]);
    assert_true(name_list_has(&l, 9));
    assert_false(name_list_has(&l, 8));
    name_list_clear(&l);
    assert_false(name_list_has(&l, 9));
}

static void
test_words(void **state)
{
    (void)state;
    assert_string_equal(fault_text(VERDICT_OURS), "ours");
    assert_string_equal(severity_text(SEVERITY_CRITICAL), "critical");
    for (int s = SEVERITY_INFO; s <= SEVERITY_CRITICAL; s++)
        assert_int_equal(severity_find(severity_text((enum severity)s), SEVERITY_INFO),
                         s);
    assert_int_equal(severity_find("none", SEVERITY_WARNING), SEVERITY_WARNING);
    assert_int_equal(severity_find(NULL, SEVERITY_CRITICAL), SEVERITY_CRITICAL);
}

static void
test_alarm(void **state)
{
    static const struct {
        struct finding f;
        bool alarm;
    } cases[] = {
        {{.open = true, .severity = SEVERITY_WARNING}, true},
        {{.open = true, .severity = SEVERITY_CRITICAL}, true},
        {{.open = true, .severity = SEVERITY_INFO}, false},
        {{.open = false, .severity = SEVERITY_CRITICAL}, false},
        {{.open = true, .severity = SEVERITY_CRITICAL, .known_until = 20000}, false},
    };
    int16_t first = 5, last = 6;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(finding_is_alarm(&cases[i].f), cases[i].alarm);
    finding_widen(&first, &last, 3, 4);
    assert_int_equal(first, 3);
    assert_int_equal(last, 6);
    finding_widen(&first, &last, 4, 9);
    assert_int_equal(first, 3);
    assert_int_equal(last, 9);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_alarm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
