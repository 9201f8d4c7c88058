/* Bytes by network, by the hour, at the limit and one past it. */
#include "collector/http/http_budget.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum {
    NOON = 12 * 3600
};

static struct peer
peer(const char *text)
{
    struct peer p;

    assert_true(peer_parse(text, &p));
    return p;
}

static void
counts_by_network_and_hour(void **state)
{
    struct peer one = peer("192.0.2.1"), same = peer("192.0.2.200"),
                other = peer("192.0.3.1");
    struct budget *b;
    struct err e = {0};

    (void)state;
    assert_true(budget_new(100, &b, &e));
    budget_spend(b, &one, 99, NOON + 100);
    assert_int_equal(budget_wait_s(b, &same, NOON + 100), 0);
    budget_spend(b, &same, 1, NOON + 100);
    assert_int_equal(budget_wait_s(b, &one, NOON + 100), 3500);
    assert_int_equal(budget_wait_s(b, &other, NOON + 100), 0);
    assert_int_equal(budget_wait_s(b, &one, NOON + 3599), 1);
    assert_int_equal(budget_wait_s(b, &one, NOON + 3600), 0);
    budget_free(b);
}

static void
forgets_when_there_are_too_many(void **state)
{
    struct budget *b;
    struct err e = {0};
    int forgotten = 0;

    (void)state;
    assert_true(budget_new(1, &b, &e));
    for (unsigned i = 0; i < 150000; i++) {
        struct peer p = {.bytes = {0x20, 0x01, 0, 0, 0, (unsigned char)(i >> 16),
                                   (unsigned char)(i >> 8), (unsigned char)i}};

        budget_spend(b, &p, 1, NOON);
        forgotten += budget_wait_s(b, &p, NOON) != 3600;
    }
    assert_in_range(forgotten, 0, 2); /* who came when the table was full */
    budget_free(b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_by_network_and_hour),
        cmocka_unit_test(forgets_when_there_are_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
