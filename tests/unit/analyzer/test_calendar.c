#include "analyzer/calendar.h"

#include "analysis/story.h"

#include <stdlib.h>

static struct calendar *
make(const struct story *y, const char *kind, struct facts *f, struct analysis *a,
     const struct finding **x)
{
    struct calendar *c = malloc(sizeof *c);
    struct err e = {0};

    assert_non_null(c);
    story_tell(f, y);
    assert_true(analyse(f, a, &e));
    *x = story_alarm(a, kind);
    assert_non_null(*x);
    calendar_make(f, *x, c);
    return c;
}

static void
shows_the_failures_of_a_result_type(void **state)
{
    static const struct story broken = {
        STORY_CROWD,
        {{"certificate-expired", "c.test", NULL, 35, 41, 500, 1, 1, 1, 0, 0, NULL}},
        false,
        NULL};
    const struct finding *x;
    struct facts f;
    struct analysis a = {0};
    struct calendar *c = make(&broken, "certificate-expired", &f, &a, &x);

    (void)state;
    assert_int_equal(c->first, x->first - CALENDAR_BEFORE);
    assert_int_equal(c->row_count, 5);
    assert_true(c->rows[0].fails);
    assert_int_equal(c->rows[0].cells[0].failed, 0);
    assert_true(c->rows[0].cells[0].sessions > 0);
    assert_int_equal(c->rows[0].cells[CALENDAR_BEFORE].failed * 2,
                     c->rows[0].cells[CALENDAR_BEFORE].sessions);
    /* one of four declared addresses */
    assert_int_equal(c->place_count, STORY_ADDRESSES);
    assert_string_equal(facts_text(&f, c->places[0].address), "192.0.2.1");
    assert_true(c->places[0].failed > 0);
    assert_int_equal(c->places[1].failed, 0);
    free(c);
    analyse_clear(&a);
    facts_clear(&f);
}

static void
shows_what_is_missing_of_a_gap(void **state)
{
    static const struct story silent = {{{"big.example", 5000, 0, 0, 0, 0},
                                         {"mid.example", 800, 0, 30, 0, 0},
                                         {"other.example", 600, 0, 0, 0, 0}},
                                        {{0}},
                                        false,
                                        NULL};
    const struct finding *x;
    struct facts f;
    struct analysis a = {0};
    struct calendar *c = make(&silent, KIND_REPORT_GAP, &f, &a, &x);

    (void)state;
    assert_true(calendar_is_silence(x));
    assert_false(calendar_is_result(x));
    assert_string_equal(facts_text(&f, c->rows[0].sender), "mid.example");
    assert_true(c->rows[0].cells[x->first - c->first].missing);
    assert_false(c->rows[0].cells[0].missing);
    assert_int_equal(c->place_count, 0);
    free(c);
    analyse_clear(&a);
    facts_clear(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_the_failures_of_a_result_type),
        cmocka_unit_test(shows_what_is_missing_of_a_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
