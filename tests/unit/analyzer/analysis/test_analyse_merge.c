/* Sightings into incidents. */
#include "analyzer/analysis/analyse_merge.h"

#include "story.h"

enum {
    MAX_ROWS = 8
};

/* Names of the facts below, in byte order. */
enum {
    NOBODY,
    A_TEST,
    B_TEST,
    BIG,
    C_TEST,
    EXPIRED,
    MX1,
    NOT_DESCRIBED,
    FETCH
};

static const struct {
    const char *name;
    struct sighting rows[MAX_ROWS]; /* kind, domain, sender, day, strength, known */
    size_t count;
    size_t incidents;
    int founded, first, last; /* of the first incident */
    size_t domains;
} cases[] = {
    {"one clear day is not enough",
     {{EXPIRED, A_TEST, 0, 20, SIGHTING_CLEAR, 20}},
     1,
     0,
     0,
     0,
     0,
     0},
    {"a second one is",
     {{EXPIRED, A_TEST, 0, 20, SIGHTING_CLEAR, 20},
      {EXPIRED, A_TEST, 0, 22, SIGHTING_CLEAR, 22}},
     2,
     1,
     22,
     20,
     22,
     1},
    {"too far apart",
     {{EXPIRED, A_TEST, 0, 20, SIGHTING_CLEAR, 20},
      {EXPIRED, A_TEST, 0, 27, SIGHTING_CLEAR, 27}},
     2,
     0,
     0,
     0,
     0,
     0},
    {"two domains on one day are one day",
     {{EXPIRED, A_TEST, 0, 20, SIGHTING_CLEAR, 20},
      {EXPIRED, B_TEST, 0, 20, SIGHTING_CLEAR, 20}},
     2,
     0,
     0,
     0,
     0,
     0},
    {"domains that share a host",
     {{EXPIRED, B_TEST, 0, 20, SIGHTING_LARGE, 20},
      {EXPIRED, A_TEST, 0, 21, SIGHTING_LARGE, 21}},
     2,
     1,
     20,
     20,
     21,
     2},
    {"domains that do not, at another time",
     {{EXPIRED, A_TEST, 0, 20, SIGHTING_PLAIN, 20},
      {EXPIRED, C_TEST, 0, 25, SIGHTING_PLAIN, 25}},
     2,
     2,
     20,
     20,
     20,
     1},
    {"domains that do not, on the same day",
     {{EXPIRED, A_TEST, 0, 20, SIGHTING_PLAIN, 20},
      {EXPIRED, C_TEST, 0, 20, SIGHTING_PLAIN, 20}},
     2,
     1,
     20,
     20,
     20,
     2},
    {"policies are each domain's own",
     {{FETCH, A_TEST, 0, 20, SIGHTING_LARGE, 20},
      {FETCH, B_TEST, 0, 25, SIGHTING_LARGE, 25}},
     2,
     2,
     20,
     20,
     20,
     1},
    {"one sender's share of everybody's",
     {{EXPIRED, A_TEST, 0, 20, SIGHTING_LARGE, 20},
      {EXPIRED, A_TEST, BIG, 21, SIGHTING_FOREIGN, 21}},
     2,
     1,
     20,
     20,
     21,
     1},
    {"an address that is not ours, at once",
     {{EXPIRED, A_TEST, BIG, 21, SIGHTING_FOREIGN, 21}},
     1,
     1,
     21,
     21,
     21,
     1},
    {"weak ones need three on two days",
     {{EXPIRED, A_TEST, BIG, 21, SIGHTING_WEAK, 21},
      {EXPIRED, B_TEST, BIG, 21, SIGHTING_WEAK, 21},
      {EXPIRED, A_TEST, BIG, 22, SIGHTING_WEAK, 22}},
     3,
     1,
     22,
     21,
     22,
     2},
    {"thirteen clean days are a pause",
     {{EXPIRED, A_TEST, 0, 20, SIGHTING_LARGE, 20},
      {EXPIRED, A_TEST, 0, 34, SIGHTING_LARGE, 34}},
     2,
     1,
     20,
     20,
     34,
     1},
    {"fourteen are the end",
     {{EXPIRED, A_TEST, 0, 20, SIGHTING_LARGE, 20},
      {EXPIRED, A_TEST, 0, 35, SIGHTING_LARGE, 35}},
     2,
     2,
     20,
     20,
     20,
     1},
};

static void
tell(struct facts *f)
{
    static const char *const names[] = {"a.test",
                                        "b.test",
                                        "big.example",
                                        "c.test",
                                        "certificate-expired",
                                        "mx1.example",
                                        "sts-policy-fetch-error"};
    struct err e = {0};

    facts_init(f, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)facts_name(f, names[i]);
    facts_add_host(f, facts_add_declared(f, "a.test"), "mx1.example");
    facts_add_host(f, facts_add_declared(f, "b.test"), "mx1.example");
    assert_true(facts_finish(f, &e));
}

static void
test_cases(void **state)
{
    struct facts f;

    (void)state;
    tell(&f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sighting rows[MAX_ROWS];
        struct sightings s = {rows, cases[i].count};
        struct incidents out = {0};
        struct err e = {0};

        print_message("%s\n", cases[i].name);
        memcpy(rows, cases[i].rows, sizeof rows);
        assert_true(merge_sightings(&f, &s, &out, &e));
        assert_int_equal(out.count, cases[i].incidents);
        if (out.count) {
            assert_int_equal(out.rows[0].founded, cases[i].founded);
            assert_int_equal(out.rows[0].first, cases[i].first);
            assert_int_equal(out.rows[0].last, cases[i].last);
            assert_int_equal(out.rows[0].domains.count, cases[i].domains);
        }
        merge_clear(&out);
    }
    facts_clear(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
