#include "analyzer/pages/heat.h"

#include "base/when.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    int64_t sessions, failed;
    int level;
    const char *text;
} shares[] = {
    {0, 0, 0, "-"},           {1000, 0, 0, "0 %"},
    {1000000, 1, 1, "<1 %"},  {1000, 9, 1, "<1 %"},
    {1000, 10, 2, "1 %"},     {1000, 49, 2, "4 %"},
    {1000, 50, 3, "5 %"},     {1000, 200, 4, "20 %"},
    {1000, 499, 4, "49 %"},   {1000, 500, 5, "50 %"},
    {1000, 990, 5, "99 %"},   {1000, 999, 5, ">99 %"},
    {1000, 1000, 5, "100 %"}, {INT64_MAX, INT64_MAX - 1, 5, ">99 %"},
};

static void
test_shares(void **state)
{
    char text[HEAT_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        assert_int_equal(heat_level(shares[i].sessions, shares[i].failed),
                         shares[i].level);
        assert_string_equal(heat_text(shares[i].sessions, shares[i].failed, text),
                            shares[i].text);
    }
}

/* Days one after the other: + reported, l reported late, a blank is none. `now` is
 * `hours` after the end of the last one. */
static const struct {
    const char *name, *days;
    int hours;
    const char *want; /* x: missing */
} habits[] = {
    {"nothing is expected of a stranger", "+++     ", 99, "+++     "},
    {"but of one that came four times", "++++    ", 99, "++++xxxx"},
    {"a hole", "++++ +++++", 99, "++++x+++++"},
    {"before its first report", "    +++++", 99, "    +++++"},
    {"three in four", "+++ +++ +++ +++ +", 99, "+++ +++x+++x+++x+"},
    {"every other day", "+ + + + + + + +  ", 99, "+ + + + + + + +  "},
    {"not due before the usual lag and a margin", "+++++ ", 33, "+++++ "},
    {"due", "+++++ ", 34, "+++++x"},
    {"a late one changes no habit", "++++l++++++++ ", 34, "++++l++++++++x"},
    {"habits are forgotten", "+++++                               ", 99,
     "+++++xxxxxxxxxxxxxxxxxxxxxxxxxxxx   "},
};

static void
test_missing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
        int32_t n = (int32_t)strlen(habits[i].days), last = 20000;
        struct heat h;
        struct err e = {0};
        char got[64] = "";

        assert_true(heat_init(&h, last, HEAT_DAYS, &e));
        for (int32_t day = 0; day < n; day++) {
            struct heat_cell cell = {.lag_h = habits[i].days[day] == 'l' ? 300 : 10,
                                     .sessions = 1};

            if (habits[i].days[day] != ' ')
                heat_add(&h, "s.example", last + 1 - n + day, &cell);
        }
        heat_finish(&h, (last + 1LL) * WHEN_DAY_S + habits[i].hours * 3600LL);
        for (int32_t day = 0; day < n; day++) {
            const struct heat_cell *cell =
                &h.rows[0].cells[(int32_t)h.day_count - n + day];

            got[day] = cell->state == HEAT_MISSING    ? 'x'
                       : cell->state == HEAT_REPORTED ? habits[i].days[day]
                                                      : ' ';
        }
        if (strcmp(got, habits[i].want) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", habits[i].name, got, habits[i].want);
        heat_clear(&h);
    }
}

static void
test_rows(void **state)
{
    struct heat_cell cell = {.sessions = 10, .failed = 2};
    struct heat h;
    struct err e = {0};
    char name[32];

    (void)state;
    assert_true(heat_init(&h, 20000, 30, &e));
    assert_int_equal(h.day_count, 30 + HEAT_HABIT);
    heat_add(&h, "early.example", 20000 - 30, &cell);              /* of its habit only */
    heat_add(&h, "early.example", 20000 - 30 - HEAT_HABIT, &cell); /* long ago */
    heat_add(&h, "early.example", 20001, &cell);                   /* the future */
    heat_add(&h, "early.example", 20000, &cell);
    assert_int_equal(h.row_count, 1);
    assert_int_equal(h.rows[0].sessions, 10);
    assert_int_equal(h.rows[0].cells[h.day_count - 1].failed, 2);
    assert_int_equal(h.rows[0].cells[HEAT_HABIT - 1].state, HEAT_REPORTED);
    for (int i = 1; i < HEAT_SENDERS; i++) {
        (void)snprintf(name, sizeof name, "s%d.example", i);
        heat_add(&h, name, 20000, &cell);
    }
    heat_add(&h, NULL, 19999, &cell);
    heat_add(&h, NULL, 20000, &cell);
    heat_add(&h, "one.too.many.example", 20000, &cell);
    assert_int_equal(h.row_count, HEAT_SENDERS + 1);
    assert_string_equal(h.rows[HEAT_SENDERS].sender, "");
    assert_int_equal(h.rows[HEAT_SENDERS].sessions, 20);
    heat_clear(&h);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
