/* What is plain is read as the MIME parser reads it; what might be read otherwise is not
 * plain. */
#include "collector/mail/mail_plain.h"

#include "base/buf.h"
#include "collector/mail/mail.h"
#include "collector/mail/mail_limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TYPE(value) "Content-Type: " value "\r\n"
#define MIXED       TYPE("multipart/mixed; boundary=b") "\r\n"
#define ENCODING(x) "Content-Transfer-Encoding: " x "\r\n"
#define PLACE(x)    "Content-Disposition: " x "\r\n"
#define JSON        "\r\n{\"policies\": []}\r\n"
#define REPORT      "--b\r\n" TYPE("application/tlsrpt+json") JSON
#define END         "--b--\r\n"
#define PART(head)  MIXED "--b\r\n" head JSON END
#define NAME        "a!b!1!2.json"

/* The parts as "media type|filename|bytes", one a line; NULL: not plain. */
static const struct {
    const char *name, *mail, *want;
} cases[] =
    {
        {"a report", MIXED REPORT END, "application/tlsrpt+json||16\n"},
        {"line feeds only",
         "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
         "text/plain\n\nx\n"
         "--b--\n",
         "text/plain||1\n"},
        {"quoted, folded, words before and behind",
         TYPE("Multipart/Report;\r\n\treport-type=\"tlsrpt\";\r\n boundary=\"=_b:1\"") "\r\nHi\r\n--=_b:1\r\n" TYPE(
             "text/plain; charset=utf-8") "\r\nx\r\n\r\n"
                                          "--=_b:1--\r\nBye\r\n",
         "text/plain||3\n"},
        {"names",
         MIXED "--b\r\n" TYPE("application/gzip; name=\"x\"")
             PLACE("attachment; filename=\"" NAME "\"") JSON END,
         "application/gzip|" NAME "|16\n"},
        {"name of the type", PART(TYPE("application/gzip; name=" NAME)),
         "application/gzip|" NAME "|16\n"},
        {"base64",
         MIXED "--b\r\n" TYPE("application/gzip")
             ENCODING("Base64") "\r\nH4sI\r\nAA\r\n" END,
         "application/gzip||4\n"},
        {"quoted-printable", PART(TYPE("text/plain") ENCODING("quoted-printable")),
         "text/plain||none\n"},
        {"no boundary line", MIXED "x\r\n", NULL},
        {"no end", MIXED REPORT, NULL},
        {"nothing but an end", MIXED END, NULL},
        {"more behind the end", MIXED REPORT END REPORT END, NULL},
        {"another line of hyphens", MIXED REPORT "-- \r\nx\r\n" END, NULL},
        {"space behind a boundary", MIXED "--b \r\n" TYPE("text/plain") JSON END, NULL},
        {"longer than a boundary", MIXED "--bb\r\n" TYPE("text/plain") JSON END, NULL},
        {"an empty part", MIXED "--b\r\n" TYPE("text/plain") "\r\n" END, NULL},
        {"a part without a body", MIXED "--b\r\n" TYPE("text/plain") END, NULL},
        {"no multipart", TYPE("application/tlsrpt+json") JSON, NULL},
        {"no type", JSON, NULL},
        {"no boundary", TYPE("multipart/mixed") "\r\n" REPORT END, NULL},
        {"two boundaries",
         TYPE("multipart/mixed; boundary=b; boundary=c") "\r\n" REPORT END, NULL},
        {"two types", TYPE("multipart/mixed; boundary=b") MIXED REPORT END, NULL},
        {"line ends that differ", MIXED REPORT "--b--\n", NULL},
        {"no line end", MIXED REPORT "--b--", NULL},
        {"multipart in it", PART(TYPE("multipart/mixed; boundary=c")), NULL},
        {"message in it", PART(TYPE("message/rfc822")), NULL},
        {"part without type", PART(ENCODING("7bit")), NULL},
        {"part with two types", PART(TYPE("text/plain") TYPE("application/gzip")), NULL},
        {"part of half a type", PART(TYPE("text")), NULL},
        {"part of a type and a half", PART(TYPE("text/plain/x")), NULL},
        {"no field", PART(TYPE("text/plain") "x\r\n"), NULL},
        {"a From line", PART("From x\r\n" TYPE("text/plain")), NULL},
        {"not ASCII", PART(TYPE("text/plain") "X: \xc3\xbc\r\n"), NULL},
        {"RFC 2047 name", PART(TYPE("application/gzip; name=\"=?utf-8?Q?a?=\"")), NULL},
        {"RFC 2231 name", PART(TYPE("application/gzip; name*=utf-8''a")), NULL},
        {"escaped", PART(TYPE("application/gzip; name=\"a\\\"\"")), NULL},
        {"comment", PART(TYPE("application/gzip (a)")), NULL},
        {"quote without end", PART(TYPE("application/gzip; name=\"a")), NULL},
        {"two names", PART(TYPE("application/gzip; name=a; name=b")), NULL},
        {"empty name", PART(TYPE("application/gzip; name=\"\"")), NULL},
        {"semicolon at the end", PART(TYPE("application/gzip;")), NULL},
        {"slash in a disposition", PART(TYPE("text/plain") PLACE("a/b")), NULL},
};

