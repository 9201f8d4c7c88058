/* RFC 8460 section 3, a row for each way in which a record goes wrong: what is said, and
 * which URIs are left to send to. */
#include "analyzer/doctor/tlsrpt_record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_TEXTS = 3,
    MAX_SAID = 200,
};

static const struct {
    const char *name, *texts[MAX_TEXTS], *said, *uris;
} cases[] = {
    {"mail", {"v=TLSRPTv1; rua=mailto:a@b.example"}, "", "mailto:a@b.example"},
    {"both",
     {"v=TLSRPTv1;rua=https://r.example/x,mailto:a@b.example;"},
     "",
     "https://r.example/x mailto:a@b.example"},
    {"blanks around",
     {"v=TLSRPTv1; \trua=mailto:a@b.example , https://r.example \t;"},
     "",
     "mailto:a@b.example https://r.example"},
    {"schemes in capitals",
     {"v=TLSRPTv1; rua=MAILTO:a@b.example"},
     "",
     "MAILTO:a@b.example"},
    {"extensions",
     {"v=TLSRPTv1; a=b; rua=mailto:a@b.example; a-1_.x=!,/?"},
     "",
     "mailto:a@b.example"},
    {"others beside",
     {"v=spf1 -all", "v=TLSRPTv1; rua=mailto:a@b.example", ""},
     "",
     "mailto:a@b.example"},
    {"others alone", {"v=spf1 -all"}, "critical tlsrpt-foreign", ""},
    {"two",
     {"v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1; rua=mailto:a@b.example"},
     "critical tlsrpt-two-records",
     ""},
    {"two, one of them broken",
     {"v=TLSRPTv1;", "v=TLSRPTv1; rua=mailto:a@b.example"},
     "critical tlsrpt-two-records",
     ""},
    {"capitals",
     {"V=TLSRPTV1; rua=mailto:a@b.example"},
     "critical tlsrpt-not-recognised",
     ""},
    {"later version",
     {"v=TLSRPTv2; rua=mailto:a@b.example"},
     "critical tlsrpt-not-recognised",
     ""},
    {"no semicolon",
     {"v=TLSRPTv1 rua=mailto:a@b.example"},
     "critical tlsrpt-not-recognised",
     ""},
    {"version alone", {"v=TLSRPTv1"}, "critical tlsrpt-not-recognised", ""},
    {"nothing else", {"v=TLSRPTv1;"}, "critical tlsrpt-no-rua", ""},
    {"empty rua", {"v=TLSRPTv1; rua="}, "critical tlsrpt-scheme", ""},
    {"rua in capitals",
     {"v=TLSRPTv1; RUA=mailto:a@b.example"},
     "critical tlsrpt-no-rua",
     ""},
    {"rua twice",
     {"v=TLSRPTv1; rua=mailto:a@b.example; rua=mailto:c@b.example"},
     "warning tlsrpt-rua-twice",
     "mailto:a@b.example mailto:c@b.example"},
    {"no value",
     {"v=TLSRPTv1; rua=mailto:a@b.example; x="},
     "critical tlsrpt-syntax",
     "mailto:a@b.example"},
    {"two semicolons",
     {"v=TLSRPTv1;; rua=mailto:a@b.example"},
     "critical tlsrpt-syntax",
     "mailto:a@b.example"},
    {"name too long",
     {"v=TLSRPTv1; rua=mailto:a@b.example; a23456789012345678901234567890123=x"},
     "critical tlsrpt-syntax",
     "mailto:a@b.example"},
    {"name just so",
     {"v=TLSRPTv1; rua=mailto:a@b.example; a2345678901234567890123456789012=x"},
     "",
     "mailto:a@b.example"},
    {"https only",
     {"v=TLSRPTv1; rua=https://r.example/x"},
     "warning tlsrpt-no-mailto",
     "https://r.example/x"},
    {"https and a broken mailto",
     {"v=TLSRPTv1; rua=https://r.example/x,mailto:a"},
     "warning tlsrpt-mailto",
     "https://r.example/x"},
    {"ftp", {"v=TLSRPTv1; rua=ftp://r.example/x"}, "critical tlsrpt-scheme", ""},
    {"size", {"v=TLSRPTv1; rua=mailto:a@b.example!10m"}, "critical tlsrpt-unescaped", ""},
    {"two at", {"v=TLSRPTv1; rua=mailto:a@b@c.example"}, "critical tlsrpt-mailto", ""},
    {"no local part",
     {"v=TLSRPTv1; rua=mailto:@c.example"},
     "critical tlsrpt-mailto",
     ""},
    {"one label", {"v=TLSRPTv1; rua=mailto:a@localhost"}, "critical tlsrpt-mailto", ""},
    {"at in the query",
     {"v=TLSRPTv1; rua=mailto:a@b.example?cc=c@d.example"},
     "",
     "mailto:a@b.example?cc=c@d.example"},
    {"bad escape",
     {"v=TLSRPTv1; rua=mailto:a%2@b.example"},
     "critical tlsrpt-mailto",
     ""},
    {"escape at the end",
     {"v=TLSRPTv1; rua=mailto:a@b.example%2"},
     "critical tlsrpt-mailto",
     ""},
    {"no host", {"v=TLSRPTv1; rua=https:///x"}, "critical tlsrpt-https", ""},
    {"open bracket", {"v=TLSRPTv1; rua=https://[::1"}, "critical tlsrpt-https", ""},
    {"no slashes", {"v=TLSRPTv1; rua=https:r.example"}, "critical tlsrpt-https", ""},
    {"user", {"v=TLSRPTv1; rua=https://u:p@r.example/"}, "critical tlsrpt-https", ""},
    {"port 0", {"v=TLSRPTv1; rua=https://r.example:0/"}, "critical tlsrpt-https", ""},
    {"port too big",
     {"v=TLSRPTv1; rua=https://r.example:65536/"},
     "critical tlsrpt-https",
     ""},
    {"angle brackets",
     {"v=TLSRPTv1; rua=<mailto:a@b.example>"},
     "critical tlsrpt-scheme",
     ""},
    {"not ASCII",
     {"v=TLSRPTv1; rua=mailto:\xC3\xA4@b.example"},
     "critical tlsrpt-mailto",
     ""},
};

