#include "analyzer/analysis/analyse_onset.h"

#include "story.h"

/* The share that failed on the first day says when in the day it began. */
static const struct {
    const char *name;
    int first_per_mille;      /* on the first day; 900 after it */
    int earliest_h, latest_h; /* hours after midnight that the interval lies within */
} cases[] = {
    {"at midnight", 900, -24, 4},
    {"at noon", 450, 10, 14},
    {"late in the evening", 90, 20, 24},
};

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct story story = {
            STORY_CROWD,
            {{"certificate-expired", "c.test", NULL, 20, 20, cases[i].first_per_mille, 1,
              4, 1, 0, 0, NULL},
             {"certificate-expired", "c.test", NULL, 21, 41, 900, 1, 4, 1, 0, 0, NULL}},
            false,
            NULL};
        struct facts f;
        struct analysis a;
        struct err e = {0};
        const struct finding *x;
        int64_t midnight;

        print_message("%s\n", cases[i].name);
        story_tell(&f, &story);
        assert_true(analyse(&f, &a, &e));
        x = story_alarm(&a, "certificate-expired");
        assert_non_null(x);
        midnight = ((int64_t)f.first_day + STORY_FIRST + 20) * 86400;
        assert_int_equal(x->first, STORY_FIRST + 20);
        assert_true(x->onset_earliest <= x->onset_latest);
        assert_true(x->onset_earliest >= midnight + cases[i].earliest_h * 3600);
        assert_true(x->onset_latest <= midnight + cases[i].latest_h * 3600);
        analyse_clear(&a);
        facts_clear(&f);
    }
}

/* Open until two clean days, and never when it lies too far back. */
static const struct {
    int last;
    int reports_until; /* of all senders */
    bool open;
} ends[] = {
    {41, 41, true}, {40, 41, true}, {39, 41, false}, {30, 41, false}, {20, 20, false}};

static void
test_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct story story = {STORY_CROWD,
                              {{"certificate-expired", "c.test", NULL, 15, ends[i].last,
                                900, 1, 4, 1, 0, 0, NULL}},
                              false,
                              NULL};
        struct facts f;
        struct analysis a;
        struct err e = {0};
        const struct finding *x;

        for (size_t s = 0; s < STORY_SENDERS; s++)
            story.senders[s].last = ends[i].reports_until;
        story_tell(&f, &story);
        assert_true(analyse(&f, &a, &e));
        x = story_alarm(&a, "certificate-expired");
        assert_non_null(x);
        assert_int_equal(x->last - STORY_FIRST, ends[i].last);
        assert_int_equal(x->open, ends[i].open);
        analyse_clear(&a);
        facts_clear(&f);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
