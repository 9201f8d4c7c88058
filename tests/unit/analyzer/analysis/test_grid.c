/* One domain as a table of senders and days. */
#include "analyzer/analysis/grid.h"

#include "story.h"

enum {
    MANY = 300
};

static const struct story story = {
    STORY_CROWD,
    {{"certificate-expired", "a.test", "big.example", 30, 33, 500, 1, 4, 1, 0, 0, NULL},
     {"starttls-not-supported", "a.test", NULL, 35, 35, 100, 0, 0, 0, 0, 0, NULL}},
    true,
    NULL};

static void
test_all_senders(void **state)
{
    struct facts f;
    struct grid g;
    struct grid_kind k;
    struct err e = {0};
    size_t big;

    (void)state;
    story_tell(&f, &story);
    assert_true(grid_init(&g, &f, facts_find(&f, "a.test"), &e));
    assert_int_equal(g.sender_count, 5);
    big = grid_sender(&g, facts_find(&f, "big.example"));
    assert_string_equal(facts_text(&f, g.senders[big]), "big.example");
    assert_int_equal(grid_sender(&g, facts_find(&f, "a.test")), g.sender_count);
    assert_true(grid_next_kind(&g, g.first_miss, &k, &e));
    assert_int_equal(grid_failed(&k, big, STORY_FIRST + 30), 2500);
    assert_int_equal(grid_failed(&k, big, STORY_FIRST + 34), 0);
    assert_int_equal(grid_sessions(&g, &k, big, STORY_FIRST + 30), 5000);
    assert_int_equal(grid_places(&g), 4);
    grid_kind_clear(&k);
    grid_clear(&g);
    facts_clear(&f);
}

/* Those asked for, in order, without those that told nothing of the domain. */
static void
test_some_senders(void **state)
{
    static const char *const asked[] = {"a.test", "big.example", "tiny.example"};
    struct facts f;
    struct grid all, some;
    struct grid_kind in_all, in_some;
    struct err e = {0};
    name domain, senders[3];

    (void)state;
    story_tell(&f, &story);
    domain = facts_find(&f, "a.test");
    for (size_t i = 0; i < 3; i++)
        senders[i] = facts_find(&f, asked[i]);
    assert_true(grid_init(&all, &f, domain, &e));
    assert_true(grid_init_some(&some, &f, domain, senders, 3, &e));
    assert_int_equal(some.sender_count, 2);
    assert_int_equal(some.first_miss, all.first_miss);
    for (size_t from = all.first_miss; grid_next_kind(&all, from, &in_all, &e);) {
        from = in_all.end_miss;
        assert_true(grid_find_kind(&some, in_all.kind, &in_some, &e));
        for (size_t s = 0; s < some.sender_count; s++) {
            size_t same = grid_sender(&all, some.senders[s]);

            for (int d = 0; d < FACTS_DAYS; d++) {
                assert_int_equal(grid_failed(&in_some, s, d),
                                 grid_failed(&in_all, same, d));
                assert_int_equal(grid_sessions(&some, &in_some, s, d),
                                 grid_sessions(&all, &in_all, same, d));
            }
        }
        grid_kind_clear(&in_some);
        grid_kind_clear(&in_all);
    }
    grid_clear(&some);
    assert_true(grid_init_some(&some, &f, domain, senders, 1, &e));
    assert_int_equal(some.sender_count, 0);
    grid_clear(&some);
    assert_true(grid_init_some(&some, &f, domain, NULL, 0, &e));
    assert_int_equal(some.sender_count, 0);
    grid_clear(&some);
    grid_clear(&all);
    facts_clear(&f);
}

/* Hosts or addresses, whichever are more, each counted once; declared ones go before. */
static void
test_places(void **state)
{
    (void)state;
    for (int declared = 0; declared < 2; declared++) {
        struct facts f;
        struct grid g = {.f = &f};
        struct err e = {0};

        facts_init(&f, INT64_C(20000) * 86400);
        for (int i = 0; i < 2 * MANY; i++) {
            struct miss m = {.domain = facts_name(&f, "a.test"),
                             .kind = facts_name(&f, "certificate-expired"),
                             .failed = 1};
            char text[64];

            (void)snprintf(text, sizeof text, "mx%d.example", i % MANY);
            m.host = facts_name(&f, text);
            m.ip = facts_name(&f, i % 2 ? "192.0.2.1" : NULL);
            facts_add_miss(&f, 20000, &m);
        }
        if (declared)
            facts_add_address(&f, facts_add_declared(&f, "a.test"), "192.0.2.1");
        assert_true(facts_finish(&f, &e));
        g.domain = facts_find(&f, "a.test");
        assert_int_equal(grid_places(&g), declared ? 1 : MANY);
        g.domain = facts_find(&f, "192.0.2.1");
        assert_int_equal(grid_places(&g), 0);
        facts_clear(&f);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_senders),
        cmocka_unit_test(test_some_senders),
        cmocka_unit_test(test_places),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
