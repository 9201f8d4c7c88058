/* Who is behind a proxy, when everybody may write the header. */
#include "base/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char *const proxy_items[] = {"10.0.0.0/8", "2001:db8:1::/48", "192.0.2.7"};
static const struct settings_list proxies = {(const char **)(uintptr_t)proxy_items, 3};

static void
reads_forwarding_headers_from_right_to_left(void **state)
{
    static const struct {
        const char *header;
        bool forwarded;
        const char *want; /* connected is 10.0.0.1 */
    } cases[] = {
        {"", false, "10.0.0.1"},
        {"198.51.100.1", false, "198.51.100.1"},
        {"203.0.113.9, 198.51.100.1", false, "198.51.100.1"},
        {"203.0.113.9, 198.51.100.1, 10.2.3.4", false, "198.51.100.1"},
        {"203.0.113.9,198.51.100.1,192.0.2.7 ", false, "198.51.100.1"},
        {"10.1.1.1, 10.1.1.2", false, "10.1.1.1"},
        {"198.51.100.1, nonsense", false, "10.0.0.1"},
        {"198.51.100.1, nonsense, 10.0.0.2", false, "10.0.0.2"},
        {"198.51.100.1,", false, "10.0.0.1"},
        {"2001:db8:2::1", false, "2001:db8:2::1"},
        {"[2001:db8:2::1]:99", false, "2001:db8:2::1"},
        {"198.51.100.1:4711", false, "198.51.100.1"},
        {"::ffff:198.51.100.1", false, "198.51.100.1"},
        {"for=198.51.100.1;proto=https", true, "198.51.100.1"},
        {"for=203.0.113.9, proto=https; For=\"[2001:db8:2::1]:4711\"", true,
         "2001:db8:2::1"},
        {"for=198.51.100.1, for=_hidden", true, "10.0.0.1"},
        {"for=198.51.100.1, for=unknown, for=10.0.0.9", true, "10.0.0.9"},
        {"proto=https", true, "10.0.0.1"},
        {"198.51.100.1", true, "10.0.0.1"},
    };
    char text[PEER_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct peer p;

        assert_true(peer_parse("10.0.0.1", &p));
        peer_unwrap(&p, cases[i].header, cases[i].forwarded, &proxies);
        peer_print(&p, text);
        assert_string_equal(text, cases[i].want);
    }
}

static void
knows_networks(void **state)
{
    static const struct {
        const char *peer, *network;
    } cases[] = {
        {"192.0.2.77", "192.0.2.0/24"},
        {"::ffff:192.0.2.77", "192.0.2.0/24"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {"::1", "::/64"},
        {"unix", "unix"},
        {"", ""},
    };
    char text[PEER_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        peer_print_network(cases[i].peer, text);
        assert_string_equal(text, cases[i].network);
    }
}

static void
compares_prefixes_bit_by_bit(void **state)
{
    static const struct {
        const char *peer, *prefix;
        bool in;
    } cases[] = {
        {"10.255.0.1", "10.0.0.0/8", true},      {"11.0.0.1", "10.0.0.0/8", false},
        {"10.0.0.127", "10.0.0.0/25", true},     {"10.0.0.128", "10.0.0.0/25", false},
        {"192.0.2.1", "192.0.2.1", true},        {"192.0.2.2", "192.0.2.1", false},
        {"192.0.2.2", "0.0.0.0/0", true},        {"2001:db8::1", "0.0.0.0/0", false},
        {"2001:db8::1", "::/0", true},           {"2001:db8::1", "2001:db8::/32", true},
        {"2001:db9::1", "2001:db8::/32", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *items[] = {cases[i].prefix};
        const struct settings_list one = {items, 1};
        struct peer p;

        assert_true(peer_parse(cases[i].peer, &p));
        assert_true(peer_is_prefix(cases[i].prefix));
        if (peer_in(&p, &one) != cases[i].in)
            fail_msg("%s in %s", cases[i].peer, cases[i].prefix);
    }
    assert_false(peer_is_prefix("10.0.0.0/33"));
    assert_false(peer_is_prefix("10.0.0.0/"));
    assert_false(peer_is_prefix("10.0.0.0/+8"));
    assert_false(peer_is_prefix("example.com"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_forwarding_headers_from_right_to_left),
        cmocka_unit_test(knows_networks),
        cmocka_unit_test(compares_prefixes_bit_by_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
