/* What becomes of a body before the database is asked, and of the answer after. */
#include "collector/intake/intake.h"

#include "schema/report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define POLICY(domain)                                                                   \
    "{\"policy\":{\"policy-type\":\"sts\"" domain "},\"summary\":"                       \
    "{\"total-successful-session-count\":1,\"total-failure-session-count\":0}}"
#define OF(name) ",\"policy-domain\":\"" name "\""
#define REPORT(id, start, end, policies)                                                 \
    "{\"organization-name\":\"Org\",\"contact-info\":\"a@sender.example\","              \
    "\"report-id\":\"" id "\",\"date-range\":{\"start-datetime\":\"" start "\","         \
    "\"end-datetime\":\"" end "\"},\"policies\":[" policies "]}"
#define DAY(id, policies)                                                                \
    REPORT(id, "2026-11-22T00:00:00Z", "2026-11-22T23:59:59Z", policies)

enum {
    RECEIVED = 1795478400 /* 2026-11-24T00:00:00Z */
};

static const char ours[] = "domains = {\"example.com\", \".example.net\"}";
static const char one[] = "domains = {\"example.com\"}";

static void
sorts_out_what_comes(void **state)
{
    static const struct {
        const char *name, *conf, *body, *path_domain;
        enum verdict verdict;
        enum status status; /* if VERDICT_PENDING */
        const char *domain; /* of the first policy kept */
        const char *reason; /* part of it */
    } cases[] = {
        {"ours", ours, DAY("1", POLICY(OF("example.com"))), NULL, VERDICT_PENDING,
         STATUS_ACCEPTED, "example.com", ""},
        {"below ours", ours, DAY("1", POLICY(OF("Mail.Example.net."))), NULL,
         VERDICT_PENDING, STATUS_ACCEPTED, "mail.example.net", ""},
        {"not ours", ours, DAY("1", POLICY(OF("evil.example"))), NULL, VERDICT_NOT_OURS,
         0, NULL, "evil.example is not ours"},
        {"some ours", ours,
         DAY("1", POLICY(OF("evil.example")) "," POLICY(OF("example.com"))), NULL,
         VERDICT_PENDING, STATUS_ACCEPTED, "example.com", ""},
        {"anybody's", "", DAY("1", POLICY(OF("evil.example"))), NULL, VERDICT_PENDING,
         STATUS_ACCEPTED, "evil.example", ""},
        {"domain from the path", ours, DAY("1", POLICY("")), "example.com",
         VERDICT_PENDING, STATUS_ACCEPTED, "example.com", ""},
        {"foreign domain from the path", ours, DAY("1", POLICY("")), "evil.example",
         VERDICT_NOT_OURS, 0, NULL, "not ours"},
        {"domain from the report-id", ours,
         DAY("2026-11-22_idx1_Example.com", POLICY("")), NULL, VERDICT_PENDING,
         STATUS_ACCEPTED, "example.com", ""},
        {"the only domain", one, DAY("1", POLICY("")), NULL, VERDICT_PENDING,
         STATUS_ACCEPTED, "example.com", ""},
        {"no domain at all", ours, DAY("1", POLICY("")), NULL, VERDICT_PENDING,
         STATUS_QUARANTINED, NULL, "no policy-domain"},
        {"no policies", ours, DAY("1", ""), NULL, VERDICT_PENDING, STATUS_QUARANTINED,
         NULL, "polic"},
        {"years away", ours,
         REPORT("1", "2006-11-22T00:00:00Z", "2006-11-22T23:59:59Z",
                POLICY(OF("example.com"))),
         NULL, VERDICT_PENDING, STATUS_QUARANTINED, NULL, ""},
        {"broken JSON", ours, "{\"organization-name\":", NULL, VERDICT_PENDING,
         STATUS_QUARANTINED, NULL, ""},
        {"broken gzip", ours, "\x1f\x8b\x08", NULL, VERDICT_PENDING, STATUS_QUARANTINED,
         NULL, ""},
        {"nothing we know", ours, "hello", NULL, VERDICT_UNRECOGNIZED, 0, NULL, ""},
        {"too big", "intake { max_inflated_bytes = 1024 }", NULL, NULL, VERDICT_TOO_BIG,
         0, NULL, ""},
    };
    static char big[2048];

    (void)state;
    memset(big, ' ', sizeof big - 1);
    big[0] = '{';
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *body = cases[i].body != NULL ? cases[i].body : big;
        struct delivery d = {.transport = TRANSPORT_HTTPS,
                             .bytes = body,
                             .byte_count = strlen(body),
                             .received = RECEIVED,
                             .peer = "192.0.2.9",
                             .peer_name = "",
                             .policy_domain = cases[i].path_domain};
        struct settings s;
        struct err e = {0};
        const char *reason;

        assert_true(settings_parse("t", cases[i].conf, &s, &e));
        intake_prepare(&s, &d);
        reason = d.verdict == VERDICT_PENDING ? d.submissions[0].reason : d.reason;
        if (d.verdict != cases[i].verdict ||
            d.submission_count != (d.verdict == VERDICT_PENDING ? 1 : 0) ||
            (cases[i].reason != NULL && strstr(reason, cases[i].reason) == NULL))
            fail_msg("%s: %s: %s", cases[i].name, verdict_find(d.verdict)->label, reason);
        if (d.verdict == VERDICT_PENDING) {
            assert_int_equal(d.submissions[0].status, cases[i].status);
            assert_string_equal(d.submissions[0].source, "192.0.2.0/24");
        }
        if (cases[i].domain != NULL) {
            assert_string_equal(d.submissions[0].report->policies[0].domain,
                                cases[i].domain);
            assert_int_equal(d.submissions[0].tier, TIER_UNVERIFIED);
        }
        for (size_t k = 0; k < d.submission_count; k++)
            d.submissions[k].outcome = OUTCOME_STORED;
        intake_finish(&d);
        settings_clear(&s);
    }
}

