/* The example messages of RFC 6376 (appendix A) and RFC 8463 (appendix A) verify, one
 * changed byte and they do not; and every rule about a signature or a key record that is
 * told without arithmetic has a row. */
#include "collector/dkim/dkim.h"

#include "base/buf.h"
#include "collector/dkim/dkim_canon.h"
#include "collector/dkim/dkim_cover.h"
#include "collector/dkim/dkim_header.h"
#include "collector/dkim/dkim_key.h"
#include "collector/dkim/dkim_tags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RSA_8463                                                                         \
    "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3id"   \
    "Y6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj"  \
    "+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
/* The same as a bare RSAPublicKey. */
#define RSA_8463_BARE                                                                    \
    "p=MIGJAoGBAOQeU5CgFPNZGIazlXo2k/eJ1jpaTTxrmqF1HrDLlt04pvaMtCJj8nXoliLRC/"           \
    "H9vJjMI1vdb3XLcW60AIN/PBD8EL97/y4GwJH7LPUvGP48vqUe+owqszesbiGy1PlCO8c70/OjF"        \
    "nJVgvMF87YR4Lcincb7aSvI5MgpP6X8rjDdAgMBAAE="
#define ED25519_8463 "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define RSA_6376                                                                         \
    "v=DKIM1; "                                                                          \
    "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1"         \
    "fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/"                            \
    "RtdC2UzJ1lWT947qR+Rcac2gbto/"                                                       \
    "NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"

enum {
    NOW = 1528637909
};

static char *
slurp(const char *name, size_t *n)
{
    char path[512], *bytes = malloc(1 << 20);
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/unit/collector/dkim/%s", TESTS_DIR, name);
    f = fopen(path, "rb");
    assert_non_null(f);
    assert_non_null(bytes);
    *n = fread(bytes, 1, 1 << 20, f);
    (void)fclose(f);
    return bytes;
}

static struct dns_answer *
answer(const char *text)
{
    struct dns_answer *a = malloc(sizeof *a + sizeof *a->values);

    assert_non_null(a);
    a->status = DNS_FOUND;
    a->count = 1;
    a->values[0] = (struct dns_value){text, strlen(text)};
    return a;
}

/* The reason why the which-th signature does not count; "" if it does. */
static const char *
judge(struct arena *a, const char *mail, size_t n, size_t which, const char *key,
      const char **note)
{
    struct dns_answer *keys = answer(key);
    struct dkim_result r;
    struct dkim_plan plan;
    struct message m;
    struct dkim_check check = {.arena = a, .message = &m, .framed = true};
    struct err e = {0};

    assert_true(message_parse(a, mail, n, &m, &e));
    assert_true(dkim_plan_make(a, &m, "example.com", NOW, &plan, &e));
    assert_true(which < plan.count);
    assert_true(dkim_verify(&check, &plan.tried[which], keys, &r, &e));
    free(keys);
    assert_int_equal(r.status == DKIM_PASS, r.reason[0] == '\0');
    if (note != NULL)
        *note = r.note;
    return r.reason;
}

