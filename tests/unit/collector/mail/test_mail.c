/* Reports are found by media type, by filename and by their bytes, at any place and in
 * any encoding that senders use; and nothing else is. */
#include "collector/mail/mail.h"

#include "base/buf.h"
#include "collector/mail/mail_limits.h"
#include "collector/mail/mail_part.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define JSON      "{\"organization-name\":\"E\",\"policies\":[]}"
#define GZIP_BASE "H4sIAAAAAAACA6uuBQBDv6ajAgAAAA=="
#define NAME      "example.net!example.org!1772323200!1772409599.json.gz"
#define TOP       "From: a@example.net\r\n"
#define MIXED     TOP "Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
#define TEXT      "--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n\r\n"
#define END       "--b--\r\n"
#define GZIP_PART(type)                                                                  \
    "--b\r\nContent-Type: " type                                                         \
    "\r\nContent-Transfer-Encoding: base64\r\n\r\n" GZIP_BASE "\r\n\r\n"

/* The parts as "media type|filename|a if carried by something else, d if declared|bytes",
 * one a line. */
static const struct {
    const char *name, *mail, *want;
} cases[] = {
    {"multipart/report",
     TOP "Content-Type: multipart/report; report-type=tlsrpt; boundary=b\r\n\r\n" TEXT
         GZIP_PART("application/tlsrpt+gzip; name=\"" NAME "\"") END,
     "application/tlsrpt+gzip|" NAME "|d|22\n"},
    {"html first",
     MIXED "--b\r\nContent-Type: text/html\r\n\r\n<p>{\"policies\"\r\n"
           "\r\n--b\r\nContent-Type: application/tlsrpt+json\r\n\r\n" JSON "\r\n" END,
     "application/tlsrpt+json||d|39\n"},
    {"type without suffix",
     MIXED "--b\r\nContent-Type: application/tlsrpt\r\n\r\n" JSON "\r\n" END,
     "application/tlsrpt||d|39\n"},
    {"by filename",
     MIXED TEXT "--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: "
                "attachment; filename=\"" NAME
                "\"\r\nContent-Transfer-Encoding: base64\r\n\r\n" GZIP_BASE "\r\n" END,
     "application/octet-stream|" NAME "|d|22\n"},
    {"by bytes", MIXED TEXT GZIP_PART("application/octet-stream") END,
     "application/octet-stream|||22\n"},
    {"by bytes, no type",
     MIXED "--b\r\nContent-Transfer-Encoding: base64\r\n\r\n" GZIP_BASE "\r\n" END,
     "text/plain||a|22\n"},
    {"a part of an unknown kind that is none",
     MIXED TEXT "--b\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n" END, ""},
    {"text that talks of JSON", MIXED "--b\r\n\r\n{\"a\": 1}\r\n" END, ""},
    {"no report at all", TOP "\r\nHello\r\n", ""},
    {"empty body", TOP "\r\n", ""},
    {"multipart without boundary", TOP "Content-Type: multipart/mixed\r\n\r\nx\r\n", ""},
    {"as the body, json", TOP "Content-Type: application/tlsrpt+json\r\n\r\n" JSON "\r\n",
     "application/tlsrpt+json||d|41\n"},
    {"as the body, text", TOP "\r\n" JSON "\r\n", "text/plain||a|41\n"},
    {"as the body, gzip",
     TOP "Content-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: "
         "base64\r\n\r\n" GZIP_BASE "\r\n",
     "application/tlsrpt+gzip||d|22\n"},
    {"base64 in one line without padding, with junk",
     MIXED GZIP_PART("application/tlsrpt+gzip; x=1") "--b\r\nContent-Type: "
                                                     "application/"
                                                     "tlsrpt+gzip\r\nContent-Transfer-"
                                                     "Encoding: BASE64 \r\n\r\n"
                                                     "H4sIAAAAAAACA6uu\r\n "
                                                     "\r\n*BQBDv6ajAgAAAA\r\n" END,
     "application/tlsrpt+gzip||d|22\napplication/tlsrpt+gzip||d|22\n"},
    {"quoted-printable",
     MIXED "--b\r\nContent-Type: application/tlsrpt+json\r\nContent-Transfer-Encoding: "
           "quoted-printable\r\n\r\n{=22policies=22=\r\n:[]}\r\n" END,
     "application/tlsrpt+json||d|15\n"},
    {"RFC 2231 name",
     MIXED
     "--b\r\nContent-Type: application/gzip\r\nContent-Disposition: attachment;\r\n"
     " filename*0=\"example.net!example.org!\";\r\n filename*1*=%31772323200%21;\r\n"
     " filename*2=\"1772409599.json.gz\"\r\nContent-Transfer-Encoding: "
     "base64\r\n\r\n" GZIP_BASE "\r\n" END,
     "application/gzip|" NAME "|d|22\n"},
    {"RFC 2047 name",
     MIXED
     "--b\r\nContent-Type: application/gzip; name=\"=?utf-8?Q?example.net!example.org!"
     "1772323200!1772409599.json.gz?=\"\r\nContent-Transfer-Encoding: "
     "base64\r\n\r\n" GZIP_BASE "\r\n" END,
     "application/gzip|" NAME "|d|22\n"},
    {"several",
     MIXED GZIP_PART("application/tlsrpt+gzip") GZIP_PART("application/tlsrpt+gzip") END,
     "application/tlsrpt+gzip||d|22\napplication/tlsrpt+gzip||d|22\n"},
    {"undeclared beside declared",
     MIXED GZIP_PART("application/zip") GZIP_PART("application/tlsrpt+gzip") END,
     "application/tlsrpt+gzip||d|22\n"},
    {"in a part of a part",
     TOP "Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: "
         "multipart/report; boundary=b\r\n\r\n" TEXT GZIP_PART("application/tlsrpt+gzip")
             END "--o--\r\n",
     "application/tlsrpt+gzip||d|22\n"},
    {"in an attached message",
     TOP "Content-Type: message/rfc822\r\n\r\n" MIXED GZIP_PART("application/tlsrpt+gzip")
         END,
     "application/tlsrpt+gzip||ad|22\n"},
    {"end missing", MIXED GZIP_PART("application/tlsrpt+gzip"),
     "application/tlsrpt+gzip||d|22\n"},
    {"declared and broken",
     MIXED "--b\r\nContent-Type: application/tlsrpt+gzip\r\n\r\n???\r\n" END,
     "application/tlsrpt+gzip||d|3\n"},
    {"encoding of a multipart is not read",
     TOP
     "Content-Transfer-Encoding: base64\r\nContent-Type: multipart/mixed; boundary=b\r\n"
     "\r\n" GZIP_PART("application/tlsrpt+gzip") END,
     "application/tlsrpt+gzip||d|22\n"},
    {"line feeds only",
     "From: a@example.net\nContent-Type: multipart/mixed; "
     "boundary=b\n\n--b\nContent-Type: "
     "application/tlsrpt+json\n\n" JSON "\n--b--\n",
     "application/tlsrpt+json||d|39\n"},
};

