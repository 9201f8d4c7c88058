#include "analyzer/pages/trend_marks.h"

#include "../analysis/story.h"

#include <stdint.h>

static const struct story y = {
    .senders = {{"big.example", 3000, 0, 0, 0, 0},
                {"mid.example", 1000, 0, 0, 0, 0},
                {"new.example", 500, 20, 0, 0, 0}},
    .faults = {{.kind = "certificate-expired",
                .domain = "a.test",
                .first = 20,
                .last = 23,
                .per_mille = 900,
                .place = 1,
                .places = 4},
               {.kind = "starttls-not-supported",
                .domain = "c.test",
                .first = 39,
                .last = 41,
                .per_mille = 900,
                .place = 1,
                .places = 4}},
    .undeclared = true,
};

static void
see(struct facts *f, const char *domain, const char *sender, int day, const char *policy)
{
    struct seen seen = {.domain = facts_name(f, domain),
                        .sender = facts_name(f, sender),
                        .policy = facts_name(f, policy),
                        .type = POLICY_STS,
                        .days = 1};

    facts_add_seen(f, f->first_day + STORY_FIRST + day, f->first_day + STORY_FIRST + day,
                   &seen);
}

static void
declare(struct facts *f, const char *domain, int day, const char *policy)
{
    facts_add_policy(f, facts_add_declared(f, domain), f->first_day + STORY_FIRST + day,
                     policy);
}

/* Facts of the story, with policies; of the last 30 days of it and the two after. */
static void
marks_of(struct facts *f, struct analysis *a, const char *domain, const char *sender,
         struct trend_marks *t)
{
    struct err e = {0};
    int32_t last;

    story_load(f, &y);
    see(f, "a.test", "big.example", 25, "mode: testing");
    see(f, "a.test", "mid.example", 27, "mode: testing");
    see(f, "a.test", "mid.example", 30, "mode: none");
    see(f, "b.test", "mid.example", 1, "mode: none");
    declare(f, "a.test", 0, "mode: enforce");
    declare(f, "a.test", 25, "mode: testing");
    assert_true(facts_finish(f, &e));
    assert_true(analyse(f, a, &e));
    last = f->first_day + f->today;
    trend_marks_find(t, f, a, &(struct trend_asked){domain, sender, last - 31, last});
}

static int
day_of(const struct facts *f, int32_t day)
{
    return day - f->first_day - STORY_FIRST;
}

static void
test_all(void **state)
{
    struct facts f;
    struct analysis a = {0};
    struct trend_marks t;

    (void)state;
    marks_of(&f, &a, NULL, NULL, &t);
    assert_int_equal(t.incident_count, 2);
    assert_string_equal(t.incidents[0].finding->kind, "certificate-expired");
    assert_int_equal(day_of(&f, t.incidents[0].first), 20);
    assert_int_equal(day_of(&f, t.incidents[0].last), 23);
    assert_string_equal(t.incidents[1].label, "2");
    assert_int_equal(t.incidents[1].last, f.first_day + f.today); /* open */

    /* declared and first seen on day 25, seen by two until now; by one on day 30. What a
     * new sender saw first, and what lies before the days, is no change. */
    assert_int_equal(t.change_count, 3);
    assert_int_equal(t.changes[0].senders, 0);
    assert_string_equal(t.changes[0].policy, "mode: testing");
    assert_int_equal(t.changes[1].senders, 2);
    assert_int_equal(day_of(&f, t.changes[1].day), 25);
    assert_int_equal(t.changes[2].senders, 1);
    assert_int_equal(t.changes[2].letter, 'c');
    assert_int_equal(t.mark_count, 4);
    assert_string_equal(t.marks[1].label, "a-b");
    assert_string_equal(t.marks[2].label, "c");
    analyse_clear(&a);
    facts_clear(&f);
}

static void
test_one_domain(void **state)
{
    struct facts f;
    struct analysis a = {0};
    struct trend_marks t;

    (void)state;
    marks_of(&f, &a, "c.test", NULL, &t);
    assert_int_equal(t.incident_count, 1);
    assert_string_equal(t.incidents[0].finding->kind, "starttls-not-supported");
    assert_int_equal(t.change_count, 0);
    analyse_clear(&a);
    facts_clear(&f);
}

/* What was declared stays; of what was seen, what this one saw. */
static void
test_one_sender(void **state)
{
    struct facts f;
    struct analysis a = {0};
    struct trend_marks t;

    (void)state;
    marks_of(&f, &a, NULL, "big.example", &t);
    assert_int_equal(t.change_count, 2);
    assert_int_equal(t.changes[1].senders, 1);
    assert_int_equal(day_of(&f, t.changes[1].day), 25);
    analyse_clear(&a);
    facts_clear(&f);
    marks_of(&f, &a, NULL, "nobody.example", &t);
    assert_int_equal(t.incident_count, 0);
    analyse_clear(&a);
    facts_clear(&f);
}

/* Many changes: those that most senders saw stay. */
static void
test_many(void **state)
{
    struct facts f;
    struct analysis a = {0};
    struct trend_marks t;
    struct err e = {0};
    char sender[32], policy[32];
    int most = 0;

    (void)state;
    facts_init(&f, 20000LL * 86400);
    for (int i = 0; i < 40; i++) {
        for (int k = 0; k <= i / 10; k++) {
            (void)snprintf(sender, sizeof sender, "s%d-%d.example", i, k);
            (void)snprintf(policy, sizeof policy, "mode: %d", i);
            see(&f, "a.test", sender, 0, "mode: none");
            see(&f, "a.test", sender, 5, policy);
        }
    }
    assert_true(facts_finish(&f, &e));
    trend_marks_find(
        &t, &f, &a,
        &(struct trend_asked){NULL, NULL, f.first_day, f.first_day + f.today});
    assert_int_equal(t.change_count, TREND_CHANGES);
    for (size_t i = 0; i < t.change_count; i++)
        most += t.changes[i].senders >= 3;
    assert_int_equal(most, TREND_CHANGES);
    assert_int_equal(t.mark_count, 1);
    assert_string_equal(t.marks[0].label, "a-t");
    facts_clear(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_one_domain),
        cmocka_unit_test(test_one_sender),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
