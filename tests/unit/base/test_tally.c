/* Numbers by address: they add up, and who has none is forgotten. */
#include "base/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
adds_up(void **state)
{
    struct peer a = peer_network_of("192.0.2.1"), b = peer_network_of("192.0.3.1");
    struct tally *t = NULL;

    (void)state;
    assert_int_equal(tally_get(t, &a), 0);
    assert_int_equal(tally_add(&t, &a, 2), 2);
    assert_int_equal(tally_add(&t, &a, 3), 5);
    assert_int_equal(tally_add(&t, &b, 1), 1);
    assert_int_equal(tally_add(&t, &a, -5), 0);
    assert_int_equal(tally_get(t, &a), 0);
    assert_int_equal(tally_get(t, &b), 1);
    for (unsigned i = 0; i < 10000; i++) {
        struct peer p = {.bytes = {(unsigned char)(i >> 8), (unsigned char)i, 1}};

        assert_int_equal(tally_add(&t, &p, 7), 7);
    }
    assert_int_equal(tally_get(t, &b), 1);
    tally_free(t);
    tally_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(adds_up)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
