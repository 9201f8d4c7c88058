/* What a header says is text of a stranger: read when it is plain, compared with the
 * report, never more. */
#include "collector/mail/mail_hints.h"

#include "base/text.h"
#include "collector/mail/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *header;
    const char *domain, *submitter, *subject, *source;
} cases[] = {
    {"TLS-Report-Domain: Example.ORG\r\nTLS-Report-Submitter: example.net\r\n"
     "Subject: Report Domain: a.example Submitter: b.example Report-ID: <1@b>\r\n"
     "Received: from x (x [203.0.113.9]) by y\r\nReceived: from [192.0.2.1]\r\n",
     "example.org", "example.net", "a.example", "203.0.113.9"},
    {"tls-report-domain:\r\n example.org \r\nsubject: Re: REPORT "
     "DOMAIN:\r\n\ta.example\r\n",
     "example.org", NULL, "a.example", ""},
    {"TLS-Report-Domain: exa mple.org\r\nTLS-Report-Submitter:\r\nSubject: hello\r\n",
     NULL, NULL, NULL, ""},
    {"TLS-Report-Domain: \xff.org\r\nTLS-Report-Submitter: Example Inc.\r\n", NULL, NULL,
     NULL, ""},
    {"TLS-Report-Domain: \x1b[31m\r\nReceived: from x ([IPv6:2001:db8::1]) by y\r\n",
     NULL, NULL, NULL, "2001:db8::1"},
    {"Received: from x (x [not an address]) by y\r\nReceived: from [192.0.2.1]\r\n", NULL,
     NULL, NULL, ""},
    {"Received: from x [203.0.113.9\r\n", NULL, NULL, NULL, ""},
    {"\r\n", NULL, NULL, NULL, ""},
};

static void
same(const char *got, const char *want)
{
    if (want == NULL)
        assert_null(got);
    else
        assert_string_equal(got == NULL ? "(null)" : got, want);
}

static void
reads_what_the_header_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mail_hints h;
        struct message m;
        struct arena a;
        struct err e = {0};

        arena_init(&a, 0);
        assert_true(message_parse(&a, cases[i].header, strlen(cases[i].header), &m, &e));
        assert_true(mail_hints_read(&a, &m, &h, &e));
        same(h.policy_domain, cases[i].domain);
        same(h.submitter, cases[i].submitter);
        same(h.subject_domain, cases[i].subject);
        same(h.source, cases[i].source);
        arena_clear(&a);
    }
}

static void
notes_what_disagrees(void **state)
{
    enum {
        DISAGREE = 1,
        MISMATCH = 2
    };
    static const struct {
        struct mail_hints hints;
        struct mail_filename name;
        int want;
    } rows[] = {
        {{NULL, NULL, NULL, ""}, {NULL, NULL, -1}, 0},
        {{"example.org", "example.net", "example.org", ""},
         {"x", "example.org", 1000000},
         0},
        {{"example.com", NULL, NULL, ""}, {NULL, NULL, -1}, DISAGREE},
        {{NULL, NULL, "example.com", ""}, {NULL, NULL, -1}, DISAGREE},
        {{NULL, NULL, NULL, ""}, {"x", "example.com", -1}, DISAGREE},
        {{NULL, NULL, NULL, ""},
         {"x", "example.org", 1000000 - REPORT_LONG_WINDOW_S - 1},
         DISAGREE},
        {{NULL, "other.example", NULL, ""}, {NULL, NULL, -1}, MISMATCH},
        {{"Second.Example", "EXAMPLE.net", NULL, ""}, {NULL, NULL, -1}, 0},
    };
    struct policy policies[] = {{.domain = "example.org"}, {.domain = "second.example"}};
    struct report r = {.policies = policies,
                       .policy_count = 2,
                       .contact_info = "a@example.net",
                       .submitter = "example.net",
                       .start = 1000000,
                       .end = 1086399};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        quirk_set want =
            (rows[i].want & DISAGREE ? QUIRK_BIT(QUIRK_HEADERS_DISAGREE) : 0) |
            (rows[i].want & MISMATCH ? QUIRK_BIT(QUIRK_SUBMITTER_MISMATCH) : 0);

        if (mail_hints_compare(&rows[i].hints, &rows[i].name, &r) != want)
            fail_msg("row %zu", i);
    }
}

static void
cleans_a_text_for_a_reason(void **state)
{
    char longest[600];
    const char *clean;
    struct arena a;

    (void)state;
    arena_init(&a, 0);
    assert_string_equal(mail_hints_clean(&a, "a\x1b[1m\xff"), "a\\x1b[1m\\xff");
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(strlen(mail_hints_clean(&a, longest)), 255);
    for (size_t i = 0; i + 2 < sizeof longest; i += 2)
        memcpy(longest + i, "\xc3\xa9", 2);
    clean = mail_hints_clean(&a, longest);
    assert_true(text_is_utf8(clean, strlen(clean)));
    assert_in_range(strlen(clean), 250, 255);
    assert_string_equal(mail_hints_clean(&a, ""), "");
    arena_clear(&a);
}

static void
reads_filenames(void **state)
{
    static const struct {
        const char *name, *submitter, *domain;
        int64_t begin;
    } names[] = {
        {"example.net!example.org!1772323200!1772409599.json.gz", "example.net",
         "example.org", 1772323200},
        {"Example.NET!example.org!1!2!003.json", "example.net", "example.org", 1},
        {"a!b!c.json", "a", "b", -1},
        {"a!b!9999999999999!1.json", "a", "b", -1},
        {"report.json", NULL, NULL, -1},
        {"a!b", NULL, NULL, -1},
        {"!b!1!2.json", NULL, NULL, -1},
        {"a!!1!2.json", NULL, NULL, -1},
        {"", NULL, NULL, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct mail_filename f;
        struct arena a;
        struct err e = {0};

        arena_init(&a, 0);
        assert_true(mail_hints_filename(&a, names[i].name, &f, &e));
        if (names[i].submitter == NULL) {
            assert_null(f.submitter);
            assert_null(f.policy_domain);
        } else {
            assert_string_equal(f.submitter, names[i].submitter);
            assert_string_equal(f.policy_domain, names[i].domain);
        }
        assert_int_equal(f.begin, names[i].begin);
        arena_clear(&a);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_the_header_says),
        cmocka_unit_test(reads_filenames),
        cmocka_unit_test(notes_what_disagrees),
        cmocka_unit_test(cleans_a_text_for_a_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
