/* Canonical addresses, and libc's own printing as the oracle. */
#include "base/ip.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
prints_the_canonical_form(void **state)
{
    static const struct {
        const char *in, *want; /* NULL: no address */
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"2001:db8:abcd:0012::1", "2001:db8:abcd:12::1"},
        {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"::", "::"},
        {"1::", "1::"},
        {"::1", "::1"},
        {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},
        {"0:0:1:0:0:0:0:0", "0:0:1::"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"::ffff:c000:201", "::ffff:192.0.2.1"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"192.0.2.01", NULL},
        {"192.0.2", NULL},
        {"192.0.2.256", NULL},
        {"fe80::1%eth0", NULL},
        {"[::1]", NULL},
        {":::", NULL},
        {"mx.example.com", NULL},
        {"", NULL},
    };
    char out[IP_TEXT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = ip_canonical(cases[i].in, out);

        if ((got != NULL) != (cases[i].want != NULL) ||
            (got != NULL && (strcmp(got, cases[i].want) != 0 ||
                             (got == cases[i].in) != (strcmp(got, cases[i].in) == 0))))
            fail_msg("%s: got %s", cases[i].in, got != NULL ? got : "no address");
    }
}

/* Zero groups in every arrangement: each bit of a byte says whether a group is zero. */
static void
agrees_with_inet_ntop(void **state)
{
    static const unsigned char fills[] = {0x01, 0x10, 0xAB};
    char full[64], want[IP_TEXT_SIZE], got[IP_TEXT_SIZE];

    (void)state;
    for (unsigned zeros = 0; zeros < 256; zeros++) {
        for (size_t f = 0; f < sizeof fills; f++) {
            unsigned char bytes[16] = {0};

            for (unsigned g = 0; g < 8; g++) {
                if ((zeros >> g & 1) == 0)
                    bytes[2 * g + f % 2] = fills[f];
            }
            /* libc still prints the old ::192.0.2.1, which RFC 5952 does not. */
            if (memcmp(bytes, "\0\0\0\0\0\0\0\0\0\0\0\0", 12) == 0)
                continue;
            for (unsigned g = 0; g < 8; g++)
                (void)snprintf(full + g * 5, sizeof full - g * 5, "%02x%02x%s",
                               bytes[2 * g], bytes[2 * g + 1], g < 7 ? ":" : "");
            assert_non_null(inet_ntop(AF_INET6, bytes, want, sizeof want));
            assert_string_equal(ip_canonical(full, got), want);
        }
    }
}

/* What has been cut, doubled or exchanged in an address is one exactly if libc says so.
 */
static void
agrees_with_inet_pton(void **state)
{
    static const char *const seeds[] = {"2001:db8:0:12::1", "::ffff:192.0.2.1", "::",
                                        "1:2:3:4:5:6:7:8",  "192.0.2.255",      "1::8"};
    static const char with[] = "0129afAFg:.%";
    char text[64], got[IP_TEXT_SIZE];
    unsigned char want[16], bytes[16];
    uint32_t random = 1;

    (void)state;
    for (size_t i = 0; i < 300000; i++) {
        const char *seed = seeds[i % (sizeof seeds / sizeof *seeds)], *canonical;
        size_t n = strlen(seed);
        bool ok;
        int family;

        (void)strcpy(text, seed);
        for (unsigned k = 0; k < 1 + i % 3; k++) {
            size_t at;

            random = random * 1664525 + 1013904223;
            at = (random >> 8) % n;
            if (random >> 30 == 0)
                memmove(text + at, text + at + 1, n - at);
            else if (random >> 30 == 1)
                memmove(text + at + 1, text + at, n - at + 1);
            else
                text[at] = with[(random >> 16) % (sizeof with - 1)];
            n = strlen(text);
            if (n == 0)
                break;
        }
        family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
        ok = inet_pton(family, text, want) == 1;
        canonical = ip_canonical(text, got);
        if ((canonical != NULL) != ok)
            fail_msg("%s: libc says %s", text, ok ? "yes" : "no");
        if (ok) {
            assert_int_equal(inet_pton(family, canonical, bytes), 1);
            assert_memory_equal(bytes, want, family == AF_INET6 ? 16 : 4);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_the_canonical_form),
        cmocka_unit_test(agrees_with_inet_ntop),
        cmocka_unit_test(agrees_with_inet_pton),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
