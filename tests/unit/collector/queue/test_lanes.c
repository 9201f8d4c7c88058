/* Doors in turn, each in order, and the oldest expires first. */
#include "collector/queue/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum {
    N = 8
};

static void
takes_doors_in_turn(void **state)
{
    static const enum transport doors[N] = {
        TRANSPORT_HTTPS, TRANSPORT_HTTPS, TRANSPORT_HTTPS,   TRANSPORT_HTTPS,
        TRANSPORT_LMTP,  TRANSPORT_LMTP,  TRANSPORT_DELIVER, TRANSPORT_HTTPS};
    static const size_t want[N] = {0, 4, 6, 1, 5, 2, 3, 7};
    struct delivery d[N] = {0};
    struct lanes q = {0};

    (void)state;
    for (size_t i = 0; i < N; i++) {
        d[i].transport = doors[i];
        lanes_put(&q, &d[i]);
    }
    for (size_t i = 0; i < N; i++) {
        assert_ptr_equal(lanes_peek(&q), &d[want[i]]);
        assert_ptr_equal(lanes_take(&q), &d[want[i]]);
    }
    assert_null(lanes_take(&q));
    assert_null(lanes_peek(&q));
    assert_int_equal(q.count, 0);
}

static void
lets_the_oldest_expire(void **state)
{
    struct delivery d[3] = {{.transport = TRANSPORT_HTTPS, .deadline_ms = 10},
                            {.transport = TRANSPORT_LMTP, .deadline_ms = 20},
                            {.transport = TRANSPORT_HTTPS, .deadline_ms = 30}};
    struct lanes q = {0};

    (void)state;
    assert_int_equal(lanes_deadline(&q), INT64_MAX);
    for (size_t i = 0; i < 3; i++)
        lanes_put(&q, &d[i]);
    assert_int_equal(lanes_deadline(&q), 10);
    assert_null(lanes_take_expired(&q, 9));
    assert_ptr_equal(lanes_take_expired(&q, 20), &d[0]);
    assert_ptr_equal(lanes_take_expired(&q, 20), &d[1]);
    assert_null(lanes_take_expired(&q, 29));
    assert_int_equal(lanes_deadline(&q), 30);
    assert_ptr_equal(lanes_take(&q), &d[2]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_doors_in_turn),
        cmocka_unit_test(lets_the_oldest_expire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
