/* The readers of members, each value as a sender may write it. */
#include "schema/wire/member.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct thing {
    const char *text;
    int64_t number;
};

/* Reads {"m":VALUE} with one reader. */
static bool
read_one(const char *value, member_fn *read, size_t offset, struct report *r,
         struct thing *t, struct err *e)
{
    const struct member table[] = {{"m", 1, offset, read, NULL}};
    struct decoder d = {.report = r, .e = e};
    enum json_token token = TOKEN_NULL;
    char json[3 * REPORT_MAX_STRING_BYTES];

    (void)snprintf(json, sizeof json, "{\"m\":%s}", value);
    json_read_init(&d.json, json, strlen(json));
    assert_true(json_read_next(&d.json, &token, e));
    return member_read_all(&d, table, 1, t);
}

#define NOTED(q) QUIRK_BIT(QUIRK_##q)

static void
reads_texts(void **state)
{
    static const struct {
        member_fn *read;
        const char *json, *text; /* NULL: unchanged */
        quirk_set quirks;
    } cases[] = {
        {member_text, "\"Text\"", "Text", 0},
        {member_text, "\"\"", NULL, 0},
        {member_text, "null", NULL, 0},
        {member_text, "404", "404", NOTED(MEMBER_TYPE)},
        {member_text, "4.5", NULL, NOTED(MEMBER_TYPE)},
        {member_text, "9007199254740993", NULL, NOTED(MEMBER_TYPE)},
        {member_text, "true", NULL, NOTED(MEMBER_TYPE)},
        {member_text, "[[\"x\"],{}]", NULL, NOTED(MEMBER_TYPE)},
        {member_word, "\"STS\"", "sts", 0},
        {member_host, "\"MX1.Example.com.\"", "mx1.example.com", 0},
        {member_host, "\".\"", ".", 0},
        {member_domain, "\"example.com\"", "example.com", 0},
        {member_domain, "\"Example.com\"", "example.com", NOTED(POLICY_DOMAIN_FORM)},
        {member_domain, "\" \"", NULL, NOTED(POLICY_DOMAIN_FORM)},
        {member_ip, "\"192.0.2.1\"", "192.0.2.1", 0},
        {member_ip, "\"2001:db8::1\"", "2001:db8::1", 0},
        {member_ip, "\"2001:DB8::1\"", "2001:db8::1", NOTED(IP_FORM)},
        {member_ip, "\"fe80::1%eth0\"", "fe80::1", NOTED(IP_FORM)},
        {member_ip, "\"[192.0.2.1]\"", "192.0.2.1", NOTED(IP_FORM)},
        {member_ip, "\"[IPv6:2001:db8::1]\"", "2001:db8::1", NOTED(IP_FORM)},
        {member_ip, "\"[\"", "[", NOTED(IP_INVALID)},
        {member_ip, "\"[]\"", "[]", NOTED(IP_INVALID)},
        {member_ip, "\"[IPv6:]\"", "[IPv6:]", NOTED(IP_INVALID)},
        {member_ip, "\"mx1\"", "mx1", NOTED(IP_INVALID)},
        {member_ip, "\"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111\"",
         "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", NOTED(IP_INVALID)},
        {member_uri, "\"https://example.net/\"", "https://example.net/", 0},
        {member_uri, "\"mailto:a@b\"", "mailto:a@b", 0},
        {member_uri, "\"x:\"", "x:", NOTED(URI_FORM)},
        {member_uri, "\":x\"", ":x", NOTED(URI_FORM)},
        {member_uri, "\"see our page\"", "see our page", NOTED(URI_FORM)},
        {member_uri, "\"http://a b\"", "http://a b", NOTED(URI_FORM)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct thing t = {"unchanged", 0};
        const char *want = cases[i].text == NULL ? "unchanged" : cases[i].text;
        struct report r;
        struct err e = {0};

        report_init(&r);
        if (!read_one(cases[i].json, cases[i].read, offsetof(struct thing, text), &r, &t,
                      &e))
            fail_msg("%s: %s", cases[i].json, e.text);
        if (strcmp(t.text, want) != 0 || r.quirks != cases[i].quirks)
            fail_msg("%s: got %s, quirks %llx", cases[i].json, t.text,
                     (unsigned long long)r.quirks);
        report_clear(&r);
    }
}

static void
reads_numbers(void **state)
{
    static const struct {
        member_fn *read;
        const char *json;
        bool ok;
        int64_t number; /* -9: unchanged */
        quirk_set quirks;
    } cases[] = {
        {member_count, "5", true, 5, 0},
        {member_count, "null", true, -9, 0},
        {member_count, "-0", true, 0, 0},
        {member_count, "-5", true, 0, NOTED(NEGATIVE_COUNT)},
        {member_count, "\"-5\"", true, 0, NOTED(NEGATIVE_COUNT) | NOTED(NUMBER_FORM)},
        {member_count, "1.0", true, 1, NOTED(NUMBER_FORM)},
        {member_count, "\"5\"", true, 5, NOTED(NUMBER_FORM)},
        {member_count, "\" 5 \"", true, 5, NOTED(NUMBER_FORM)},
        {member_count, "\"\\u0035\"", true, 5, NOTED(NUMBER_FORM)},
        {member_count, "9007199254740992", true, INT64_C(1) << 53, 0},
        {member_count, "9007199254740993", false, 0, 0},
        {member_count, "1.5", false, 0, 0},
        {member_count, "\"\"", false, 0, 0},
        {member_count, "\"5 x\"", false, 0, 0},
        {member_count, "\"05\"", false, 0, 0},
        {member_count, "\"[5]\"", false, 0, 0},
        {member_count, "true", false, 0, 0},
        {member_count, "[5]", false, 0, 0},
        {member_instant, "\"2026-03-01T00:00:00Z\"", true, 1772323200, 0},
        {member_instant, "\"2026-03-01T00:00:00\"", true, 1772323200,
         NOTED(DATE_WITHOUT_ZONE)},
        {member_instant, "\"2026-03-01 00:00:00Z\"", true, 1772323200,
         NOTED(DATE_FORMAT)},
        {member_instant, "\"soon\"", false, 0, 0},
        {member_instant, "\"\"", false, 0, 0},
        {member_instant, "1772323200", false, 0, 0},
        {member_instant, "null", false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct thing t = {NULL, -9};
        struct report r;
        struct err e = {0};
        bool ok;

        report_init(&r);
        ok = read_one(cases[i].json, cases[i].read, offsetof(struct thing, number), &r,
                      &t, &e);
        if (ok != cases[i].ok)
            fail_msg("%s: %s", cases[i].json, ok ? "read" : e.text);
        if (ok && (t.number != cases[i].number || r.quirks != cases[i].quirks))
            fail_msg("%s: got %lld", cases[i].json, (long long)t.number);
        if (!ok)
            assert_int_equal(e.kind, ERR_INPUT);
        report_clear(&r);
    }
}

static void
bounds_a_string(void **state)
{
    char value[REPORT_MAX_STRING_BYTES + 16];

    (void)state;
    for (size_t n = REPORT_MAX_STRING_BYTES; n <= REPORT_MAX_STRING_BYTES + 1; n++) {
        struct thing t = {NULL, 0};
        struct report r;
        struct err e = {0};

        /* An escape of six bytes is one. */
        memset(value, 'x', sizeof value);
        memcpy(value, "\"\\u0041", 7);
        memcpy(value + 1 + 6 + n - 1, "\"", 2);
        report_init(&r);
        assert_int_equal(
            read_one(value, member_text, offsetof(struct thing, text), &r, &t, &e),
            n == REPORT_MAX_STRING_BYTES);
        if (t.text != NULL)
            assert_int_equal(strlen(t.text), n);
        else
            assert_string_equal(e.text, "m: longer than 4096 bytes");
        report_clear(&r);
    }
}

static void
knows_a_member_by_either_name(void **state)
{
    static const struct member table[] = {
        MEMBER("good", struct thing, text, member_text),
        {"bad", 3, offsetof(struct thing, text), member_text, "good"},
    };
    static const struct {
        const char *json, *text;
        quirk_set quirks;
    } cases[] = {
        {"{\"good\":\"1\"}", "1", 0},
        {"{\"bad\":\"1\"}", "1", NOTED(GRAMMAR_NAME)},
        {"{\"b\\u0061d\":\"1\"}", "1", NOTED(GRAMMAR_NAME)},
        {"{\"goo\":\"1\",\"goods\":\"2\",\"\":\"3\"}", NULL, NOTED(UNKNOWN_MEMBER)},
        {"{\"x\":1,\"x\":2}", NULL, NOTED(UNKNOWN_MEMBER)},
        {"{\"good\":\"1\",\"good\":\"2\"}", NULL, 0},
        {"{\"good\":null,\"bad\":\"2\"}", NULL, 0},
        {"{\"bad\":\"2\",\"good\":\"1\"}", NULL, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report r;
        struct err e = {0};
        struct decoder d = {.report = &r, .e = &e};
        struct thing t = {NULL, 0};
        enum json_token token = TOKEN_NULL;
        bool ok;

        report_init(&r);
        json_read_init(&d.json, cases[i].json, strlen(cases[i].json));
        assert_true(json_read_next(&d.json, &token, &e));
        ok = member_read_all(&d, table, 2, &t);
        assert_int_equal(ok, cases[i].text != NULL || cases[i].quirks != 0);
        if (!ok)
            assert_non_null(strstr(e.text, "given twice"));
        else if (cases[i].text != NULL)
            assert_string_equal(t.text, cases[i].text);
        assert_true(!ok || r.quirks == cases[i].quirks);
        report_clear(&r);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_texts),
        cmocka_unit_test(reads_numbers),
        cmocka_unit_test(bounds_a_string),
        cmocka_unit_test(knows_a_member_by_either_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
