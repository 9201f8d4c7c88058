/* Whose report it is, from the best evidence to the worst. */
#include "schema/report/sender.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
finds_the_submitter(void **state)
{
    static const struct {
        const char *contact, *header, *file, *organization, *submitter, *sender;
    } cases[] = {
        {"tls@mail.example.co.uk", "other.example", "third.example", "X",
         "mail.example.co.uk", "example.co.uk"},
        {"TLS <tls@Example.NET.>", NULL, NULL, "", "example.net", "example.net"},
        {NULL, "Mail.Example.Net", NULL, "X", "mail.example.net", "example.net"},
        {NULL, "An Organisation", "mx.example.org", "X", "mx.example.org", "example.org"},
        {"not an address", NULL, "mx.example.org", "X", "mx.example.org", "example.org"},
        {NULL, NULL, NULL, "mail.example.org", "mail.example.org", "example.org"},
        {NULL, NULL, NULL, "Example GmbH", "example gmbh", "example gmbh"},
        {NULL, "An Organisation", NULL, "Example GmbH", "an organisation",
         "an organisation"},
        {"tls@localhost", NULL, NULL, "", "localhost", "localhost"},
        {"tls@co.uk", NULL, NULL, "", "co.uk", "co.uk"},
        {"tls@192.0.2.1", NULL, NULL, "", "192.0.2.1", "192.0.2.1"},
        {NULL, NULL, NULL, "", "unknown", "unknown"},
        {"", "", "", "", "unknown", "unknown"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct sender_hints hints = {cases[i].header, cases[i].file};
        struct report r;
        struct err e = {0};

        report_init(&r);
        r.contact_info = cases[i].contact;
        r.organization = cases[i].organization;
        assert_true(sender_find(&r, &hints, &e));
        assert_string_equal(r.submitter, cases[i].submitter);
        assert_string_equal(r.sender, cases[i].sender);
        report_clear(&r);
    }
}

static void
says_when_memory_runs_out(void **state)
{
    struct report r;
    struct err e = {0};

    (void)state;
    report_init(&r);
    r.arena.max_bytes = 8;
    r.contact_info = "tls-reports@mail.example.net";
    assert_false(sender_find(&r, NULL, &e));
    assert_int_equal(e.kind, ERR_AGAIN);
    report_clear(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_submitter),
        cmocka_unit_test(says_when_memory_runs_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
