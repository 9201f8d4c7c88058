/* Each limit of a possible report at its last good value and one beyond; what is noted.
 */
#include "schema/report/check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum {
    DAY_S = 86400,
    DAYS_OLD = 400,
    DAYS_AHEAD = 2,
    LATE_DAYS = 3,
};
#define NOON     INT64_C(1772366400) /* 2026-03-01T12:00:00Z */
#define MIDNIGHT (NOON - DAY_S / 2)

static struct failure_detail details[2];
static struct policy policies[2];

static struct report
sample(int64_t start, int64_t end)
{
    details[0] = (struct failure_detail){.failed_sessions = 3};
    policies[0] = (struct policy){.domain = "example.com",
                                  .type_text = "sts",
                                  .failed_sessions = 3,
                                  .details = details,
                                  .detail_count = 1};
    return (struct report){.start = start,
                           .end = end,
                           .sender = "example.net",
                           .policies = policies,
                           .policy_count = 1};
}

static void
bounds_the_window(void **state)
{
    static const struct {
        int64_t start, end, received;
        const char *reason; /* NULL: possible */
    } cases[] = {
        {MIDNIGHT, MIDNIGHT + DAY_S - 1, NOON + DAY_S, NULL},
        {NOON, NOON, NOON, NULL},
        {NOON, NOON - 1, NOON, "before it starts"},
        {NOON, NOON + REPORT_MAX_WINDOW_S, NOON + REPORT_MAX_WINDOW_S, NULL},
        {NOON, NOON + REPORT_MAX_WINDOW_S + 1, NOON + REPORT_MAX_WINDOW_S, "longer than"},
        {NOON, NOON + DAY_S, NOON + (int64_t)DAYS_OLD * DAY_S, NULL},
        {NOON, NOON + DAY_S, NOON + (int64_t)DAYS_OLD * DAY_S + 1,
         "before it was received"},
        {NOON, NOON + DAYS_AHEAD * DAY_S, NOON, NULL},
        {NOON, NOON + DAYS_AHEAD * DAY_S + 1, NOON, "after it was received"},
        {INT64_C(-62167219200), INT64_C(253402300799), NOON, "longer than"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report r = sample(cases[i].start, cases[i].end);
        struct err e = {0};

        assert_int_equal(check_report(&r, cases[i].received, 0, &e),
                         cases[i].reason == NULL);
        assert_int_equal(e.kind, cases[i].reason == NULL ? ERR_NONE : ERR_INPUT);
        if (cases[i].reason != NULL)
            assert_non_null(strstr(e.text, cases[i].reason));
    }
}

static void
bounds_what_becomes_a_key(void **state)
{
    char name[REPORT_MAX_NAME_BYTES + 2];

    (void)state;
    memset(name, 'a', sizeof name);
    for (size_t n = REPORT_MAX_NAME_BYTES; n <= REPORT_MAX_NAME_BYTES + 1; n++) {
        struct report r = sample(NOON, NOON);

        name[n] = '\0';
        r.sender = name;
        assert_int_equal(check_report(&r, NOON, 0, NULL), n == REPORT_MAX_NAME_BYTES);
        r = sample(NOON, NOON);
        policies[0].domain = name;
        assert_int_equal(check_report(&r, NOON, 0, NULL), n == REPORT_MAX_NAME_BYTES);
        name[n] = 'a';
    }
}

static void
wants_a_policy(void **state)
{
    struct report r = sample(NOON, NOON);
    struct err e = {0};

    (void)state;
    r.policy_count = 0;
    assert_false(check_report(&r, NOON, 0, &e));
    assert_string_equal(e.text, "no policies");
}

static void
notes_the_window(void **state)
{
    static const struct {
        int64_t start, end, received;
        quirk_set quirks;
    } cases[] = {
        {MIDNIGHT, MIDNIGHT + DAY_S - 1, NOON + DAY_S, 0},
        {MIDNIGHT, MIDNIGHT + DAY_S, NOON + DAY_S, QUIRK_BIT(QUIRK_END_AT_MIDNIGHT)},
        {MIDNIGHT, MIDNIGHT + DAY_S - 2, NOON + DAY_S, QUIRK_BIT(QUIRK_NOT_A_DAY)},
        {NOON, NOON + DAY_S, NOON + DAY_S, QUIRK_BIT(QUIRK_NOT_A_DAY)},
        {MIDNIGHT, MIDNIGHT + DAY_S - 1, MIDNIGHT + (1 + LATE_DAYS) * DAY_S - 1, 0},
        {MIDNIGHT, MIDNIGHT + DAY_S - 1, MIDNIGHT + (1 + LATE_DAYS) * DAY_S,
         QUIRK_BIT(QUIRK_LATE)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report r = sample(cases[i].start, cases[i].end);

        assert_true(check_report(&r, cases[i].received, 0, NULL));
        assert_true(r.quirks == cases[i].quirks);
    }
}

static void
notes_counts_that_disagree(void **state)
{
    static const struct {
        int64_t total, detail[2];
        size_t details;
        quirk_set quirks;
    } cases[] = {
        {3, {3}, 1, 0},
        {4, {3}, 1, 0},
        {2, {3}, 1, QUIRK_BIT(QUIRK_DETAILS_EXCEED_TOTAL)},
        {4, {2, 3}, 2, QUIRK_BIT(QUIRK_DETAILS_EXCEED_TOTAL)},
        {4, {INT64_MAX, INT64_MAX}, 2, QUIRK_BIT(QUIRK_DETAILS_EXCEED_TOTAL)},
        {1, {0}, 0, QUIRK_BIT(QUIRK_FAILURES_WITHOUT_DETAILS)},
        {0, {0}, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report r = sample(MIDNIGHT, MIDNIGHT + DAY_S - 1);

        policies[0].failed_sessions = cases[i].total;
        policies[0].detail_count = cases[i].details;
        details[0].failed_sessions = cases[i].detail[0];
        details[1].failed_sessions = cases[i].detail[1];
        assert_true(check_report(&r, NOON + DAY_S, 0, NULL));
        assert_true(r.quirks == cases[i].quirks);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_the_window),
        cmocka_unit_test(bounds_what_becomes_a_key),
        cmocka_unit_test(wants_a_policy),
        cmocka_unit_test(notes_the_window),
        cmocka_unit_test(notes_counts_that_disagree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
