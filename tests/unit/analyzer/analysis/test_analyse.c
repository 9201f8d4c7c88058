/* The whole analysis on stories: who is at fault, since when, and when to keep quiet. */
#include "story.h"

#include "analyzer/analysis/analyse_regression.h"
#include "analyzer/analysis/analyse_triage.h"
#include "analyzer/analysis/grid.h"
#include "analyzer/analysis/spots.h"

static const struct {
    const char *name;
    struct story story;
    const char *kind; /* of the one alarm; NULL: silence */
    const char *verdict;
    int first, last;
    bool open;
    size_t domains;
} cases[] = {
    {"nothing", {STORY_CROWD, {{0}}, false, NULL}, NULL, NULL, 0, 0, false, 0},
    {"everybody, all addresses",
     {STORY_CROWD,
      {{"certificate-expired", "a.test", NULL, 20, 24, 950, 1, 4, 1, 0, 0, NULL},
       {"certificate-expired", "b.test", NULL, 20, 24, 950, 1, 4, 1, 0, 0, NULL}},
      false,
      NULL},
     "certificate-expired",
     "ours",
     20,
     24,
     false,
     2},
    {"everybody, one address",
     {STORY_CROWD,
      {{"certificate-expired", "a.test", NULL, 20, 41, 240, 3, 1, 1, 0, 0, NULL}},
      false,
      NULL},
     "certificate-expired",
     "node",
     20,
     41,
     true,
     1},
    {"a rate that is small, for everybody",
     {STORY_CROWD,
      {{"validation-failure", "a.test", NULL, 25, 41, 25, 1, 4, 1, 0, 0, NULL}},
      false,
      NULL},
     "validation-failure",
     "ours",
     25,
     41,
     true,
     1},
    {"one sender, everywhere",
     {STORY_CROWD,
      {{"sts-policy-fetch-error", NULL, "mid.example", 20, 25, 500, 0, 0, 1, 0, 0, NULL}},
      false,
      NULL},
     "sts-policy-fetch-error",
     "sender",
     20,
     25,
     false,
     3},
    {"one network of one sender",
     {STORY_CROWD,
      {{"validation-failure", NULL, "big.example", 0, 41, 1, 1, 4, 1, 0, 0, NULL},
       {"starttls-not-supported", "a.test", "big.example", 20, 23, 33, 1, 4, 2, 1, 0,
        NULL}},
      false,
      NULL},
     "starttls-not-supported",
     "path",
     20,
     23,
     false,
     1},
    {"an address that is not ours",
     {STORY_CROWD,
      {{"certificate-not-trusted", "a.test", "big.example", 30, 30, 5, 99, 1, 1, 0, 0,
        NULL}},
      false,
      NULL},
     "certificate-not-trusted",
     "path",
     30,
     30,
     false,
     1},
    {"broken from the start",
     {STORY_CROWD,
      {{"certificate-host-mismatch", "c.test", NULL, 0, 41, 950, 1, 4, 1, 0, 0, NULL}},
      false,
      NULL},
     "certificate-host-mismatch",
     "ours",
     0,
     41,
     true,
     1},
    {"a small sender that never trusted us",
     {STORY_CROWD,
      {{"certificate-not-trusted", NULL, "small.example", 0, 41, 1000, 1, 4, 1, 0, 0,
        NULL}},
      false,
      NULL},
     NULL,
     NULL,
     0,
     0,
     false,
     0},
    {"a steady rate that is not new",
     {STORY_CROWD,
      {{"starttls-not-supported", NULL, "big.example", 0, 41, 3, 1, 4, 1, 0, 0, NULL}},
      false,
      NULL},
     NULL,
     NULL,
     0,
     0,
     false,
     0},
    {"a bad day of one sender at one address",
     {STORY_CROWD,
      {{"validation-failure", "a.test", "big.example", 25, 25, 40, 2, 1, 1, 0, 0, NULL}},
      false,
      NULL},
     NULL,
     NULL,
     0,
     0,
     false,
     0},
    {"a bad hour for everybody",
     {STORY_CROWD,
      {{"starttls-not-supported", NULL, NULL, 25, 25, 42, 1, 4, 1, 0, 0, NULL}},
      false,
      NULL},
     NULL,
     NULL,
     0,
     0,
     false,
     0},
    {"it comes back within days",
     {STORY_CROWD,
      {{"certificate-expired", "c.test", NULL, 15, 16, 900, 1, 4, 1, 0, 0, NULL},
       {"certificate-expired", "c.test", NULL, 22, 24, 900, 1, 4, 1, 0, 0, NULL}},
      false,
      NULL},
     "certificate-expired",
     "ours",
     15,
     24,
     false,
     1},
    {"nothing is declared",
     {STORY_CROWD,
      {{"certificate-expired", "a.test", NULL, 20, 41, 950, 1, 4, 1, 0, 0, NULL}},
      true,
      NULL},
     "certificate-expired",
     "ours",
     20,
     41,
     true,
     1},
};

