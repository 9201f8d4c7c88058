/* What is known and explained is told as information, not as an alarm. */
#include "analyzer/analysis/analyse_loop.h"

#include "analyzer/analysis/analyse_newcomer.h"
#include "story.h"

#define BUSY                                                                             \
    {"big.example", 5000, 0, 0, 0, 0}, {"mid.example", 800, 0, 0, 0, 0},                 \
    {                                                                                    \
        "other.example", 600, 0, 0, 0, 0                                                 \
    }

static const struct {
    const char *name;
    struct story story;
    const char *kind; /* of a finding; NULL: no finding at all */
    bool alarm;       /* is it one? */
} cases[] = {
    {"nothing", {{BUSY}, {{0}}, false, NULL}, NULL, false},
    {"a report about itself",
     {{BUSY, {"loop.example", 1, 0, 0, 0, 0}}, {{0}}, false, NULL},
     KIND_REPORT_LOOP,
     false},
    {"that comes to fail",
     {{BUSY, {"loop.example", 1, 0, 0, 0, 0}},
      {{"certificate-expired", NULL, "loop.example", 20, 41, 1000, 1, 1, 1, 0, 0, NULL}},
      false,
      NULL},
     "certificate-expired",
     true},
    {"that has begun to",
     {{BUSY, {"loop.example", 1, 0, 0, 0, 0}},
      {{"certificate-expired", NULL, "loop.example", 41, 41, 1000, 1, 1, 1, 0, 0, NULL}},
      false,
      NULL},
     NULL,
     false},
    {"a sender that never trusted us",
     {{BUSY, {"small.example", 20, 0, 0, 0, 0}},
      {{"certificate-not-trusted", NULL, "small.example", 0, 41, 1000, 1, 4, 1, 0, 0,
        NULL}},
      false,
      NULL},
     "certificate-not-trusted",
     false},
    {"a stranger with a billion sessions",
     {{BUSY, {"stranger.example", 1000000000, 30, 35, 0, 0}},
      {{"certificate-expired", NULL, "stranger.example", 30, 35, 1000, 0, 0, 1, 0, 0,
        NULL}},
      false,
      NULL},
     KIND_NEWCOMER,
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
        bool found = false;

        print_message("%s\n", cases[i].name);
        story_tell(&f, &cases[i].story);
        assert_true(analyse(&f, &a, &e));
        for (size_t k = 0; k < a.count; k++) {
            assert_int_equal(finding_is_alarm(&a.rows[k]), cases[i].alarm);
            assert_non_null(cases[i].kind);
            assert_string_equal(a.rows[k].kind, cases[i].kind);
            found = true;
        }
        assert_int_equal(found, cases[i].kind != NULL);
        analyse_clear(&a);
        facts_clear(&f);
    }
}

/* What unverified reports say is told as what it is, and changes nothing else. */
static void
test_claims(void **state)
{
    static const struct story story = {{BUSY}, {{0}}, false, NULL};
    struct facts f;
    struct analysis a = {0};
    struct err e = {0};
    struct claim c = {.failed = 90000, .sessions = 90000};

    (void)state;
    story_tell(&f, &story);
    for (name n = 1; n < f.name_count; n++)
        if (!strcmp(facts_text(&f, n), "a.test"))
            c.domain = n;
    c.sender = c.kind = c.domain; /* any name will do */
    facts_add_claim(&f, f.first_day + 60, f.first_day + 70, &c);
    assert_true(analyse(&f, &a, &e));
    assert_int_equal(a.count, 1);
    assert_int_equal(a.rows[0].severity, SEVERITY_INFO);
    assert_true(a.rows[0].unverified && !a.rows[0].open);
    assert_int_equal(a.rows[0].first, 60);
    analyse_clear(&a);
    facts_clear(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_claims),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