static void
a_quarantined_report_names_each_domain_once(void **state)
{
    static const char body[] =
        REPORT("1", "2026-11-22T00:00:00Z", "2026-11-21T00:00:00Z",
               POLICY(OF("mail.example.com")) "," POLICY(OF("example.com")) "," POLICY(
                   OF("mail.example.com")) "," POLICY(OF("example.co")));
    struct delivery d = {.transport = TRANSPORT_HTTPS,
                         .bytes = body,
                         .byte_count = sizeof body - 1,
                         .received = RECEIVED,
                         .peer = "",
                         .peer_name = ""};
    struct settings s;
    struct err e = {0};

    (void)state;
    assert_true(settings_parse("t", "", &s, &e));
    intake_prepare(&s, &d);
    assert_int_equal(d.submission_count, 1);
    assert_string_equal(d.submissions[0].policy_domains_hint,
                        "mail.example.com example.com example.co");
    d.submissions[0].outcome = OUTCOME_QUARANTINED;
    intake_finish(&d);
    settings_clear(&s);
}

static void
the_best_outcome_counts_but_trouble_wins(void **state)
{
    static const struct {
        enum outcome outcomes[3];
        enum verdict want;
    } cases[] = {
        {{OUTCOME_STORED, OUTCOME_QUARANTINED, OUTCOME_DUPLICATE}, VERDICT_STORED},
        {{OUTCOME_QUARANTINED, OUTCOME_CONFLICT, OUTCOME_IGNORED}, VERDICT_DUPLICATE},
        {{OUTCOME_IGNORED, OUTCOME_QUARANTINED, OUTCOME_IGNORED}, VERDICT_QUARANTINED},
        {{OUTCOME_IGNORED, OUTCOME_IGNORED, OUTCOME_IGNORED}, VERDICT_IGNORED},
        {{OUTCOME_STORED, OUTCOME_AGAIN, OUTCOME_STORED}, VERDICT_AGAIN},
        {{OUTCOME_PENDING, OUTCOME_STORED, OUTCOME_STORED}, VERDICT_AGAIN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct delivery d = {0};

        arena_init(&d.arena, 0);
        d.submissions = arena_array(&d.arena, 3, sizeof *d.submissions);
        assert_non_null(d.submissions);
        d.submission_count = 3;
        for (size_t k = 0; k < 3; k++)
            d.submissions[k] =
                (struct submission){.outcome = cases[i].outcomes[k], .reason = "why"};
        intake_finish(&d);
        assert_int_equal(d.verdict, cases[i].want);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sorts_out_what_comes),
        cmocka_unit_test(a_quarantined_report_names_each_domain_once),
        cmocka_unit_test(the_best_outcome_counts_but_trouble_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