static size_t
alarms(const struct analysis *a)
{
    size_t count = 0;

    for (size_t i = 0; i < a->count; i++)
        count += a->rows[i].severity > SEVERITY_INFO;
    return count;
}

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct facts f;
        struct analysis a;
        struct err e = {0};
        const struct finding *x;

        print_message("%s\n", cases[i].name);
        story_tell(&f, &cases[i].story);
        assert_true(analyse(&f, &a, &e));
        assert_int_equal(alarms(&a), cases[i].kind != NULL);
        if (cases[i].kind) {
            x = story_alarm(&a, cases[i].kind);
            assert_non_null(x);
            assert_string_equal(fault_text(x->verdict), cases[i].verdict);
            assert_int_equal(x->first - STORY_FIRST, cases[i].first);
            assert_int_equal(x->last - STORY_FIRST, cases[i].last);
            assert_int_equal(x->open, cases[i].open);
            assert_int_equal(x->domains.count, cases[i].domains);
            assert_true(x->failed > 0 && x->sessions >= x->failed);
            assert_true(x->refused >= 0 && x->refused <= x->failed);
            assert_true(x->confidence > 0 && x->confidence <= 1);
            assert_non_null(x->summary);
            assert_non_null(x->advice);
        }
        analyse_clear(&a);
        facts_clear(&f);
    }
}

/* An older episode, fourteen clean days apart, keeps its day in its name. */
static void
test_two_episodes(void **state)
{
    static const struct story story = {
        STORY_CROWD,
        {{"certificate-expired", "c.test", NULL, 10, 12, 900, 1, 4, 1, 0, 0, NULL},
         {"certificate-expired", "c.test", NULL, 33, 41, 900, 1, 4, 1, 0, 0, NULL}},
        false,
        NULL};
    struct facts f;
    struct analysis a;
    struct err e = {0};

    (void)state;
    story_tell(&f, &story);
    assert_true(analyse(&f, &a, &e));
    assert_int_equal(alarms(&a), 2);
    assert_memory_equal(a.rows[0].id, a.rows[1].id, 16);
    assert_int_equal(strlen(a.rows[0].id), 16);
    assert_int_equal(strlen(a.rows[1].id), 16 + strlen("-2024-10-04"));
    assert_true(finding_is_alarm(&a.rows[0]) && !finding_is_alarm(&a.rows[1]));
    analyse_clear(&a);
    facts_clear(&f);
}

static void
test_nothing_at_all(void **state)
{
    static const struct story one = {
        {{"big.example", 1, 41, 0, 0, 0}}, {{0}}, true, NULL};
    struct facts f;
    struct analysis a;
    struct err e = {0};

    (void)state;
    facts_init(&f, 0);
    assert_true(facts_finish(&f, &e));
    assert_true(analyse(&f, &a, &e));
    assert_int_equal(a.count, 0);
    analyse_clear(&a);
    facts_clear(&f);
    story_tell(&f, &one);
    assert_true(analyse(&f, &a, &e));
    assert_int_equal(a.count, 0);
    analyse_clear(&a);
    facts_clear(&f);
}

/* An id is that of kind, scope and subject, each by itself, and does not change. */
static void
test_id(void **state)
{
    struct analysis a = {0};
    struct facts f;
    const struct finding *same, *again, *other;
    struct err e = {0};

    (void)state;
    facts_init(&f, INT64_C(20000) * 86400);
    (void)finding_add(&a, &f, "expired", "everybody", facts_name(&f, "a.test"), &e);
    (void)finding_add(&a, &f, "expired", "everybody", facts_name(&f, "a.test"), &e);
    (void)finding_add(&a, &f, "expired", "everybodya", facts_name(&f, ".test"), &e);
    assert_int_equal(a.count, 3);
    same = &a.rows[0];
    again = &a.rows[1];
    other = &a.rows[2];
    assert_string_equal(same->id, again->id);
    assert_int_equal(strspn(same->id, "0123456789abcdef"), 16);
    assert_string_not_equal(same->id, other->id);
    analyse_clear(&a);
    facts_clear(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_id),
        cmocka_unit_test(test_two_episodes),
        cmocka_unit_test(test_nothing_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
