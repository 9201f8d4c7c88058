/* Which Host headers are ours. */
#include "base/httpd_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const hosts[] = {"localhost", "tls.example.com", "[::1]", "192.0.2.1"};

static const struct {
    const char *header;
    bool ours;
} cases[] = {
    {"localhost", true},
    {"localhost:8460", true},
    {"LocalHost:1", true},
    {"tls.example.com", true},
    {"[::1]", true},
    {"[::1]:8460", true},
    {"192.0.2.1:80", true},
    {"localhost:", true},
    {"", false},
    {"evil.example", false},
    {"localhost.evil", false},
    {"evil@localhost", false},
    {"localhost:80@evil", false},
    {"localhost:8x", false},
    {"[::1", false},
    {"[::1]evil", false},
    {"::1", false},
    {"192.0.2.10", false},
    {"tls.example.com.", false},
    {"localhost/", false},
    {"localhost localhost", false},
};

static void
test_hosts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (httpd_host_is(cases[i].header, hosts, 4) != cases[i].ours)
            fail_msg("\"%s\" is taken wrongly", cases[i].header);
    }
    assert_false(httpd_host_is("localhost", hosts, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hosts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
