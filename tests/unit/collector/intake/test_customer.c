/* Which names are a provider's customers' and which a sender's own. */
#include "collector/intake/customer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
knows_a_customers_host(void **state)
{
    static const struct {
        const char *host, *address;
        bool customer;
    } cases[] = {
        {"provider.example", "192.0.2.1", false},
        {"mx.provider.example", "127.0.0.1", false},
        {"mx1.provider.example", "127.0.0.1", false},
        {"mail-12.out.provider.example", "192.0.2.12", false},
        {"mail3.fra2.provider.example", "192.0.2.33", false},
        {"smtp.hosts.provider.example", "192.0.2.33", false},
        {"mx.provider.example", "2001:db8::1", false},
        {"mailout-a1b2.provider.example", "2001:db8::1", false},
        {"192-0-2-1.provider.example", "192.0.2.1", true},
        {"1.2.0.192.in.provider.example", "192.0.2.1", true},
        {"a2-1.provider.example", "192.0.2.1", true},
        {"x192.provider.example", "192.0.2.1", true},
        {"c0000201.provider.example", "192.0.2.1", true},
        {"srv218453.provider.example", "192.0.2.1", true},
        {"192000002001.provider.example", "192.0.2.1", true},
        {"mail217.provider.example", "192.0.2.217", true},
        {"p5b0c1f.dip0.provider.example", "192.0.2.1", true},
        {"h-2001-db8.provider.example", "2001:db8::1:2:3:4", true},
        {"0000000000000001.provider.example", "2001:db8::1", true},
        {"adsl-x.provider.example", "192.0.2.1", true},
        {"a.dynamic.provider.example", "192.0.2.1", true},
        {"POOL-7.provider.example", "192.0.2.1", true},
        {"dyn7.provider.example", "192.0.2.1", true},
        {"dhcpserver.provider.example", "192.0.2.1", true},
        {"ppp.provider.example", "192.0.2.1", true},
        {"cust-a.provider.example", "192.0.2.1", true},
        {"vps3.provider.example", "192.0.2.1", true},
        {"ec2-a.compute.provider.example", "192.0.2.1", true},
        {"mx.provider.example", "no address", true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (customer_is_host(cases[i].host, "provider.example", cases[i].address) !=
            cases[i].customer)
            fail_msg("%s", cases[i].host);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_a_customers_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
