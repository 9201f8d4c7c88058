#include "analyzer/analysis/facts.h"

#include "analyzer/analysis/explain.h"
#include "story.h"

/* Names end up in byte order, whatever came first, and rows follow them. */
static void
test_order(void **state)
{
    static const char *const domains[] = {"b.test", "a.test", "B.test"};
    struct facts f;
    struct err e = {0};

    (void)state;
    facts_init(&f, INT64_C(20000) * 86400);
    for (size_t i = 0; i < 3; i++) {
        struct tally t = {.domain = facts_name(&f, domains[i]),
                          .sender = facts_name(&f, "z.example"),
                          .sessions = 5};

        facts_add_tally(&f, f.first_day + 3, &t);
        facts_add_tally(&f, f.first_day + 1, &t);
    }
    assert_true(facts_finish(&f, &e));
    for (size_t i = 1; i < f.tally_count; i++)
        assert_true(f.tallies[i - 1].domain < f.tallies[i].domain ||
                    f.tallies[i - 1].day < f.tallies[i].day);
    assert_string_equal(facts_text(&f, f.tallies[0].domain), "B.test");
    assert_string_equal(facts_text(&f, 0), "");
    assert_int_equal(facts_reported_days(&f, f.tallies[0].sender, 2), 1);
    assert_int_equal(facts_reported_days(&f, f.tallies[0].sender, f.today), 2);
    facts_clear(&f);
}

static const struct {
    int32_t before; /* days before the day of as_of */
    bool kept;
} window[] = {{0, true}, {FACTS_DAYS - 1, true}, {FACTS_DAYS, false}, {-1, false}};

static void
test_window(void **state)
{
    struct facts f;
    struct tally t = {.sessions = 1};
    struct miss m = {.failed = 1}, none = {.failed = 0};

    (void)state;
    for (size_t i = 0; i < sizeof window / sizeof *window; i++) {
        facts_init(&f, INT64_C(20000) * 86400 + 5);
        facts_add_tally(&f, 20000 - window[i].before, &t);
        facts_add_miss(&f, 20000 - window[i].before, &m);
        facts_add_miss(&f, 20000 - window[i].before, &none);
        assert_int_equal(f.tally_count, window[i].kept);
        assert_int_equal(f.miss_count, window[i].kept);
        facts_clear(&f);
    }
}

/* Sums of them stay numbers. */
static void
test_bounds(void **state)
{
    struct facts f;
    struct tally t = {.sessions = INT64_MAX, .failed = INT64_MAX};
    struct miss m = {.failed = INT64_MAX};
    struct claim c = {.sessions = INT64_MAX, .failed = INT64_MAX};

    (void)state;
    facts_init(&f, INT64_C(20000) * 86400);
    facts_add_tally(&f, 20000, &t);
    facts_add_miss(&f, 20000, &m);
    facts_add_claim(&f, 20000, 20000, &c);
    assert_true(f.tallies->sessions == FACTS_MOST && f.tallies->failed == FACTS_MOST);
    assert_true(f.misses->failed == FACTS_MOST);
    assert_true(f.claims->sessions == FACTS_MOST && f.claims->failed == FACTS_MOST);
    facts_clear(&f);
}

static const struct {
    const char *address, *net;
} nets[] = {
    {"192.0.2.77", "192.0.2.0/24"},
    {"2001:db8:1:2::3", "2001:db8:1::/48"},
    {"unknown", ""},
    {NULL, ""},
};

static void
test_nets(void **state)
{
    struct facts f;

    (void)state;
    facts_init(&f, 0);
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        assert_string_equal(facts_text(&f, facts_net(&f, nets[i].address)), nets[i].net);
    facts_clear(&f);
}

static void
test_groups(void **state)
{
    static const struct story story = {STORY_CROWD, {{0}}, false, NULL};
    struct facts f;
    name group[3] = {0};

    (void)state;
    story_tell(&f, &story);
    for (name n = 1; n < f.name_count; n++)
        for (size_t d = 0; d < 3; d++)
            if (!strcmp(facts_text(&f, n), story_domains[d]))
                group[d] = f.group[n];
    assert_int_equal(group[0], group[1]);
    assert_int_not_equal(group[0], group[2]);
    facts_clear(&f);
}

