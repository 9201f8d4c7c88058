/* DNS data is what strangers publish: what breaks its own form or a cap is no answer. */
#include "base/dns_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *name;
    enum dns_type type;
    const char *data;
    int len;
    const char *want; /* NULL: refused */
    size_t want_len;
} cases[] = {
    {"one string", DNS_TXT, "\3abc", 4, "abc", 3},
    {"strings are joined", DNS_TXT, "\3abc\0\2de", 8, "abcde", 5},
    {"empty", DNS_TXT, "\0", 1, "", 0},
    {"nothing", DNS_TXT, "", 0, "", 0},
    {"string past the end", DNS_TXT, "\4abc", 4, NULL, 0},
    {"name", DNS_PTR, "\2mx\7example\0", 12, "mx.example", 10},
    {"root", DNS_PTR, "\0", 1, "", 0},
    {"name past the end", DNS_PTR, "\3mx", 3, NULL, 0},
    {"dot in a label", DNS_PTR, "\3a.b\0", 5, NULL, 0},
    {"NUL in a label", DNS_PTR, "\3a\0b\0", 5, NULL, 0},
    {"pointer", DNS_PTR, "\xC0\x0C", 2, NULL, 0},
    {"address", DNS_A, "\xC0\0\2\1", 4, "\xC0\0\2\1", 4},
    {"short address", DNS_A, "\xC0\0\2", 3, NULL, 0},
    {"long address", DNS_AAAA, "0123456789abcdef", 16, "0123456789abcdef", 16},
    {"mail exchanger", DNS_MX, "\0\12\2mX\7Example\0", 14, "mx.example", 10},
    {"null mail exchanger", DNS_MX, "\0\0\0", 3, "", 0},
    {"mail exchanger cut", DNS_MX, "\0\12", 2, NULL, 0},
    {"TLSA", DNS_TLSA, "\3\1\1\xAB\x09", 5, "3 1 1 AB09", 10},
    {"TLSA with big numbers", DNS_TLSA, "\xFF\xFF\xFF\x01", 4, "255 255 255 01", 14},
    {"TLSA without data", DNS_TLSA, "\3\1\1", 3, NULL, 0},
    {"v4 as v6", DNS_AAAA, "\xC0\0\2\1", 4, NULL, 0},
};

static void
reads_each_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const unsigned char *data[] = {(const unsigned char *)cases[i].data};
        struct dns_answer *a = dns_answer_new(cases[i].type, data, &cases[i].len, 1),
                          *copy;

        assert_non_null(a);
        if ((a->status == DNS_FOUND) != (cases[i].want != NULL))
            fail_msg("%s", cases[i].name);
        copy = dns_answer_copy(a);
        free(a);
        assert_non_null(copy);
        if (cases[i].want != NULL) {
            assert_int_equal(copy->count, 1);
            assert_int_equal(copy->values[0].len, cases[i].want_len);
            assert_memory_equal(copy->values[0].bytes, cases[i].want, cases[i].want_len);
            assert_int_equal(copy->values[0].bytes[cases[i].want_len], 0);
        } else {
            assert_int_equal(copy->status, DNS_TOO_BIG);
            assert_int_equal(copy->count, 0);
        }
        free(copy);
    }
}

/* A TXT value of n bytes. */
static size_t
fill(unsigned char *data, size_t n)
{
    size_t at = 0;

    for (size_t left = n; left > 0;) {
        size_t part = left > 255 ? 255 : left;

        data[at] = (unsigned char)part;
        memset(data + at + 1, 'x', part);
        at += part + 1;
        left -= part;
    }
    return at;
}

static void
limits_hold_at_n_and_break_at_n_plus_1(void **state)
{
    static unsigned char big[2 * DNS_MAX_VALUE_BYTES];
    static const unsigned char small[] = "\1a";
    const unsigned char *data[DNS_MAX_VALUES + 1];
    int lens[DNS_MAX_VALUES + 1];

    (void)state;
    for (size_t more = 0; more <= 1; more++) {
        struct dns_answer *a;

        data[0] = big;
        lens[0] = (int)fill(big, DNS_MAX_VALUE_BYTES + more);
        a = dns_answer_new(DNS_TXT, data, lens, 1);
        assert_non_null(a);
        assert_int_equal(a->status, more == 0 ? DNS_FOUND : DNS_TOO_BIG);
        free(a);
        for (size_t i = 0; i < DNS_MAX_VALUES + more; i++) {
            data[i] = small;
            lens[i] = 2;
        }
        a = dns_answer_new(DNS_TXT, data, lens, DNS_MAX_VALUES + more);
        assert_non_null(a);
        assert_int_equal(a->status, more == 0 ? DNS_FOUND : DNS_TOO_BIG);
        free(a);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_kind),
        cmocka_unit_test(limits_hold_at_n_and_break_at_n_plus_1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
