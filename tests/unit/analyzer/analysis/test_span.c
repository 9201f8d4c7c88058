/* Days taken together. */
#include "analyzer/analysis/span.h"

#include "story.h"

enum {
    DAY = FACTS_DAYS - 1
};

static const struct story story = {
    {{"big.example", 5000, 0, 0, 0, 0},
     {"mid.example", 800, 0, 0, 0, 0},
     {"new.example", 800, 33, 0, 0, 0}},
    {{"certificate-expired", "a.test", "big.example", 30, 33, 500, 1, 1, 1, 0, 0, NULL},
     {"certificate-expired", "a.test", "new.example", 33, 33, 500, 2, 2, 1, 0, 0, NULL},
     {"certificate-expired", "b.test", NULL, 30, 41, 900, 1, 1, 1, 0, 0, NULL}},
    false,
    NULL};

static void
test_units(void **state)
{
    struct facts f;
    struct grid g;
    struct grid_kind k;
    struct span s;
    struct err e = {0};
    struct places p;
    struct flow w;
    uint8_t excluded[64] = {0};

    (void)state;
    story_tell(&f, &story);
    assert_true(grid_init(&g, &f, facts_find(&f, "a.test"), &e));
    assert_true(grid_next_kind(&g, g.first_miss, &k, &e));
    assert_true(span_init(&s, &g, &k, excluded, &e));
    span_look(&s, STORY_FIRST + 32, STORY_FIRST + 33);
    assert_int_equal(s.count, 3);
    assert_int_equal(s.elevated, 1); /* new.example has no past to differ from */
    for (size_t i = 0; i < s.count; i++) {
        bool big = s.units[i].sender == facts_find(&f, "big.example");
        bool fresh = s.units[i].sender == facts_find(&f, "new.example");

        assert_int_equal(s.units[i].elevated, big);
        assert_int_equal(s.units[i].established, !fresh);
        assert_int_equal(s.units[i].failed, big ? 5000 : fresh ? 400 : 0);
        assert_int_equal(s.units[i].sessions, big ? 10000 : fresh ? 800 : 1600);
    }
    p = span_places(&s, facts_find(&f, "new.example"));
    assert_int_equal(p.told, 400);
    assert_true(p.share == .5);
    assert_int_equal(p.foreign, 0);
    p = span_places(&s, facts_find(&f, "big.example"));
    assert_string_equal(facts_text(&f, p.top), "192.0.2.1");
    assert_true(p.share == 1);
    w = span_flow_of(&s, grid_sender(&g, facts_find(&f, "big.example")));
    assert_int_equal(w.failed[STORY_FIRST + 30], 2500);
    assert_int_equal(w.failed[STORY_FIRST + 29], 0);
    assert_int_equal(s.all.failed[STORY_FIRST + 33], 2900);
    span_clear(&s);

    excluded[facts_find(&f, "big.example")] = 1;
    assert_true(span_init(&s, &g, &k, excluded, &e));
    span_look(&s, STORY_FIRST + 32, STORY_FIRST + 33);
    assert_int_equal(s.count, 2);
    assert_int_equal(s.all.failed[STORY_FIRST + 33], 400);
    span_clear(&s);
    grid_kind_clear(&k);
    grid_clear(&g);
    facts_clear(&f);
}

/* Where an incident begins that is seen on the last day; a day is "sessions:failures". */
static const struct {
    const char *days; /* the last is DAY */
    int grain, back;  /* days before DAY */
} begins[] = {
    {"9:0 9:0 9:9", 1, 0},         {"9:0 9:9 9:9", 2, 1},
    {"9:9 9:9 9:9", 2, 1},         /* not farther than the block */
    {"9:9 0:0 0:0 9:9", 2, 3},     /* days without reports are no days */
    {"9:9 50:0 50:0 9:9", 8, 0},   /* so many clean ones between */
    {"1:1 1:0 1:0 1:1 1:1", 8, 4}, /* so few mean nothing */
};

static void
test_begin(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        struct flow w = {0};
        const char *at = begins[i].days;
        int count = 1, used, day;
        long n, failed;

        for (const char *p = at; *p; p++)
            count += *p == ' ';
        for (day = DAY + 1 - count; day <= DAY; day++, at += used) {
            assert_int_equal(sscanf(at, "%ld:%ld%n", &n, &failed, &used), 2);
            w.sessions[day] = n;
            w.failed[day] = failed;
        }
        day = flow_begin(&w, DAY, begins[i].grain);
        if (DAY - day != begins[i].back)
            fail_msg("case %zu: %d days before", i, DAY - day);
    }
}

static void
test_break(void **state)
{
    struct flow w = {0};
    uint8_t skip[FACTS_DAYS] = {0};
    struct habit_break b;

    (void)state;
    for (int d = 0; d <= DAY; d++) {
        w.sessions[d] = 10;
        w.failed[d] = d % 20 == 19 || d > DAY - 10 ? 5 : 0;
    }
    b = flow_break(&w, skip, DAY - 9, DAY, .1);
    assert_int_equal(b.sessions, 100);
    assert_int_equal(b.failed, 50);
    assert_int_equal(b.days, 10);
    assert_int_equal(b.failing, 10);
    assert_true(b.past_days > 30 && b.chance < .01);
    b = flow_break(&w, skip, DAY - 20, DAY - 10, .1);
    assert_int_equal(b.failing, 1);
    assert_true(b.chance > .1);
    memset(skip, 1, sizeof skip);
    assert_int_equal(flow_break(&w, skip, DAY - 9, DAY, .1).past_days, 0);
}

static void
test_elevated(void **state)
{
    static const struct {
        int64_t n, f;
        double rate;
        bool elevated;
    } cases[] = {
        {1, 1, .001, false}, /* one failure is none */
        {2, 2, .001, true},
        {1000, 2, .001, false},
        {1000, 20, .001, true},
        {1000, 20, .02, false},
        {1000, 200, .05, true},
        {1000000, 1100, .001, false}, /* more than chance, and next to nothing */
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (span_is_elevated(cases[i].n, cases[i].f, cases[i].rate) != cases[i].elevated)
            fail_msg("case %zu", i);
    assert_true(span_bound(0) == 0);
    assert_true(span_bound(1) == 1);
    assert_true(span_bound(.1) > .24 && span_bound(.1) < .26);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_begin),
        cmocka_unit_test(test_break),
        cmocka_unit_test(test_elevated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
