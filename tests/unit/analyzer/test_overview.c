#include "analyzer/overview.h"

#include "analysis/story.h"

static void
make(const struct story *y, struct facts *f, struct analysis *a, struct overview *o)
{
    struct err e = {0};

    story_tell(f, y);
    assert_true(analyse(f, a, &e));
    assert_true(overview_make(f, a, o, &e));
}

static void
counts_days_and_senders(void **state)
{
    static const struct story calm = {STORY_CROWD, {{0}}, false, NULL};
    char said[OVERVIEW_SAYS];
    struct facts f;
    struct analysis a = {0};
    struct overview o;

    (void)state;
    make(&calm, &f, &a, &o);
    assert_int_equal(o.domain_count, 3);
    /* the story ends two days before the answer is asked for */
    assert_int_equal(o.all.days[OVERVIEW_DAYS - 1].sessions, 0);
    assert_int_equal(o.all.days[OVERVIEW_DAYS - 2].sessions, 3 * 6448);
    assert_int_equal(o.all.week.sessions, 6 * 3 * 6448);
    assert_int_equal(o.all.week.failed, 0);
    assert_int_equal(o.senders, 5);
    assert_int_equal(o.expected, 5);
    assert_int_equal(o.heard, 5);
    assert_int_equal(o.domains[0].policy, OVERVIEW_ENFORCE);
    assert_null(o.domains[0].worst);
    overview_say(&o, said, sizeof said);
    assert_string_equal(said, "in the last 7 days 116,064 sessions from 5 senders, 100 % "
                              "secure; last report 2024-10-03");
    overview_clear(&o);
    analyse_clear(&a);
    facts_clear(&f);
}

static void
puts_a_domain_with_a_finding_first_and_counts_what_was_refused(void **state)
{
    static const struct story broken = {STORY_CROWD,
                                        {{"certificate-expired", "c.test", NULL, 35, 41,
                                          1000, 1, 4, 1, 0, POLICY_STS, NULL}},
                                        false,
                                        NULL};
    struct facts f;
    struct analysis a = {0};
    struct overview o;

    (void)state;
    make(&broken, &f, &a, &o);
    assert_string_equal(facts_text(&f, o.domains[0].domain), "c.test");
    assert_non_null(o.domains[0].worst);
    assert_string_equal(o.domains[0].worst->kind, "certificate-expired");
    assert_int_equal(o.domains[0].of.refused, o.domains[0].of.week.failed);
    assert_int_equal(o.all.refused, 6 * 6448);
    assert_null(o.domains[1].worst);
    overview_clear(&o);
    analyse_clear(&a);
    facts_clear(&f);
}

static void
never_says_100_percent_of_what_failed(void **state)
{
    static const struct {
        struct overview_sum sum;
        const char *want;
    } cases[] = {
        {{0, 0}, "-"},          {{10, 0}, "100 %"},       {{1000000, 1}, ">99.99 %"},
        {{1000, 1}, "99.90 %"}, {{3, 1}, "66.6 %"},       {{100000, 99999}, "0 %"},
        {{10, 10}, "0 %"},      {{10000, 99}, "99.01 %"},
    };
    char out[FIGURE_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(overview_secure(&cases[i].sum, out), cases[i].want);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_days_and_senders),
        cmocka_unit_test(puts_a_domain_with_a_finding_first_and_counts_what_was_refused),
        cmocka_unit_test(never_says_100_percent_of_what_failed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
