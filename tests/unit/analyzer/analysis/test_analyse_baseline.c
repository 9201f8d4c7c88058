#include "analyzer/analysis/analyse_baseline.h"

#include "story.h"

#include <math.h>

static const struct {
    int64_t n, k;
    double p, tail; /* from the exact sums */
} tails[] = {
    {10, 0, .5, 1},
    {10, 1, .5, .9990234375},
    {10, 10, .5, .0009765625},
    {10, 11, .5, 0},
    {10, 3, 0, 0},
    {10, 3, 1, 1},
    {100, 5, .01, .00343232},
    {5000, 20, .001, 3.37881e-7},
    {1000000000, 1, 1e-9, .6321206},
};

static void
test_tail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        double tail = baseline_tail(tails[i].n, tails[i].k, tails[i].p);

        if (fabs(tail - tails[i].tail) > .01 * tails[i].tail + 1e-9)
            fail_msg("P(X >= %lld) is %.9f", (long long)tails[i].k, tail);
    }
}

static void
test_wilson(void **state)
{
    (void)state;
    assert_true(fabs(baseline_upper(2704, 0, 1.645) - .001) < 1e-5);
    assert_true(fabs(baseline_upper(100, 50, 1.96) - .5962) < 1e-3);
    assert_true(fabs(baseline_lower(100, 50, 1.96) - .4038) < 1e-3);
    assert_true(baseline_upper(0, 0, 1.645) >= 1 && baseline_lower(0, 0, 1.645) <= 0);
    assert_true(baseline_upper(5, 9, 1.645) <= 1 && baseline_lower(5, 9, 1.645) <= 1);
}

/* The past leaves out the latest days, and those that are marked. */
static void
test_past(void **state)
{
    static const struct story story = {
        STORY_CROWD,
        {{"certificate-expired", "a.test", NULL, 30, 33, 500, 1, 4, 1, 0, 0, NULL}},
        false,
        NULL};
    uint8_t skip[FACTS_DAYS] = {0};
    struct facts f;
    struct grid g;
    struct grid_kind k;
    struct err e = {0};
    struct baseline b;
    size_t big;

    (void)state;
    story_tell(&f, &story);
    for (name n = 1; n < f.name_count; n++)
        if (!strcmp(facts_text(&f, n), "a.test"))
            assert_true(grid_init(&g, &f, n, &e));
    assert_true(grid_next_kind(&g, g.first_miss, &k, &e));
    for (big = 0; strcmp(facts_text(&f, g.senders[big]), "big.example") != 0;)
        big++;
    b = baseline_of(&g, &k, big, STORY_FIRST + 33, skip);
    assert_int_equal(b.days, BASELINE_DAYS);
    assert_int_equal(b.failed, 0);
    b = baseline_of(&g, &k, big, STORY_FIRST + 40, skip);
    assert_int_equal(b.failed, 4 * 2500);
    memset(skip + STORY_FIRST + 30, 1, 4);
    b = baseline_of(&g, &k, big, STORY_FIRST + 40, skip);
    assert_int_equal(b.failed, 0);
    assert_true(b.rate < .001);
    b = baseline_of(&g, &k, big, STORY_FIRST, skip);
    assert_int_equal(b.days, 0);
    grid_kind_clear(&k);
    grid_clear(&g);
    facts_clear(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tail),
        cmocka_unit_test(test_wilson),
        cmocka_unit_test(test_past),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