static void
parse(struct arena *a, const char *text, struct message *m)
{
    struct err e = {0};

    arena_init(a, 0);
    assert_true(mail_limits_check(text, strlen(text), 1 << 20, &e));
    assert_true(message_parse(a, text, strlen(text), m, &e));
}

static void
finds_reports(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mail_reports found;
        struct message m;
        struct arena a;
        struct buf out;
        struct err e = {0};

        buf_init(&out, 0);
        parse(&a, cases[i].mail, &m);
        if (!mail_find_reports(&a, &m, &found, &e))
            assert_int_equal(e.kind, ERR_INPUT);
        for (size_t j = 0; j < found.count; j++) {
            const struct mail_part *p = &found.parts[j];

            (void)buf_printf(&out, "%s|%s|%s%s|%zu\n", p->media_type, p->filename,
                             p->carried != NULL ? "a" : "", p->declared ? "d" : "",
                             p->byte_count);
        }
        if (strcmp(out.bytes == NULL ? "" : out.bytes, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].name, out.bytes == NULL ? "nothing" : out.bytes);
        buf_clear(&out);
        arena_clear(&a);
    }
}

/* `levels` multiparts around a report, then `parts` parts of it. */
static size_t
found_in(size_t levels, size_t parts, size_t before, bool cut)
{
    struct mail_reports found;
    struct message m;
    struct arena a;
    struct buf mail;
    struct err e = {0};

    buf_init(&mail, 0);
    (void)buf_puts(&mail, "From: a@example.net\r\n");
    for (size_t i = 0; i < levels; i++)
        (void)buf_printf(&mail,
                         "Content-Type: multipart/mixed; boundary=b%zu\r\n\r\n--b%zu\r\n",
                         i, i);
    for (size_t i = 0; i < before; i++)
        (void)buf_printf(&mail, "\r\nx\r\n--b%zu\r\n", levels - 1);
    for (size_t i = 0; i < parts; i++)
        (void)buf_printf(&mail, "%sContent-Type: application/tlsrpt+json\r\n\r\n{}\r\n",
                         i == 0 ? "" : "--b0\r\n");
    parse(&a, mail.bytes, &m);
    assert_true(mail_find_reports(&a, &m, &found, &e));
    assert_int_equal(found.cut, cut);
    buf_clear(&mail);
    arena_clear(&a);
    return found.count;
}

