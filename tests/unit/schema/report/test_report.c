/* The day of a report, and which of overlapping figures leads. */
#include "schema/report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    DAY_S = 86400
};

static void
belongs_to_the_day_of_its_middle(void **state)
{
    static const struct {
        int64_t start, end;
        int32_t day;
    } cases[] = {
        {0, DAY_S - 1, 0},
        {0, DAY_S, 0},
        {DAY_S / 2, DAY_S / 2 + DAY_S - 1, 0},
        {DAY_S / 2 + 3600, DAY_S / 2 + 3600 + DAY_S, 1},
        {-DAY_S, -1, -1},
        {0, REPORT_LONG_WINDOW_S, 0},
        {DAY_S - 1, DAY_S - 1 + REPORT_LONG_WINDOW_S, 1},
        /* Longer: its first day. */
        {DAY_S - 1, DAY_S + REPORT_LONG_WINDOW_S, 0},
        {0, 7 * DAY_S, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(report_day(cases[i].start, cases[i].end), cases[i].day);
}

/* One policy, and whether it should lead. */
struct row {
    const char *domain, *type;
    int64_t good, failed;
    bool leading;
};

static void
one_type_leads_a_domain(void **state)
{
    static const struct row cases[][4] = {
        {{"a", "sts", 5, 0, true}},
        {{"a", "sts", 2, 0, true}, {"a", "tlsa", 2, 0, false}},
        {{"a", "tlsa", 2, 0, true}, {"a", "sts", 2, 0, false}},
        {{"a", "sts", 2, 0, false}, {"a", "tlsa", 1, 1, true}},
        {{"a", "sts", 1, 1, true}, {"a", "tlsa", 2, 0, false}},
        {{"a", "sts", 2, 0, false}, {"a", "tlsa", 3, 0, true}, {"b", "sts", 1, 0, true}},
        /* The policy changed during the day: one type in two parts. */
        {{"a", "sts", 2, 0, true}, {"a", "tlsa", 3, 0, false}, {"a", "sts", 2, 0, true}},
        {{"a", "x", 2, 0, false}, {"a", "y", 3, 0, true}},
        {{NULL, "sts", 1, 0, false},
         {NULL, "tlsa", 3, 0, true},
         {"a", "sts", 1, 0, true}},
        {{"a", "sts", INT64_MAX, INT64_MAX, true}, {"a", "tlsa", 1, 1, false}},
        {{"a", "sts", 0, 0, true}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct policy policies[4] = {0};
        struct report r = {.policies = policies};

        for (; r.policy_count < 4 && cases[i][r.policy_count].type != NULL;
             r.policy_count++) {
            const struct row *c = &cases[i][r.policy_count];

            policies[r.policy_count] = (struct policy){.domain = c->domain,
                                                       .type_text = c->type,
                                                       .successful_sessions = c->good,
                                                       .failed_sessions = c->failed};
        }
        report_lead(&r);
        for (size_t k = 0; k < r.policy_count; k++) {
            if (policies[k].leading != cases[i][k].leading)
                fail_msg("case %zu, policy %zu", i, k);
        }
    }
}

static void
keeps_what_is_wanted_in_order(void **state)
{
    struct policy policies[] = {{.domain = "a"}, {.domain = "b"}, {.domain = "c"}};
    struct report r = {.policies = policies, .policy_count = 3};

    (void)state;
    report_keep(&r, (bool[]){true, false, true});
    assert_int_equal(r.policy_count, 2);
    assert_string_equal(r.policies[1].domain, "c");
    report_keep(&r, (bool[]){false, false});
    assert_int_equal(r.policy_count, 0);
}

static void
is_empty_again_after_clear(void **state)
{
    struct report r;

    (void)state;
    report_init(&r);
    r.policies = arena_array(&r.arena, 3, sizeof *r.policies);
    r.policy_count = 3;
    r.quirks = 7;
    report_clear(&r);
    assert_int_equal(r.policy_count, 0);
    assert_true(r.quirks == 0);
    assert_string_equal(r.organization, "");
    assert_null(r.arena.blocks);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(belongs_to_the_day_of_its_middle),
        cmocka_unit_test(one_type_leads_a_domain),
        cmocka_unit_test(keeps_what_is_wanted_in_order),
        cmocka_unit_test(is_empty_again_after_clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
