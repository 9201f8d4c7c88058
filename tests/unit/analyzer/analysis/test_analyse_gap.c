#include "analyzer/analysis/analyse_gap.h"

#include "analyzer/analysis/diary.h"
#include "story.h"

#define STEADY                                                                           \
    {"big.example", 5000, 0, 0, 0, 0},                                                   \
    {                                                                                    \
        "mid.example", 800, 0, 0, 0, 0                                                   \
    }

static const struct {
    const char *name;
    struct story story;
    const char *kind; /* of the one alarm; NULL: silence */
    int first, last;
    bool open;
} cases[] = {
    {"all report",
     {{STEADY, {"other.example", 600, 0, 0, 0, 0}}, {{0}}, false, NULL},
     NULL,
     0,
     0,
     false},
    {"one stops",
     {{STEADY, {"other.example", 600, 0, 25, 0, 0}}, {{0}}, false, NULL},
     KIND_REPORT_GAP,
     26,
     41,
     true},
    {"one stops for a week",
     {{STEADY, {"other.example", 600, 0, 0, 25, 31}}, {{0}}, false, NULL},
     KIND_REPORT_GAP,
     25,
     31,
     false},
    {"two days are nothing",
     {{STEADY, {"other.example", 600, 0, 0, 25, 26}}, {{0}}, false, NULL},
     NULL,
     0,
     0,
     false},
    {"a sender hardly known",
     {{STEADY, {"other.example", 600, 15, 25, 0, 0}}, {{0}}, false, NULL},
     NULL,
     0,
     0,
     false},
    {"a sender of two messages a day",
     {{STEADY, {"other.example", 2, 0, 25, 0, 0}}, {{0}}, false, NULL},
     NULL,
     0,
     0,
     false},
    {"a sender under a new name",
     {{STEADY,
       {"other.example", 600, 0, 25, 0, 0},
       {"another.example", 650, 26, 0, 0, 0}},
      {{0}},
      false,
      NULL},
     NULL,
     0,
     0,
     false},
    {"all stop",
     {{{"big.example", 5000, 0, 30, 0, 0},
       {"mid.example", 800, 0, 30, 0, 0},
       {"other.example", 600, 0, 30, 0, 0}},
      {{0}},
      false,
      NULL},
     KIND_INTAKE_SILENT,
     31,
     41,
     true},
    {"all stop for three days",
     {{{"big.example", 5000, 0, 0, 30, 32},
       {"mid.example", 800, 0, 0, 30, 32},
       {"other.example", 600, 0, 0, 30, 32}},
      {{0}},
      false,
      NULL},
     KIND_INTAKE_SILENT,
     30,
     32,
     false},
};

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct facts f;
        struct analysis a;
        struct err e = {0};
        size_t alarms = 0;

        print_message("%s\n", cases[i].name);
        story_tell(&f, &cases[i].story);
        assert_true(analyse(&f, &a, &e));
        for (size_t k = 0; k < a.count; k++)
            alarms += a.rows[k].severity > SEVERITY_INFO;
        assert_int_equal(alarms, cases[i].kind != NULL);
        if (cases[i].kind) {
            const struct finding *x = story_alarm(&a, cases[i].kind);

            assert_non_null(x);
            assert_int_equal(x->first - STORY_FIRST, cases[i].first);
            assert_int_equal(x->last - STORY_FIRST, cases[i].last);
            assert_int_equal(x->open, cases[i].open);
            assert_int_equal(x->domains.count, 3);
        }
        analyse_clear(&a);
        facts_clear(&f);
    }
}

static void
test_diary(void **state)
{
    static const struct story story = {
        {STEADY, {"other.example", 600, 5, 25, 0, 0}}, {{0}}, false, NULL};
    struct facts f;
    struct diaries l = {0};
    struct err e = {0};
    uint8_t *nobody;

    (void)state;
    story_tell(&f, &story);
    nobody = test_calloc(f.name_count, 1);
    assert_true(diary_write(&f, nobody, &l, &e));
    assert_int_equal(l.count, 3);
    for (size_t i = 0; i < l.count; i++) {
        const struct diary *d = &l.rows[i];

        assert_int_equal(d->usual_lag_h, STORY_LAG_H);
        if (strcmp(facts_text(&f, d->sender), "other.example") != 0)
            continue;
        assert_int_equal(d->reported, 21);
        assert_true(diary_per_day(d) > 1799 && diary_per_day(d) < 1801);
        assert_int_equal(d->state[STORY_FIRST + 5], DAY_ON_TIME);
        assert_int_equal(d->state[STORY_FIRST + 26], DAY_MISSED);
        assert_int_equal(d->state[STORY_FIRST + 4], DAY_NONE);
    }
    test_free(nobody);
    diary_clear(&l);
    facts_clear(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_diary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
