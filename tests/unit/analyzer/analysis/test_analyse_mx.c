#include "analyzer/analysis/analyse_mx.h"

#include "story.h"

static const struct {
    const char *name;
    struct story story;
    const char *kind, *verdict; /* of the one alarm; NULL: silence */
} cases[] = {
    {"a host that the policy covers",
     {STORY_CROWD,
      {{"certificate-expired", "a.test", NULL, 20, 41, 300, 1, 4, 1, 0, 0,
        "mx7.example"}},
      false,
      NULL},
     "certificate-expired",
     "ours"},
    {"a host that it does not",
     {STORY_CROWD,
      {{"certificate-expired", "a.test", NULL, 20, 41, 300, 1, 4, 1, 0, 0,
        "mx7.backup.test"}},
      false,
      NULL},
     KIND_MX_NOT_COVERED,
     "ours"},
    {"the same, told by the senders' policies alone",
     {STORY_CROWD,
      {{"certificate-expired", "a.test", NULL, 20, 41, 300, 1, 4, 1, 0, 0,
        "mx7.backup.test"}},
      true,
      NULL},
     KIND_MX_NOT_COVERED,
     "ours"},
    {"for two domains",
     {STORY_CROWD,
      {{"certificate-expired", "a.test", NULL, 20, 41, 300, 1, 4, 1, 0, 0,
        "mx7.backup.test"},
       {"certificate-expired", "b.test", NULL, 20, 41, 300, 1, 4, 1, 0, 0,
        "mx7.backup.test"}},
      false,
      NULL},
     KIND_MX_NOT_COVERED,
     "ours"},
    {"one sender led astray is the path's",
     {STORY_CROWD,
      {{"certificate-not-trusted", "a.test", "big.example", 20, 41, 300, 99, 1, 1, 0, 0,
        "mx.evil.test"}},
      false,
      NULL},
     "certificate-not-trusted",
     "path"},
    {"a name that is no host",
     {STORY_CROWD,
      {{"certificate-expired", "a.test", NULL, 20, 41, 300, 1, 4, 1, 0, 0, "unknown"}},
      false,
      NULL},
     "certificate-expired",
     "ours"},
    {"an address for a name",
     {STORY_CROWD,
      {{"certificate-expired", "a.test", NULL, 20, 41, 300, 1, 4, 1, 0, 0, "192.0.2.9"}},
      false,
      NULL},
     "certificate-expired",
     "ours"},
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
        const struct finding *x;

        print_message("%s\n", cases[i].name);
        story_tell(&f, &cases[i].story);
        assert_true(analyse(&f, &a, &e));
        for (size_t k = 0; k < a.count; k++)
            alarms += a.rows[k].severity > SEVERITY_INFO;
        assert_int_equal(alarms, 1);
        x = story_alarm(&a, cases[i].kind);
        assert_non_null(x);
        assert_string_equal(fault_text(x->verdict), cases[i].verdict);
        assert_int_equal(x->first - STORY_FIRST, 20);
        analyse_clear(&a);
        facts_clear(&f);
    }
}

static const struct {
    const char *host;
    bool covered, declared; /* by what is seen, by what is declared */
} hosts[] = {
    {"mx1.example", true, true},  {"MX1.example", true, true},
    {"a.pool.test", true, false}, {"a.b.pool.test", false, false},
    {"pool.test", false, false},  {"xmx1.example", false, true},
    {"mx2.example", true, true},  {"other.net", false, false},
    {".pool.test", false, false}, {"mx1.example.net", false, false},
};

/* Of all policies that senders saw, any may cover; a declared one goes before. */
static void
test_patterns(void **state)
{
    static const char *const policies[] = {
        "mode: enforce\nmx: *.pool.test\nmx: mx1.example\nmax_age: 604800",
        "mode: testing\nmx: *\nmx: mx2.example", "mode: none"};

    (void)state;
    for (int known = 0; known < 3; known++) { /* nothing, seen, declared */
        struct facts f;
        struct mx_patterns p;
        struct err e = {0};

        facts_init(&f, INT64_C(20000) * 86400);
        for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
            (void)facts_name(&f, hosts[i].host);
        for (size_t i = 0; known > 0 && i < 3; i++) {
            struct seen s = {.domain = facts_name(&f, "a.test"),
                             .sender = facts_name(&f, "s.example"),
                             .policy = facts_name(&f, policies[i]),
                             .type = POLICY_STS};

            facts_add_seen(&f, 20000, 20000, &s);
        }
        if (known == 2)
            facts_add_policy(&f, facts_add_declared(&f, "a.test"), f.first_day,
                             STORY_POLICY);
        assert_true(facts_finish(&f, &e));
        assert_true(mx_patterns_init(&p, &f, facts_find(&f, "a.test"), &e));
        for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
            bool wanted = known == 0   ? true
                          : known == 1 ? hosts[i].covered
                                       : hosts[i].declared;

            print_message("%s\n", hosts[i].host);
            assert_int_equal(mx_is_covered(&p, facts_find(&f, hosts[i].host), f.today),
                             wanted);
        }
        mx_patterns_clear(&p);
        facts_clear(&f);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_patterns)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
