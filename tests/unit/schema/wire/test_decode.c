/* A report as RFC 8460 appendix B shows one, and each limit at N and N + 1. The
 * deviations of real senders are cases of tests/corpus. */
#include "base/buf.h"
#include "schema/report/check.h"
#include "schema/wire/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char plain[] =
    "{\"organization-name\":\"Company-X\","
    "\"date-range\":{\"start-datetime\":\"2016-04-01T00:00:00Z\","
    "\"end-datetime\":\"2016-04-01T23:59:59Z\"},"
    "\"contact-info\":\"sts-reporting@company-x.example\","
    "\"report-id\":\"5065427c-23d3-47ca-b6e0-946ea0e8c4be\","
    "\"policies\":[{\"policy\":{\"policy-type\":\"sts\","
    "\"policy-string\":[\"version: STSv1\",\"mode: testing\"],"
    "\"policy-domain\":\"company-y.example\",\"mx-host\":[\"*.mail.company-y.example\"]},"
    "\"summary\":{\"total-successful-session-count\":5326,"
    "\"total-failure-session-count\":303},"
    "\"failure-details\":[{\"result-type\":\"certificate-expired\","
    "\"sending-mta-ip\":\"2001:db8:abcd:0012::1\","
    "\"receiving-mx-hostname\":\"mx1.mail.company-y.example\","
    "\"failed-session-count\":100},"
    "{\"result-type\":\"validation-failure\",\"sending-mta-ip\":\"198.51.100.62\","
    "\"receiving-ip\":\"203.0.113.58\","
    "\"receiving-mx-hostname\":\"mx-backup.mail.company-y.example\","
    "\"failed-session-count\":3,\"failure-reason-code\":\"X509_V_ERR_PROXY\"}]}]}";

static void
reads_the_report_of_the_standard(void **state)
{
    struct report r;
    struct err e = {0};
    const struct policy *p;

    (void)state;
    report_init(&r);
    if (!decode_report(plain, strlen(plain), &r, &e))
        fail_msg("%s", e.text);
    assert_string_equal(r.organization, "Company-X");
    assert_int_equal(r.start, 1459468800);
    assert_int_equal(r.end, 1459555199);
    assert_string_equal(r.contact_info, "sts-reporting@company-x.example");
    assert_int_equal(r.policy_count, 1);
    p = &r.policies[0];
    assert_int_equal(p->type, POLICY_STS);
    assert_string_equal(p->domain, "company-y.example");
    assert_int_equal(p->policy_string_count, 2);
    assert_string_equal(p->policy_string[1], "mode: testing");
    assert_string_equal(p->mx_host[0], "*.mail.company-y.example");
    assert_int_equal(p->successful_sessions, 5326);
    assert_int_equal(p->failed_sessions, 303);
    assert_int_equal(p->detail_count, 2);
    assert_int_equal(p->details[0].result_type, RESULT_CERTIFICATE_EXPIRED);
    assert_string_equal(p->details[0].sending_mta_ip, "2001:db8:abcd:12::1");
    assert_null(p->details[0].receiving_ip);
    assert_int_equal(p->details[1].failed_sessions, 3);
    assert_string_equal(p->details[1].failure_reason_code, "X509_V_ERR_PROXY");
    /* The standard's own example writes an address that is not canonical. */
    assert_true(r.quirks == QUIRK_BIT(QUIRK_IP_FORM));
    assert_true(check_report(&r, r.end + 3600, 0, &e));
    report_clear(&r);
}

static void
names_the_member_that_is_wrong(void **state)
{
    static const struct {
        const char *json, *reason;
    } cases[] = {
        {"", "the text ends too early at byte 0"},
        {"[]", "not a JSON object"},
        {"{\"report-id\":\"a\",\"report-id\":\"a\"}", "report-id: given twice"},
        {"{\"report-id\":\"a\",\"report\\u002did\":\"a\"}", "report-id: given twice"},
        {"{\"policies\":[{},{\"policy\":5}]}", "policies: [1]: policy: not an object"},
        {"{\"date-range\":{\"start-datetime\":7}}",
         "date-range: start-datetime: not a date"},
        {"{\"report-id\":\"a\"}", "date-range: no start-datetime"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct report r;
        struct err e = {0};

        report_init(&r);
        assert_false(decode_report(cases[i].json, strlen(cases[i].json), &r, &e));
        assert_int_equal(e.kind, ERR_INPUT);
        if (strstr(e.text, cases[i].reason) == NULL)
            fail_msg("%s: %s", cases[i].json, e.text);
        assert_int_equal(r.policy_count, 0);
    }
}

/* `count` times `item`, with a comma between, in the place of %s. */
static bool
decode_many(const char *before, const char *item, size_t count, const char *after,
            struct err *e)
{
    struct report r;
    struct buf json;
    bool ok;

    buf_init(&json, 0);
    (void)buf_puts(&json, "{\"date-range\":{\"start-datetime\":\"2016-04-01\","
                          "\"end-datetime\":\"2016-04-01\"},\"policies\":[");
    (void)buf_puts(&json, before);
    for (size_t i = 0; i < count; i++)
        (void)buf_printf(&json, "%s%s", i > 0 ? "," : "", item);
    (void)buf_puts(&json, after);
    assert_true(buf_puts(&json, "]}"));
    report_init(&r);
    ok = decode_report(json.bytes, json.len, &r, e);
    report_clear(&r);
    buf_clear(&json);
    return ok;
}

static void
bounds_policies_and_details(void **state)
{
    struct err e = {0};

    (void)state;
    assert_true(decode_many("", "{}", REPORT_MAX_POLICIES, "", &e));
    assert_false(decode_many("", "{}", REPORT_MAX_POLICIES + 1, "", &e));
    assert_string_equal(e.text, "policies: [1000]: more than 1000 policies");
    err_clear(&e);
    /* Over all policies: one detail is in the first. */
    assert_true(decode_many("{\"failure-details\":[{}]},{\"failure-details\":[", "{}",
                            REPORT_MAX_DETAILS - 1, "]}", &e));
    assert_false(decode_many("{\"failure-details\":[{}]},{\"failure-details\":[", "{}",
                             REPORT_MAX_DETAILS, "]}", &e));
    assert_non_null(strstr(e.text, "more than 20000 failure details"));
}

static void
says_when_memory_runs_out(void **state)
{
    (void)state;
    for (size_t bytes = 1; bytes < 4096; bytes += 97) {
        struct report r;
        struct err e = {0};

        report_init(&r);
        r.arena.max_bytes = bytes;
        if (!decode_report(plain, strlen(plain), &r, &e))
            assert_int_equal(e.kind, ERR_AGAIN);
        report_clear(&r);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_report_of_the_standard),
        cmocka_unit_test(names_the_member_that_is_wrong),
        cmocka_unit_test(bounds_policies_and_details),
        cmocka_unit_test(says_when_memory_runs_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