/* "severity check, severity check" */
static void
join(const struct complaints *l, char out[MAX_SAID])
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < l->count; i++) {
        n += (size_t)snprintf(out + n, MAX_SAID - n, "%s%s %s", i > 0 ? ", " : "",
                              severity_text(l->items[i].severity), l->items[i].check);
        assert_true(n < MAX_SAID);
        assert_string_equal(l->items[i].domain, "b.example");
        assert_string_equal(l->items[i].subject, "_smtp._tls.b.example");
        assert_true(*l->items[i].what != '\0' && *l->items[i].fix != '\0');
    }
}

static struct dns_answer *
answer(const char *const texts[MAX_TEXTS], unsigned ttl_s)
{
    struct dns_answer *a = calloc(1, sizeof *a + MAX_TEXTS * sizeof *a->values);

    assert_non_null(a);
    a->ttl_s = ttl_s;
    for (; a->count < MAX_TEXTS && texts[a->count] != NULL; a->count++)
        a->values[a->count] =
            (struct dns_value){texts[a->count], strlen(texts[a->count])};
    return a;
}

static void
check(const char *const texts[MAX_TEXTS], unsigned ttl_s, const char *want,
      const char *uris)
{
    struct tlsrpt_record *record = malloc(sizeof *record);
    struct dns_answer *a = answer(texts, ttl_s);
    char said[MAX_SAID], left[2048] = "";
    struct complaints l;

    assert_non_null(record);
    complaints_init(&l, "b.example");
    tlsrpt_record_read(a, "_smtp._tls.b.example", record, &l);
    join(&l, said);
    for (size_t i = 0; i < record->uri_count; i++) {
        strcat(left, i > 0 ? " " : "");
        strcat(left, record->uris[i].text);
    }
    assert_string_equal(said, want);
    if (uris != NULL)
        assert_string_equal(left, uris);
    complaints_clear(&l);
    free(record);
    free(a);
}

static void
reads_each_record(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("%s\n", cases[i].name);
        check(cases[i].texts, 86400, cases[i].said, cases[i].uris);
    }
}

static void
advises_on_ttl_and_length(void **state)
{
    static const char plain[] = "v=TLSRPTv1; rua=mailto:a@b.example";
    char text[TLSRPT_MAX_BYTES + 2];
    const char *const texts[] = {text, NULL, NULL};

    (void)state;
    strcpy(text, plain);
    check(texts, TLSRPT_MIN_TTL_S, "", NULL);
    check(texts, TLSRPT_MIN_TTL_S - 1, "info tlsrpt-ttl", NULL);
    memset(text, 'x', sizeof text);
    memcpy(text, plain, strlen(plain));
    memcpy(text + strlen(plain), "; x=", 4);
    text[TLSRPT_MAX_BYTES] = '\0';
    check(texts, 86400, "", NULL);
    text[TLSRPT_MAX_BYTES] = 'x';
    text[TLSRPT_MAX_BYTES + 1] = '\0';
    check(texts, 86400, "info tlsrpt-long", NULL);
}

static void
passes_over_uris_beyond_its_limit(void **state)
{
    char text[40 * (TLSRPT_MAX_URIS + 2)] = "v=TLSRPTv1; rua=mailto:a@b.example";
    struct tlsrpt_record *record = malloc(sizeof *record);
    const char *const texts[] = {text, NULL, NULL};
    struct dns_answer *a;
    struct complaints l;

    (void)state;
    assert_non_null(record);
    for (int i = 0; i < TLSRPT_MAX_URIS; i++)
        strcat(text, ",mailto:a@b.example");
    a = answer(texts, 86400);
    complaints_init(&l, "");
    tlsrpt_record_read(a, "_smtp._tls.b.example", record, &l);
    assert_int_equal(record->uri_count, TLSRPT_MAX_URIS);
    assert_int_equal(l.count, 0);
    complaints_clear(&l);
    free(record);
    free(a);
}

static const struct {
    const char *uri, *host, *path;
    unsigned port;
} places[] = {
    {"https://R.example/v1/tlsrpt?x#y", "r.example", "/v1/tlsrpt?x#y", 443},
    {"https://r.example:8443", "r.example", "", 8443},
    {"https://[2001:db8::1]/x", "2001:db8::1", "/x", 443},
    {"https://[2001:db8::1]:8443/x", "2001:db8::1", "/x", 8443},
    {"mailto:A@B.example?x", "b.example", NULL, 0},
};

static void
takes_a_uri_apart(void **state)
{
    struct complaints l;

    (void)state;
    complaints_init(&l, "");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct tlsrpt_uri uri;

        assert_true(tlsrpt_uri_read(places[i].uri, strlen(places[i].uri), "", &uri, &l));
        assert_string_equal(uri.host, places[i].host);
        assert_int_equal(uri.port, places[i].port);
        if (places[i].path != NULL)
            assert_string_equal(uri.path, places[i].path);
    }
    assert_int_equal(l.count, 0);
    complaints_clear(&l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_each_record),
        cmocka_unit_test(advises_on_ttl_and_length),
        cmocka_unit_test(passes_over_uris_beyond_its_limit),
        cmocka_unit_test(takes_a_uri_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
