/* Who may have how much, at each limit and one past it. */
#include "collector/queue/room.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum {
    MAX = 800
};

static void
keeps_room_for_what_is_small_and_whole(void **state)
{
    static const struct {
        enum room_kind kind;
        size_t most; /* beside one byte that is taken already */
    } rows[] = {
        {ROOM_SMALL, MAX - 1},
        {ROOM_MAIL, MAX / 8 * 7 - 1},
        {ROOM_BIG, MAX / 8 * 5 - 1},
        {ROOM_UNFINISHED, MAX / 2 - 1},
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct room r = {.max = MAX};

        assert_true(room_take(&r, rows[i].kind, 1));
        assert_false(room_take(&r, rows[i].kind, rows[i].most + 1));
        assert_true(room_take(&r, rows[i].kind, rows[i].most));
        assert_false(room_take(&r, rows[i].kind, 1));
        room_give(&r, rows[i].kind, rows[i].most);
        room_give(&r, rows[i].kind, 1);
        assert_int_equal(r.used, 0);
        assert_int_equal(r.unfinished, 0);
        assert_false(room_take(&r, rows[i].kind, MAX + 1));
        assert_true(room_take(&r, rows[i].kind, MAX)); /* alone */
        assert_false(room_take(&r, rows[i].kind, 1));
    }
}

static void
unfinished_ones_leave_half_until_they_are_whole(void **state)
{
    struct room r = {.max = MAX};

    (void)state;
    assert_true(room_take(&r, ROOM_UNFINISHED, MAX / 2));
    assert_false(room_take(&r, ROOM_UNFINISHED, 1));
    room_end(&r, MAX / 2);
    assert_true(room_take(&r, ROOM_UNFINISHED, MAX / 8));
    assert_false(room_take(&r, ROOM_UNFINISHED, 1)); /* five eighths in all */
    assert_false(room_take(&r, ROOM_BIG, 1));
    assert_true(room_take(&r, ROOM_MAIL, MAX / 8));
    assert_true(room_take(&r, ROOM_SMALL, MAX / 4));
    assert_false(room_take(&r, ROOM_SMALL, 1));
    room_give(&r, ROOM_UNFINISHED, MAX / 8);
    assert_int_equal(r.unfinished, 0);
    assert_int_equal(r.used, MAX / 8 * 7);
}

static void
one_that_is_allowed_fits_alone(void **state)
{
    struct room r = {.max = MAX, .largest_body = MAX - 50, .largest_mail = MAX - 20};

    (void)state;
    assert_true(room_take(&r, ROOM_UNFINISHED, 10));
    assert_true(room_take(&r, ROOM_UNFINISHED, MAX - 60));
    assert_false(room_take(&r, ROOM_UNFINISHED, 1));
    room_give(&r, ROOM_UNFINISHED, MAX - 50);
    assert_true(room_take(&r, ROOM_MAIL, 10));
    assert_true(room_take(&r, ROOM_MAIL, MAX - 30));
    assert_false(room_take(&r, ROOM_MAIL, 1));
}

static void
takes_in_steps(void **state)
{
    static const size_t rows[][2] = {
        {0, 0},
        {1, 4096},
        {4096, 4096},
        {4097, 8192},
        {ROOM_MAX_SMALL_BYTES - 1, ROOM_MAX_SMALL_BYTES},
        {ROOM_MAX_SMALL_BYTES, ROOM_MAX_SMALL_BYTES},
        {ROOM_MAX_SMALL_BYTES + 1, ROOM_MAX_SMALL_BYTES + ROOM_STEP_BYTES},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(room_step(rows[i][0]), rows[i][1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_room_for_what_is_small_and_whole),
        cmocka_unit_test(unfinished_ones_leave_half_until_they_are_whole),
        cmocka_unit_test(one_that_is_allowed_fits_alone),
        cmocka_unit_test(takes_in_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
