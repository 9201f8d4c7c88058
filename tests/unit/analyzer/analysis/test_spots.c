/* More places than a sender has are named by whoever wants the analysis to be slow. */
#include "analyzer/analysis/spots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    PLACES = 10000,
    STEP = 4096 /* the same low bits in all names */
};

static void
keeps_each_place_once(void **state)
{
    struct spots l = {0};
    struct err e = {0};

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (name at = PLACES; at > 0; at--)
            assert_true(spots_add(&l, at * STEP, 3, round, &e));
    }
    assert_int_equal(l.count, PLACES);
    for (size_t i = 0; i < l.count; i++) {
        assert_int_equal(l.rows[i].at, (PLACES - i) * STEP);
        assert_int_equal(l.rows[i].failed, 6);
        assert_int_equal(l.rows[i].past, 1);
    }
    spots_clear(&l);
}

/* 3 of 200 are noticed, 1 is a slip, and what was as bad before is no news. */
static void
counts_what_fails_anew(void **state)
{
    struct spots l = {0};
    struct err e = {0};

    (void)state;
    assert_true(spots_add(&l, 1, 197, 0, &e) && spots_add(&l, 2, 3, 0, &e) &&
                spots_add(&l, 3, 1, 0, &e) && spots_add(&l, 4, 20, 20, &e));
    assert_int_equal(spots_failing(&l, 1, 1), 2);
    assert_int_equal(spots_failing(&l, 1, 10), 3);
    spots_clear(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_each_place_once),
        cmocka_unit_test(counts_what_fails_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
