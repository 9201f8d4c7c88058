#include "analyzer/analyse_mx.h"

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

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
