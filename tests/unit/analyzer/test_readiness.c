#include "analyzer/readiness.h"

#include "analysis/story.h"

static const struct {
    const char *name;
    struct story story;
    bool go;
    int unmet; /* the clause that is not met; CLAUSES: none */
    int days_left;
} cases[] = {
    {"all is well", {STORY_CROWD, {{0}}, false, NULL}, true, CLAUSES, 0},
    {"one sender",
     {{{"big.example", 5000, 0, 0, 0, 0}}, {{0}}, false, NULL},
     false,
     CLAUSE_SENDERS,
     READINESS_NEVER},
    {"four days",
     {{{"big.example", 5000, 38, 0, 0, 0},
       {"mid.example", 800, 38, 0, 0, 0},
       {"other.example", 500, 38, 0, 0, 0}},
      {{0}},
      false,
      NULL},
     false,
     CLAUSE_DAYS,
     10},
    {"little mail",
     {{{"big.example", 10, 0, 0, 0, 0},
       {"mid.example", 10, 0, 0, 0, 0},
       {"other.example", 10, 0, 0, 0, 0}},
      {{0}},
      false,
      NULL},
     false,
     CLAUSE_SESSIONS,
     58}, /* 42 days of 30 sessions are seen, 3000 needed */
    {"a failure in five hundred that is not news",
     {STORY_CROWD,
      {{"validation-failure", NULL, NULL, 0, 41, 2, 1, 4, 1, 0, 0, NULL}},
      false,
      NULL},
     false,
     CLAUSE_FAILURES,
     7},
    {"a policy that could not be fetched blocks nothing",
     {STORY_CROWD,
      {{"sts-policy-fetch-error", NULL, NULL, 0, 41, 2, 0, 0, 1, 0, 0, NULL}},
      false,
      NULL},
     true,
     CLAUSES,
     0},
    {"a host that is not covered",
     {STORY_CROWD, {{0}}, false, "mode: testing\nmx: other.example\nmax_age: 1"},
     false,
     CLAUSE_COVERED,
     READINESS_NEVER},
};

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct facts f;
        struct analysis a;
        struct readiness r;
        struct err e = {0};

        print_message("%s\n", cases[i].name);
        story_tell(&f, &cases[i].story);
        assert_true(analyse(&f, &a, &e));
        assert_true(readiness_judge(&f, &a, f.tallies[0].domain, false, &r, &e));
        assert_int_equal(r.go, cases[i].go);
        if (cases[i].unmet < CLAUSES) {
            assert_false(r.clauses[cases[i].unmet].met);
            if (cases[i].unmet != CLAUSE_FAILURES)
                assert_int_equal(r.clauses[cases[i].unmet].days_left, cases[i].days_left);
            else
                assert_in_range(r.clauses[cases[i].unmet].days_left, 1, READINESS_DAYS);
        }
        assert_false(readiness_asks_dane(&f, f.tallies[0].domain));
        assert_int_equal(readiness_enforces(&f, f.tallies[0].domain),
                         cases[i].story.policy == NULL); /* STORY_POLICY does */
        analyse_clear(&a);
        facts_clear(&f);
    }
}

/* Where nothing is declared, what senders saw last tells. */
static void
test_enforces_as_seen(void **state)
{
    const struct story story = {STORY_CROWD, {{0}}, true, NULL};
    struct facts f;

    (void)state;
    story_tell(&f, &story);
    assert_true(readiness_enforces(&f, f.tallies[0].domain));
    for (size_t i = 0; i < f.seen_count; i++)
        f.seen[i].type = POLICY_TLSA;
    assert_false(readiness_enforces(&f, f.tallies[0].domain));
    facts_clear(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_enforces_as_seen)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
