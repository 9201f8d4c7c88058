#include "analyzer/analysis/analyse_drift.h"

#include "story.h"

#define OLD "mode: testing\nmx: *.example\nmax_age: 604800"
#define NEW "mode: enforce\nmx: *.example\nmax_age: 604800"

enum {
    MAX_SEEN = 6,
    DAYS = 42,
    FIRST = FACTS_DAYS - DAYS - 2
};

struct sight {
    const char *sender, *policy;
    int first, last;
};

static const struct {
    const char *name;
    int changed; /* the day since when NEW is declared; 0: never, -1: nothing is */
    struct sight seen[MAX_SEEN];
    bool alarm;
    const char *verdict;
    int first, last;
    bool open;
} cases[] = {
    {"all as declared",
     0,
     {{"a.example", OLD, 0, 41}, {"b.example", OLD, 0, 41}},
     false,
     NULL,
     0,
     0,
     false},
    {"a declared change, and caches",
     20,
     {{"a.example", OLD, 0, 19},
      {"a.example", NEW, 20, 41},
      {"b.example", OLD, 0, 26},
      {"b.example", NEW, 27, 41}},
     false,
     NULL,
     0,
     0,
     false},
    {"a cache kept for too long",
     20,
     {{"a.example", NEW, 20, 41},
      {"b.example", NEW, 20, 41},
      {"c.example", NEW, 21, 41},
      {"d.example", OLD, 0, 35},
      {"d.example", NEW, 38, 41}},
     true,
     "sender",
     29,
     35,
     false},
    {"a change that nobody declared",
     0,
     {{"a.example", OLD, 0, 19},
      {"a.example", NEW, 20, 41},
      {"b.example", OLD, 0, 24},
      {"b.example", NEW, 25, 41}},
     true,
     "ours",
     20,
     41,
     true},
    {"a policy that one sender alone sees",
     0,
     {{"a.example", OLD, 0, 41},
      {"b.example", OLD, 0, 41},
      {"c.example", OLD, 0, 41},
      {"d.example", OLD, 0, 29},
      {"d.example", NEW, 30, 41}},
     true,
     "sender",
     30,
     41,
     true},
    {"for a day",
     0,
     {{"a.example", OLD, 0, 41}, {"b.example", NEW, 30, 30}},
     false,
     NULL,
     0,
     0,
     false},
};

static void
tell(struct facts *f, size_t at)
{
    struct declared *d;
    struct err e = {0};

    facts_init(f, INT64_C(20000) * 86400 + 82800);
    d = cases[at].changed < 0 ? NULL : facts_add_declared(f, "a.test");
    facts_add_policy(f, d, f->first_day, OLD);
    if (cases[at].changed)
        facts_add_policy(f, d, f->first_day + FIRST + cases[at].changed, NEW);
    for (const struct sight *s = cases[at].seen;
         s < cases[at].seen + MAX_SEEN && s->sender; s++) {
        struct seen row = {.domain = facts_name(f, "a.test"),
                           .sender = facts_name(f, s->sender),
                           .policy = facts_name(f, s->policy),
                           .type = POLICY_STS,
                           .days = s->last - s->first + 1};

        facts_add_seen(f, f->first_day + FIRST + s->first, f->first_day + FIRST + s->last,
                       &row);
        for (int day = s->first; day <= s->last; day++) {
            struct tally t = {.domain = row.domain,
                              .sender = row.sender,
                              .type = POLICY_STS,
                              .lag_h = 12,
                              .sessions = 100};

            facts_add_tally(f, f->first_day + FIRST + day, &t);
        }
    }
    assert_true(facts_finish(f, &e));
}

static void
test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct facts f;
        struct analysis a = {0};
        struct err e = {0};
        const struct finding *x;

        print_message("%s\n", cases[i].name);
        tell(&f, i);
        assert_true(analyse(&f, &a, &e));
        x = story_alarm(&a, KIND_POLICY_DRIFT);
        assert_int_equal(x != NULL, cases[i].alarm);
        if (x) {
            assert_string_equal(fault_text(x->verdict), cases[i].verdict);
            assert_int_equal(x->first - FIRST, cases[i].first);
            assert_int_equal(x->last - FIRST, cases[i].last);
            assert_int_equal(x->open, cases[i].open);
        }
        analyse_clear(&a);
        facts_clear(&f);
    }
}

/* A sender that had MTA-STS finds no policy any more. */
static void
test_lost(void **state)
{
    struct facts f;
    struct analysis a;
    struct err e = {0};
    const struct finding *x;

    (void)state;
    facts_init(&f, INT64_C(20000) * 86400 + 82800);
    facts_add_policy(&f, facts_add_declared(&f, "a.test"), f.first_day, NEW);
    for (int day = 0; day < DAYS; day++)
        for (int s = 0; s < 3; s++) {
            static const char *const senders[] = {"a.example", "b.example", "c.example"};
            struct tally t = {.domain = facts_name(&f, "a.test"),
                              .sender = facts_name(&f, senders[s]),
                              .type = day < 30 ? POLICY_STS : POLICY_NONE,
                              .lag_h = 12,
                              .sessions = 100};

            facts_add_tally(&f, f.first_day + FIRST + day, &t);
        }
    assert_true(facts_finish(&f, &e));
    assert_true(analyse(&f, &a, &e));
    x = story_alarm(&a, KIND_POLICY_DRIFT);
    assert_non_null(x);
    assert_int_equal(x->first - FIRST, 30);
    assert_int_equal(x->senders.count, 3);
    assert_int_equal(x->verdict, VERDICT_OURS);
    assert_true(x->open);
    analyse_clear(&a);
    facts_clear(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