static void
examples_of_the_standards_verify(void **state)
{
    static const struct {
        const char *file;
        size_t which;
        const char *key, *note;
    } cases[] = {
        {"rfc6376.eml", 0, RSA_6376, "key has less than 2048 bits"},
        {"rfc8463.eml", 0, ED25519_8463, ""},
        {"rfc8463.eml", 1, RSA_8463, "key has less than 2048 bits"},
        {"rfc8463.eml", 1, RSA_8463_BARE, "key has less than 2048 bits"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        const char *note;
        size_t n;
        char *mail = slurp(cases[i].file, &n);

        arena_init(&a, 0);
        assert_string_equal(judge(&a, mail, n, cases[i].which, cases[i].key, &note), "");
        assert_string_equal(note, cases[i].note);
        arena_clear(&a);
        free(mail);
    }
}

static void
a_changed_letter_does_not(void **state)
{
    static const struct {
        const char *from, *to, *reason;
    } cases[] = {
        {"hungry", "Hungry", "body was changed (bh=)"},
        {"Is dinner", "Is  dinner", ""}, /* relaxed */
        {"Is dinner", "Is Dinner", "signature does not match"},
        {"ready?", "ready!", "signature does not match"},
        {"Joe.\n", "Joe.\n\n\n", ""}, /* empty lines at the end */
        {"Joe.\n", "Joe. \n", ""},
        {"Joe.\n", "Joe.\nPS", "body was changed (bh=)"},
        {"t=1528637909; h=from", "t=1528637908; h=from", "signature does not match"},
        {"From: Joe", "From: Eve <eve@example.net>\nFrom: Joe", "more than one From"},
        {"From: Joe", "from\t: Joe", "header has a line that is no field"},
        {"From: Joe", "FROM: Joe", ""}, /* relaxed */
        {"Subject:", "Subject: other\nSubject:", "more than one Subject"},
        {"Date:", "Content-Type: text/plain\nContent-Type: text/html\nDate:",
         "more than one Content-Type"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        size_t n, before;
        char *mail = slurp("rfc8463.eml", &n), *at, *changed = calloc(1, n + 1024);

        arena_init(&a, 0);
        mail[n] = '\0';
        /* the second signature stands between the first and the place looked for */
        at = strstr(strstr(mail, "s=test"), cases[i].from);
        assert_non_null(at);
        assert_non_null(changed);
        before = (size_t)(at - mail);
        (void)snprintf(changed, n + 1024, "%.*s%s%s", (int)before, mail, cases[i].to,
                       at + strlen(cases[i].from));
        assert_string_equal(judge(&a, changed, strlen(changed), 1, RSA_8463, NULL),
                            cases[i].reason);
        arena_clear(&a);
        free(mail);
        free(changed);
    }
}

#define GOOD_TAGS(more)                                                                  \
    "v=1; a=rsa-sha256; d=example.net; s=s1; h=From:To; "                                \
    "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; b=AAAA" more

static void
tells_what_is_wrong_with_a_signature(void **state)
{
    static const char hash[] = "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; ";
    static const struct {
        const char *value, *flaw; /* "%" stands for a good bh= */
    } cases[] = {
        {GOOD_TAGS(""), NULL},
        {GOOD_TAGS(";"), NULL},
        {GOOD_TAGS("; x=1528637908; t=1528630000"), NULL},
        {GOOD_TAGS("; unknown=1"), NULL},
        {GOOD_TAGS("; q=foo:dns/txt"), NULL},
        {GOOD_TAGS("; i=joe@mail.example.net"), NULL},
        {GOOD_TAGS("; c=relaxed"), NULL},
        {GOOD_TAGS("; c=relaxed/simple"), NULL},
        {GOOD_TAGS("; l=10"),
         "l= leaves a part of the body unsigned (RFC 8460 section 3)"},
        {GOOD_TAGS("; x=1528537908"), "expired (x=)"},
        {GOOD_TAGS("; x=1528637909; t=1528637909"), "x= is no time after t="},
        {GOOD_TAGS("; t=1528737909"), "t= is in the future"},
        {GOOD_TAGS("; t=-1"), "t= is no time"},
        {GOOD_TAGS("; t=1528637909000"), "t= or x= is out of range"},
        {GOOD_TAGS("; q=dns/other"), "q= does not offer dns/txt"},
        {GOOD_TAGS("; i=joe@example.com"), "i= is not within d="},
        {GOOD_TAGS("; i=joe@badexample.net"), "i= is not within d="},
        {GOOD_TAGS("; i=joe"), "i= has no @"},
        {GOOD_TAGS("; c=relaxed/nofws"), "c= is not a canonicalization we know"},
        {GOOD_TAGS("; c="), "c= is not a canonicalization we know"},
        {GOOD_TAGS("; b=AAAA"), "a tag given twice"},
        {GOOD_TAGS("; ;"), "a tag without value"},
        {GOOD_TAGS("; 1=2"), "not a list of tags"},
        {"", "no tag at all"},
        {"a=rsa-sha256; d=example.net; s=s; h=From; % b=AAAA", "v= is not 1"},
        {"v=2; a=rsa-sha256; d=example.net; s=s; h=From; % b=AAAA", "v= is not 1"},
        {"v=1; a=rsa-sha1; d=example.net; s=s; h=From; % b=AAAA",
         "rsa-sha1 is not accepted (RFC 8301)"},
        {"v=1; a=dsa-sha256; d=example.net; s=s; h=From; % b=AAAA",
         "a= is not an algorithm we know"},
        {"v=1; d=example.net; s=s; h=From; % b=AAAA", "a= is missing"},
        {"v=1; a=rsa-sha256; d=net; s=s; h=From; % b=AAAA", "d= is no domain"},
        {"v=1; a=rsa-sha256; s=s; h=From; % b=AAAA", "d= is no domain"},
        {"v=1; a=rsa-sha256; d=-a.example.net; s=s; h=From; % b=AAAA", "d= is no domain"},
        {"v=1; a=rsa-sha256; d=a..example.net; s=s; h=From; % b=AAAA", "d= is no domain"},
        {"v=1; a=rsa-sha256; d=exa mple.net; s=s; h=From; % b=AAAA", "d= is no domain"},
        {"v=1; a=rsa-sha256; d=example.net; h=From; % b=AAAA", "s= is no selector"},
        {"v=1; a=rsa-sha256; d=example.net; s=s/t; h=From; % b=AAAA",
         "s= is no selector"},
        {"v=1; a=rsa-sha256; d=example.net; s=s; h=To; % b=AAAA", "From is not signed"},
        {"v=1; a=rsa-sha256; d=example.net; s=s; h=From::To; % b=AAAA",
         "h= is missing or has an empty name"},
        {"v=1; a=rsa-sha256; d=example.net; s=s; % b=AAAA",
         "h= is missing or has an empty name"},
        {"v=1; a=rsa-sha256; d=example.net; s=s; h=From; b=AAAA", "bh= is missing"},
        {"v=1; a=rsa-sha256; d=example.net; s=s; h=From; bh=AAAA; b=AAAA",
         "bh= is no SHA-256 hash"},
        {"v=1; a=rsa-sha256; d=example.net; s=s; h=From; %", "b= is missing"},
        {"v=1; a=rsa-sha256; d=example.net; s=s; h=From; % b=", "b= is no signature"},
        {"v=1; a=rsa-sha256; d=example.net; s=s; h=From; % b=AAA", "b= is no signature"},
        {"v=1; a=rsa-sha256; d=example.net; s=s; h=From; % b=A*AA", "b= is no signature"},
        {"v=1; a=rsa-sha256; d=example.net; s=s; h=From; % b=AA=A", "b= is no signature"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *percent = strchr(cases[i].value, '%');
        char value[1024];
        struct dkim_signature s;
        struct arena a;
        struct err e = {0};
        struct message_field f = {
            .name = "DKIM-Signature", .name_len = 14, .value = value};

        (void)snprintf(value, sizeof value, "%.*s%s%s",
                       percent == NULL ? 1000 : (int)(percent - cases[i].value),
                       cases[i].value, percent == NULL ? "" : hash,
                       percent == NULL ? "" : percent + 1);
        f.value_len = strlen(value);
        arena_init(&a, 0);
        assert_true(dkim_header_parse(&a, &f, NOW, &s, &e));
        if (cases[i].flaw == NULL)
            assert_null(s.flaw);
        else
            assert_string_equal(s.flaw == NULL ? "" : s.flaw, cases[i].flaw);
        arena_clear(&a);
    }
}

static void
reads_every_form_of_key(void **state)
{
    static const struct {
        const char *text;
        bool strict;
        const char *flaw, *note;
    } cases[] = {
        {"p=AAAA", false, NULL, ""},
        {"v=DKIM1;p=AAAA", true, NULL, ""},
        {"v=DKIM1; k=rsa; s=*; p=AAAA", true, NULL, ""},
        {"v=DKIM1; s=tlsrpt; p=AAAA", true, NULL, ""},
        {"v=DKIM1; s=TLSRPT; p=AAAA", true, NULL, ""},
        {"v=DKIM1; s=tlsrpt:email; p=AAAA", true, NULL, ""},
        {"v=DKIM1; s=email : tlsrpt ; p=AAAA", true, NULL, ""},
        {"v=DKIM1; s=foo:*; p=AAAA", true, NULL, ""},
        {"v=DKIM1; s=email; p=AAAA", false, NULL, "key is for email only"},
        {"v=DKIM1; s=email; p=AAAA", true,
         "key is for email only (s=) and tlsrpt is demanded", NULL},
        {"v=DKIM1; s=foo; p=AAAA", false, "key is for another service (s=)", NULL},
        {"v=DKIM1; s=; p=AAAA", false, "key is for another service (s=)", NULL},
        {"v=DKIM1; s=tlsrptx:xemail; p=AAAA", false, "key is for another service (s=)",
         NULL},
        {"v=DKIM1; p=", false, "key is revoked", NULL},
        {"v=DKIM1; k=rsa", false, "no key in the record (p=)", NULL},
        {"v=DKIM1; p=AA*A", false, "key is not base64", NULL},
        {"v=DKIM1; p=AA AA\tAA AA", false, NULL, ""},
        {"v=DKIM1; t=y; p=AAAA", false, NULL, ""},
        {"v=DKIM1; t=s : y; p=AAAA", false, NULL, ""},
        {"v=DKIM1; t=s; p=AAAA", false, NULL, ""},
        {"v=DKIM1; t=z; p=AAAA", false, NULL, ""},
        {"v=DKIM1; h=sha1; p=AAAA", false, "key does not allow sha256 (h=)", NULL},
        {"v=DKIM1; h=sha1:sha256; p=AAAA", false, NULL, ""},
        {"v=DKIM1; k=ed25519; p=AAAA", false, NULL, ""},
        {"v=DKIM1; k=dsa; p=AAAA", false, "key is of an unknown type (k=)", NULL},
        {"v=DKIM1; k=RSA; p=AAAA", false, "key is of an unknown type (k=)", NULL},
        {"v=DKIM2; p=AAAA", false, "key is of an unknown version", NULL},
        {"p=AAAA; v=DKIM1", false, "v= is not first in the key record", NULL},
        {"v=DKIM1; p=AAAA; p=BBBB", false, "no key record", NULL},
        {"v=DKIM1; n=notes: any; x=y; p=AAAA;", false, NULL, ""},
        {"v=spf1 -all", false, "key is of an unknown version", NULL},
        {"hello", false, "no key record", NULL},
        {"", false, "no key record", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a;
        struct dkim_key key;
        struct err e = {0};

        arena_init(&a, 0);
        assert_true(dkim_key_parse(&a, cases[i].text, strlen(cases[i].text),
                                   cases[i].strict, &key, &e));
        if (cases[i].flaw == NULL) {
            assert_null(key.flaw);
            assert_string_equal(key.note, cases[i].note);
        } else {
            assert_string_equal(key.flaw == NULL ? "" : key.flaw, cases[i].flaw);
        }
        arena_clear(&a);
    }
}

static void
limits_hold_at_n_and_break_at_n_plus_1(void **state)
{
    static const struct {
        size_t names, tags;
        const char *flaw;
    } cases[] = {
        {DKIM_MAX_SIGNED, 0, NULL},
        {DKIM_MAX_SIGNED + 1, 0, "h= names too many fields"},
        {1, 64 - 7, NULL},
        {1, 64 - 7 + 1, "too many tags"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct dkim_signature s;
        struct arena a;
        struct buf text;
        struct err e = {0};
        struct message_field f = {.name = "DKIM-Signature", .name_len = 14};

        arena_init(&a, 0);
        buf_init(&text, 0);
        (void)buf_puts(&text, "v=1; a=rsa-sha256; d=example.net; s=s1; b=AAAA; "
                              "bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=; h=From");
        for (size_t j = 1; j < cases[i].names; j++)
            (void)buf_puts(&text, ":To");
        for (size_t j = 0; j < cases[i].tags; j++)
            (void)buf_printf(&text, "; y%zu=1", j);
        f.value = text.bytes;
        f.value_len = text.len;
        assert_true(dkim_header_parse(&a, &f, NOW, &s, &e));
        if (cases[i].flaw == NULL)
            assert_null(s.flaw);
        else
            assert_string_equal(s.flaw == NULL ? "" : s.flaw, cases[i].flaw);
        buf_clear(&text);
        arena_clear(&a);
    }
}

/* The aligned one is tried though 500 others stand above it, and three at most. */
static void
tries_aligned_signatures_first(void **state)
{
    struct dkim_plan plan;
    struct message m;
    struct arena a;
    struct buf mail;
    struct err e = {0};

    (void)state;
    arena_init(&a, 0);
    buf_init(&mail, 0);
    for (int i = 0; i < 500; i++)
        (void)buf_printf(&mail,
                         "DKIM-Signature: v=1; a=rsa-sha256; d=n%d.example.net; s=s;"
                         " h=From; b=AAAA;\r\n"
                         " bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n",
                         i);
    (void)buf_puts(
        &mail,
        "DKIM-Signature: " GOOD_TAGS(
            "; l=1; s2=x") "\r\n"
                           "DKIM-Signature: v=1; a=rsa-sha256; d=mail.example.com; s=s;"
                           " h=From; b=AAAA;\r\n"
                           " bh=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n"
                           "From: a@example.com\r\n\r\n");
    assert_true(message_parse(&a, mail.bytes, mail.len, &m, &e));
    assert_true(dkim_plan_make(&a, &m, "example.com", NOW, &plan, &e));
    assert_int_equal(plan.signature_count, 502);
    assert_int_equal(plan.count, DKIM_MAX_TRIED);
    assert_string_equal(plan.tried[0].query, "s._domainkey.mail.example.com");
    assert_string_equal(plan.tried[1].domain, "n0.example.net");
    assert_string_equal(plan.tried[2].domain, "n1.example.net");
    buf_clear(&mail);
    arena_clear(&a);
}

static void
collect(void *ctx, const void *bytes, size_t n)
{
    assert_true(buf_append(ctx, bytes, n));
}

/* RFC 6376 section 3.4.5, and what files do to line ends. */
static void
makes_the_canonical_forms(void **state)
{
    static const struct {
        enum dkim_canon canon;
        const char *body, *want;
    } cases[] = {
        {DKIM_RELAXED, " C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"},
        {DKIM_SIMPLE, " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n"},
        {DKIM_SIMPLE, "", "\r\n"},
        {DKIM_RELAXED, "", ""},
        {DKIM_SIMPLE, "\r\n\r\n", "\r\n"},
        {DKIM_RELAXED, " \r\n\t\r\n", ""},
        {DKIM_SIMPLE, "a\nb", "a\r\nb\r\n"},
        {DKIM_RELAXED, "a \n\n b", "a\r\n\r\n b\r\n"},
        {DKIM_RELAXED, "a\r\nb \t", "a\r\nb \r\n"},
        {DKIM_SIMPLE, "a\rb\r\r\n", "a\rb\r\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;

        buf_init(&out, 0);
        dkim_canon_body(cases[i].canon, cases[i].body, strlen(cases[i].body), collect,
                        &out);
        assert_string_equal(out.bytes == NULL ? "" : out.bytes, cases[i].want);
        buf_clear(&out);
    }
}

static void
makes_the_canonical_fields(void **state)
{
    static const struct {
        enum dkim_canon canon;
        const char *field, *want;
    } cases[] = {
        {DKIM_RELAXED, "A: X\r\n\r\n", "a:X\r\n"},
        {DKIM_RELAXED, "B:Y\t\r\n\tZ  \r\n\r\n", "b:Y Z\r\n"},
        {DKIM_SIMPLE, "B:Y\t\r\n\tZ  \r\n\r\n", "B:Y\t\r\n\tZ  \r\n"},
        {DKIM_SIMPLE, "B:Y\t\n\tZ  \n\n", "B:Y\t\r\n\tZ  \r\n"},
        {DKIM_RELAXED, "C:\r\n \r\n\r\n", "c:\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct message m;
        struct arena a;
        struct buf out;
        struct err e = {0};

        arena_init(&a, 0);
        buf_init(&out, 0);
        assert_true(message_parse(&a, cases[i].field, strlen(cases[i].field), &m, &e));
        assert_int_equal(m.field_count, 1);
        dkim_canon_field(cases[i].canon, &m.fields[0], collect, &out);
        assert_string_equal(out.bytes, cases[i].want);
        buf_clear(&out);
        arena_clear(&a);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_standards_verify),
        cmocka_unit_test(a_changed_letter_does_not),
        cmocka_unit_test(tells_what_is_wrong_with_a_signature),
        cmocka_unit_test(reads_every_form_of_key),
        cmocka_unit_test(limits_hold_at_n_and_break_at_n_plus_1),
        cmocka_unit_test(tries_aligned_signatures_first),
        cmocka_unit_test(makes_the_canonical_forms),
        cmocka_unit_test(makes_the_canonical_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