static void
read_mail(struct arena *a, const char *text, struct message *m)
{
    struct err e = {0};

    arena_init(a, 0);
    assert_true(mail_limits_check(text, strlen(text), 1 << 20, &e));
    assert_true(message_parse(a, text, strlen(text), m, &e));
}

static void
reads_what_is_plain(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mail_part parts[MAIL_MAX_REPORTS];
        struct message m;
        struct arena a;
        struct buf got;
        size_t n;

        buf_init(&got, 0);
        read_mail(&a, cases[i].mail, &m);
        if (mail_plain_read(&a, &m, parts, &n)) {
            for (size_t k = 0; k < n; k++) {
                (void)buf_printf(&got, "%s|%s|", parts[k].media_type, parts[k].filename);
                (void)(parts[k].bytes == NULL
                           ? buf_puts(&got, "none\n")
                           : buf_printf(&got, "%zu\n", parts[k].byte_count));
            }
        }
        if (cases[i].want == NULL
                ? got.bytes != NULL
                : got.bytes == NULL || strcmp(got.bytes, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].name, got.bytes == NULL ? "" : got.bytes);
        buf_clear(&got);
        arena_clear(&a);
    }
}

/* A line before the first boundary that nobody reads, and that is not plain. */
static void
reads_as_the_parser_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct mail_reports found, parsed;
        struct message m, other;
        struct arena a;
        struct err e = {0};
        char *body;

        if (cases[i].want == NULL)
            continue;
        read_mail(&a, cases[i].mail, &m);
        other = m;
        body = arena_printf(&a, "--\r\n%.*s", (int)m.body_len, m.body);
        other.body = body;
        other.body_len += 4;
        assert_true(mail_find_reports(&a, &m, &found, &e));
        assert_true(mail_find_reports(&a, &other, &parsed, &e));
        assert_int_equal(found.count, parsed.count);
        for (size_t k = 0; k < found.count; k++) {
            const struct mail_part *p = &found.parts[k], *q = &parsed.parts[k];

            assert_string_equal(p->media_type, q->media_type);
            assert_string_equal(p->filename, q->filename);
            assert_int_equal(p->byte_count, q->byte_count);
            assert_memory_equal(p->bytes, q->bytes, p->byte_count);
            assert_int_equal(p->declared, q->declared);
            assert_int_equal(p->carried == NULL, q->carried == NULL);
        }
        arena_clear(&a);
    }
}

static void
leaves_many_parts_to_the_parser(void **state)
{
    (void)state;
    for (size_t n = MAIL_MAX_REPORTS; n <= MAIL_MAX_REPORTS + 1; n++) {
        struct mail_part parts[MAIL_MAX_REPORTS];
        struct message m;
        struct arena a;
        struct buf mail;
        size_t count;

        buf_init(&mail, 0);
        (void)buf_puts(&mail, MIXED);
        for (size_t i = 0; i < n; i++)
            (void)buf_puts(&mail, REPORT);
        (void)buf_puts(&mail, END);
        read_mail(&a, mail.bytes, &m);
        assert_int_equal(mail_plain_read(&a, &m, parts, &count), n == MAIL_MAX_REPORTS);
        buf_clear(&mail);
        arena_clear(&a);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_plain),
        cmocka_unit_test(reads_as_the_parser_does),
        cmocka_unit_test(leaves_many_parts_to_the_parser),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