/* Every search by halves, against looking at each row. */
static void
test_searches(void **state)
{
    static const struct story story = {
        STORY_CROWD,
        {{"certificate-expired", "a.test", NULL, 30, 33, 500, 1, 4, 1, 0, 0, NULL},
         {"validation-failure", "a.test", "big.example", 3, 5, 9, 1, 1, 1, 0, 0, NULL}},
        false,
        NULL};
    struct facts f;
    size_t first, end, at;

    (void)state;
    story_tell(&f, &story);
    facts_tallies_of(&f, facts_find(&f, "a.test"), &first, &end);
    assert_true(first < end);
    for (name n = 0; n <= f.name_count; n++) {
        for (at = first; at < end && f.tallies[at].sender < n;)
            at++;
        assert_int_equal(facts_tally_at(&f, first, end, n), at);
    }
    assert_int_equal(facts_tally_at(&f, first, first, 1), first);
    facts_misses_of(&f, facts_find(&f, "a.test"), &first, &end);
    assert_true(first < end);
    for (name kind = 0; kind <= f.name_count; kind++)
        for (name n = 0; n <= f.name_count; n++) {
            for (at = first;
                 at < end && (f.misses[at].kind < kind ||
                              (f.misses[at].kind == kind && f.misses[at].sender < n));)
                at++;
            assert_int_equal(facts_miss_at(&f, first, end, kind, n), at);
        }
    for (name n = 1; n < f.name_count; n++)
        assert_int_equal(facts_find(&f, facts_text(&f, n)), n);
    assert_int_equal(facts_find(&f, "nobody.example"), 0);
    assert_int_equal(facts_find(NULL, "a.test"), 0);
    facts_clear(&f);
}

/* Every word that a finding or a report may use is explained. */
static void
test_explained(void **state)
{
    static const char *const kinds[] = {KIND_MX_NOT_COVERED, KIND_POLICY_DRIFT,
                                        KIND_REPORT_GAP,     KIND_INTAKE_SILENT,
                                        KIND_REPORT_LOOP,    KIND_NEWCOMER};
    static const char *const reasons[] = {"MX_HOSTS_MISMATCH",
                                          "VALIDATION_FAILURE",
                                          "bad https response code: 404",
                                          "bad https response code: 503",
                                          "X509_V_ERR_CERT_HAS_EXPIRED",
                                          "X509_V_ERR_SOMETHING",
                                          "tls-remote-alert-42-bad-certificate",
                                          "tls-local-alert-48",
                                          "io-timeout-during-handshake",
                                          "connection-closed-during-handshake",
                                          "tls-record-header-error",
                                          "no-system-roots",
                                          "not-authorized-to-sign",
                                          "unknown-go-certificate-verification-error"};

    (void)state;
    for (int t = 0; t < RESULT_OTHER; t++)
        assert_non_null(
            explain_find(EXPLAIN_RESULT, result_type_text((enum result_type)t)));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        assert_non_null(explain_find(EXPLAIN_KIND, kinds[i]));
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        assert_non_null(explain_find(EXPLAIN_REASON, reasons[i]));
    assert_null(explain_find(EXPLAIN_REASON, "nothing like it"));
    assert_null(explain_find(EXPLAIN_RESULT, "certificate"));
    assert_string_equal(
        explain_find(EXPLAIN_REASON, "bad https response code: 404")->word,
        "bad https response code: 404");
    for (size_t i = 0; i < explain_count; i++)
        assert_true(*explain_table[i].plain && *explain_table[i].owner &&
                    *explain_table[i].remedy);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),     cmocka_unit_test(test_window),
        cmocka_unit_test(test_bounds),    cmocka_unit_test(test_nets),
        cmocka_unit_test(test_groups),    cmocka_unit_test(test_searches),
        cmocka_unit_test(test_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