static void
limits_hold_at_n_and_break_at_n_plus_1(void **state)
{
    (void)state;
    assert_int_equal(found_in(MAIL_MAX_DEPTH, 1, 0, false), 1);
    assert_int_equal(found_in(MAIL_MAX_DEPTH + 1, 1, 0, true), 0);
    assert_int_equal(found_in(1, MAIL_MAX_REPORTS, 0, false), MAIL_MAX_REPORTS);
    assert_int_equal(found_in(1, MAIL_MAX_REPORTS + 1, 0, true), MAIL_MAX_REPORTS);
    assert_int_equal(found_in(1, 1, MAIL_MAX_PARTS - 2, false),
                     1); /* the multipart is one */
    assert_int_equal(found_in(1, 1, MAIL_MAX_PARTS - 1, true), 0);
}

static void
names_hold_at_n_and_break_at_n_plus_1(void **state)
{
    (void)state;
    for (size_t n = MAIL_MAX_NAME_BYTES; n <= MAIL_MAX_NAME_BYTES + 1; n++) {
        struct mail_reports found;
        struct message m;
        struct arena a;
        struct buf mail;
        struct err e = {0};

        buf_init(&mail, 0);
        (void)buf_puts(&mail, "Content-Type: application/tlsrpt+json; name=\"");
        for (size_t i = 0; i < n; i++)
            (void)buf_putc(&mail, 'x');
        (void)buf_puts(&mail, "\"\r\n\r\n{}\r\n");
        parse(&a, mail.bytes, &m);
        assert_true(mail_find_reports(&a, &m, &found, &e));
        assert_int_equal(found.count, 1);
        assert_int_equal(strlen(found.parts[0].filename),
                         n > MAIL_MAX_NAME_BYTES ? 0 : n);
        buf_clear(&mail);
        arena_clear(&a);
    }
}

static void
knows_a_body_that_proves_its_boundary(void **state)
{
    static const struct {
        const char *type, *body;
        bool framed;
    } bodies[] = {
        {"multipart/report; boundary=b", "--b\r\n\r\nx\r\n--b--\r\n", true},
        {"multipart/report; boundary=\"b\"", "--b \r\n\r\nx\r\n--b--\t\r\n\r\n\r\n",
         true},
        {"multipart/report; boundary=b", "--b\n\nx\n--b--", true},
        {"multipart/report; boundary=b", "\r\n--b\r\n\r\nx\r\n--b--\r\n", false},
        {"multipart/report; boundary=b", "Hi\r\n--b\r\n\r\nx\r\n--b--\r\n", false},
        {"multipart/report; boundary=b", "--b\r\n\r\nx\r\n--b--\r\nBye\r\n", false},
        {"multipart/report; boundary=b", "--b\r\n\r\nx\r\n--b\r\n", false},
        {"multipart/report; boundary=b", "--b--\r\n", false},
        {"multipart/report; boundary=a", "--b\r\n\r\nx\r\n--b--\r\n", false},
        {"multipart/report; boundary=", "--\r\n\r\nx\r\n----\r\n", false},
        {"multipart/report", "--b\r\n\r\nx\r\n--b--\r\n", false},
        {"text/plain; boundary=b", "--b\r\n\r\nx\r\n--b--\r\n", false},
        {"", "--b\r\n\r\nx\r\n--b--\r\n", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct message m;
        struct arena a;
        char text[256];

        (void)snprintf(text, sizeof text, "Content-Type: %s\r\n\r\n%s", bodies[i].type,
                       bodies[i].body);
        parse(&a, text, &m);
        if (mail_is_framed(&m) != bodies[i].framed)
            fail_msg("body %zu", i);
        arena_clear(&a);
    }
}

static void
reads_the_from_domain(void **state)
{
    static const struct {
        const char *fields, *domain;
    } froms[] = {
        {"From: a@Example.NET\r\n", "example.net"},
        {"From: \"b@evil.example\" <a@example.net>\r\n", "example.net"},
        {"From: A (b@evil.example)\r\n <a@example.net>\r\n", "example.net"},
        {"From: a@example.net, b@evil.example\r\n", ""},
        {"From: group: a@example.net;\r\n", ""},
        {"From: a@example.net\r\nfrom: a@example.net\r\n", ""},
        {"From:\r\n", ""},
        {"To: a@example.net\r\n", ""},
        {"From: nobody\r\n", ""},
        {"From: a@b\xc3\xbc"
         "cher.example\r\n",
         "xn--bcher-kva.example"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof froms / sizeof *froms; i++) {
        struct message m;
        struct arena a;
        char text[256];

        (void)snprintf(text, sizeof text, "%s\r\n", froms[i].fields);
        parse(&a, text, &m);
        assert_string_equal(mail_from_domain(&a, &m), froms[i].domain);
        arena_clear(&a);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_reports),
        cmocka_unit_test(limits_hold_at_n_and_break_at_n_plus_1),
        cmocka_unit_test(names_hold_at_n_and_break_at_n_plus_1),
        cmocka_unit_test(knows_a_body_that_proves_its_boundary),
        cmocka_unit_test(reads_the_from_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
