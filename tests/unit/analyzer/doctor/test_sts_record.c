/* RFC 8461 section 3, a row for each way in which a record or a policy goes wrong. */
#include "analyzer/doctor/sts_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_TEXTS = 2,
    MAX_SAID = 200,
};

static const struct {
    const char *name, *texts[MAX_TEXTS];
    bool meant; /* is there a record, or something meant to be one? */
    const char *said;
} records[] = {
    {"plain", {"v=STSv1; id=20261101;"}, true, ""},
    {"no end", {"v=STSv1;id=a"}, true, ""},
    {"id later", {"v=STSv1; x=y; id=1"}, true, ""},
    {"extension after", {"v=STSv1; id=1 ; x=y"}, true, ""},
    {"others beside", {"v=spf1 -all", "v=STSv1; id=1;"}, true, ""},
    {"none", {"v=spf1 -all"}, false, ""},
    {"two", {"v=STSv1; id=1;", "v=STSv1; id=2;"}, true, "critical sts-two-records"},
    {"capitals", {"v=stsv1; id=1;"}, true, "critical sts-record"},
    {"no id", {"v=STSv1;"}, true, "critical sts-record"},
    {"empty id", {"v=STSv1; id=;"}, true, "critical sts-record"},
    {"hyphen", {"v=STSv1; id=2026-11-01;"}, true, "critical sts-record"},
    {"32 letters", {"v=STSv1; id=12345678901234567890123456789012;"}, true, ""},
    {"33 letters",
     {"v=STSv1; id=123456789012345678901234567890123;"},
     true,
     "critical sts-record"},
    {"version goes on", {"v=STSv10; id=1;"}, true, "critical sts-record"},
};

#define ENFORCE "mode: enforce\nmx: mx.b.example\nmax_age: 604800"
#define LINES   "version: STSv1\n" ENFORCE

static const struct {
    const char *name, *text, *said;
} policies[] = {
    {"plain", LINES "\n", ""},
    {"carriage returns",
     "version: STSv1\r\nmode: enforce\r\nmx: mx.b.example\r\nmax_age: 86400\r\n", ""},
    {"blanks", "version:  STSv1 \nmode:enforce\nmx:\t*.b.example\nmax_age: 86400", ""},
    {"blank before the colon", "version : STSv1\n" ENFORCE, "critical sts-policy-syntax"},
    {"extension", LINES "\nx: y\n", ""},
    {"longest", "version: STSv1\nmode: none\nmax_age: 31557600", ""},
    {"too long", "version: STSv1\nmode: none\nmax_age: 31557601",
     "critical sts-policy-syntax"},
    {"not covered", "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 86400",
     "critical sts-mx-not-covered"},
    {"not covered, testing",
     "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 86400",
     "warning sts-mx-not-covered"},
    {"none covers nothing", "version: STSv1\nmode: none\nmax_age: 1", ""},
    {"short", "version: STSv1\nmode: enforce\nmx: mx.b.example\nmax_age: 86399",
     "warning sts-max-age"},
    {"no mode", "version: STSv1\nmx: mx.b.example\nmax_age: 86400",
     "critical sts-policy-syntax"},
    {"no mx", "version: STSv1\nmode: enforce\nmax_age: 86400",
     "critical sts-policy-syntax"},
    {"no age", "version: STSv1\nmode: enforce\nmx: mx.b.example",
     "critical sts-policy-syntax"},
    {"age of words", "version: STSv1\nmode: none\nmax_age: week",
     "critical sts-policy-syntax"},
    {"negative age", "version: STSv1\nmode: none\nmax_age: -1",
     "critical sts-policy-syntax"},
    {"other mode", "version: STSv1\nmode: Enforce\nmx: mx.b.example\nmax_age: 86400",
     "critical sts-policy-syntax"},
    {"bad line, and another", LINES "\nnonsense\nmore", "critical sts-policy-syntax"},
    {"bad pattern", LINES "\nmx: *\n", "critical sts-policy-syntax"},
    {"address", LINES "\nmx: <mx.b.example>\n", "critical sts-policy-syntax"},
    {"page", "<html>\n<b>: welcome\n</html>", "critical sts-policy-syntax"},
    {"nothing", "", "critical sts-policy-syntax"},
    {"other version", "version: STSv2\n" ENFORCE, "critical sts-policy-syntax"},
};

static void
expect(const struct complaints *l, const char *want)
{
    char out[MAX_SAID] = "";
    size_t n = 0;

    for (size_t i = 0; i < l->count; i++) {
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%s %s", i > 0 ? ", " : "",
                              severity_text(l->items[i].severity), l->items[i].check);
        assert_true(n < sizeof out);
    }
    assert_string_equal(out, want);
}

static void
reads_each_record(void **state)
{
    struct dns_answer *a = calloc(1, sizeof *a + MAX_TEXTS * sizeof *a->values);

    (void)state;
    assert_non_null(a);
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct complaints l;

        print_message("%s\n", records[i].name);
        for (a->count = 0; a->count < MAX_TEXTS && records[i].texts[a->count] != NULL;
             a->count++)
            a->values[a->count] = (struct dns_value){records[i].texts[a->count],
                                                     strlen(records[i].texts[a->count])};
        complaints_init(&l, "example");
        assert_int_equal(sts_record_read(a, "_mta-sts.example", &l), records[i].meant);
        expect(&l, records[i].said);
        complaints_clear(&l);
    }
    free(a);
}

static void
reads_each_policy(void **state)
{
    static const char *const hosts[] = {"mx.b.example"};

    (void)state;
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        struct complaints l;
        struct buf out;

        print_message("%s\n", policies[i].name);
        buf_init(&out, 0);
        complaints_init(&l, "example");
        assert_true(sts_policy_read(policies[i].text, strlen(policies[i].text),
                                    "mta-sts.example", hosts, 1, &out, &l));
        expect(&l, policies[i].said);
        complaints_clear(&l);
        buf_clear(&out);
    }
}

static void
gives_the_policy_as_it_is_compared(void **state)
{
    struct complaints l;
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    complaints_init(&l, "");
    assert_true(
        sts_policy_read(LINES "\0junk", sizeof LINES "\0junk", "", NULL, 0, &out, &l));
    assert_string_equal(out.bytes, "mode: enforce\nmx: mx.b.example\nmax_age: 604800");
    assert_int_equal(l.count, 0);
    complaints_clear(&l);
    buf_clear(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_record),
        cmocka_unit_test(reads_each_policy),
        cmocka_unit_test(gives_the_policy_as_it_is_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
