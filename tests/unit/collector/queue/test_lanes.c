/* Networks and doors in turn, each in order, by what they cost; the oldest expires first.
 */
#include "collector/queue/lanes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum {
    N = 8
};

static void
takes_networks_and_doors_in_turn(void **state)
{
    static const struct {
        enum transport door;
        const char *peer;
    } from[N] = {
        {TRANSPORT_HTTPS, "192.0.2.1"},
        {TRANSPORT_HTTPS, "192.0.2.9"},
        {TRANSPORT_HTTPS, "192.0.2.1"},
        {TRANSPORT_HTTPS, "203.0.113.1"},
        {TRANSPORT_LMTP, ""},
        {TRANSPORT_LMTP, ""},
        {TRANSPORT_HTTPS, "2001:db8::1"},
        {TRANSPORT_HTTPS, "2001:db8::2"},
    };
    static const size_t want[N] = {0, 3, 4, 6, 1, 5, 7, 2};
    struct delivery d[N] = {0};
    struct lanes q = {0};

    (void)state;
    for (size_t i = 0; i < N; i++) {
        d[i].transport = from[i].door;
        d[i].network = peer_network_of(from[i].peer);
        d[i].byte_count = 10;
        assert_true(lanes_put(&q, &d[i]));
    }
    assert_int_equal(q.bytes, 80);
    for (size_t i = 0; i < N; i++) {
        assert_ptr_equal(lanes_peek(&q), &d[want[i]]);
        assert_ptr_equal(lanes_take(&q), &d[want[i]]);
    }
    assert_null(lanes_take(&q));
    assert_null(lanes_peek(&q));
    assert_int_equal(q.count, 0);
    assert_int_equal(q.bytes, 0);
    lanes_clear(&q);
}

/* Two of the greedy one's cost 100 each: the others are served until they cost as much,
 * and who comes late does not pay for what was before. */
static void
charges_who_costs(void **state)
{
    struct delivery greedy[3] = {0}, other[150] = {0}, late = {0};
    struct lanes q = {0};
    size_t before = 0;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        greedy[i].network = peer_network_of("192.0.2.1");
        assert_true(lanes_put(&q, &greedy[i]));
    }
    assert_ptr_equal(lanes_take(&q), &greedy[0]);
    lanes_charge(&q, &greedy[0], 100);
    for (size_t i = 0; i < 150; i++) {
        other[i].network = peer_network_of("203.0.113.1");
        assert_true(lanes_put(&q, &other[i]));
    }
    while (lanes_peek(&q) != &greedy[1]) {
        assert_ptr_equal(lanes_take(&q), &other[before]);
        before++;
    }
    assert_in_range(before, 100, 102);
    late.network = peer_network_of("198.51.100.1");
    assert_true(lanes_put(&q, &late));
    assert_ptr_equal(lanes_take(&q), &late);
    assert_ptr_equal(lanes_take(&q), &greedy[1]);
    while (lanes_take(&q) != NULL)
        continue;
    lanes_clear(&q);
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
        assert_true(lanes_put(&q, &d[i]));
    assert_int_equal(lanes_deadline(&q), 10);
    assert_null(lanes_take_expired(&q, 9));
    assert_ptr_equal(lanes_take_expired(&q, 20), &d[0]);
    assert_ptr_equal(lanes_take_expired(&q, 20), &d[1]);
    assert_null(lanes_take_expired(&q, 29));
    assert_int_equal(lanes_deadline(&q), 30);
    lanes_expire(&q, TRANSPORT_LMTP);
    assert_int_equal(lanes_deadline(&q), 30);
    lanes_expire(&q, TRANSPORT_HTTPS);
    assert_int_equal(lanes_deadline(&q), 0);
    assert_ptr_equal(lanes_take(&q), &d[2]);
    lanes_clear(&q);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_networks_and_doors_in_turn),
        cmocka_unit_test(charges_who_costs),
        cmocka_unit_test(lets_the_oldest_expire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
