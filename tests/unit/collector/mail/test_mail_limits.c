/* Each limit holds at N and breaks at N + 1, in the header of the mail and in every place
 * where a MIME parser would find another header; and what the limits let through, GMime
 * reads in linear time and without a deep stack. */
#include "collector/mail/mail_limits.h"

#include "base/buf.h"
#include "collector/mail/mail.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum {
    MAX_BYTES = 1 << 20,
    SMALL_STACK = 512 * 1024
};

static void
repeat(struct buf *b, const char *text, size_t times)
{
    for (size_t i = 0; i < times; i++)
        (void)buf_puts(b, text);
}

/* before, then what is counted `n` times, then after */
struct shape {
    const char *name, *before, *unit, *after;
    size_t n;
    const char *error; /* at n + 1 */
};

static const struct shape shapes[] = {
    {"lines of the header", "", "a:b\r\n", "\r\n", MAIL_MAX_HEADER_LINES,
     "more than 5000 header lines"},
    {"lines of all headers", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
     "a:b\r\n", "\r\n", MAIL_MAX_HEADER_LINES - 1, "more than 5000 header lines"},
    {"one field", "Subject: ", "x", "\r\n\r\n", MAIL_MAX_FIELD_BYTES - 9,
     "header field of more than 16384 bytes"},
    {"one folded field", "S:\r\n", " x\r\n", "\r\n", MAIL_MAX_HEADER_LINES - 1,
     "more than 5000 header lines"},
    {"one long folded field", "S:\r\n ", "x", "\r\n\r\n", MAIL_MAX_FIELD_BYTES - 3,
     "header field of more than 16384 bytes"},
    {"a field of a part", "A: b\r\n\r\n--x\r\nB: ", "x", "\r\n\r\n",
     MAIL_MAX_FIELD_BYTES - 3, "header field of more than 16384 bytes"},
    {"a field of a message in a part",
     "A: b\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nB: ", "x", "\r\n\r\n",
     MAIL_MAX_FIELD_BYTES - 3, "header field of more than 16384 bytes"},
    {"a field of a message in a digest",
     "Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\nB: ", "x", "\r\n\r\n",
     MAIL_MAX_FIELD_BYTES - 3, "header field of more than 16384 bytes"},
    {"a field of a message as the body",
     "content-type: text/plain;\r\n x=y,\r\n message/rfc822\r\n\r\nB: ", "x", "\r\n\r\n",
     MAIL_MAX_FIELD_BYTES - 3, "header field of more than 16384 bytes"},
    {"groups", "Cc: ", "a:", ";\r\n\r\n", MAIL_MAX_FIELD_MARKS - 2,
     "more than 500 colons and semicolons in a header field"},
    {"parameters", "Content-Type: a/b", ";a=b", "\r\n\r\n", MAIL_MAX_FIELD_MARKS - 1,
     "more than 500 colons and semicolons in a header field"},
    {"boundaries", "A: b\r\n\r\n", "--x\r\n", "", MAIL_MAX_BOUNDARY_LINES,
     "more than 1000 lines that look like boundaries"},
    {"bytes", "", "\n", "", MAX_BYTES, "mail of more than 1048576 bytes"},
};

static void
build(struct buf *b, const struct shape *s, size_t n)
{
    buf_reset(b);
    (void)buf_puts(b, s->before);
    repeat(b, s->unit, n);
    (void)buf_puts(b, s->after);
}

static void
limits_hold_at_n_and_break_at_n_plus_1(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 0);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const struct shape *s = &shapes[i];
        struct err e = {0};

        build(&b, s, s->n);
        if (!mail_limits_check(b.bytes, b.len, MAX_BYTES, &e))
            fail_msg("%s: %s", s->name, e.text);
        build(&b, s, s->n + 1);
        if (mail_limits_check(b.bytes, b.len, MAX_BYTES, &e))
            fail_msg("%s: one more is let through", s->name);
        assert_int_equal(e.kind, ERR_TOO_BIG);
        assert_string_equal(e.text, s->error);
    }
    buf_clear(&b);
}

static void
all_headers_together(void **state)
{
    struct err e = {0};
    struct buf b;

    (void)state;
    buf_init(&b, 0);
    (void)buf_puts(&b, "\r\n");
    for (int i = 0; i < MAIL_MAX_HEADER_BYTES / MAIL_MAX_FIELD_BYTES; i++) {
        (void)buf_puts(&b, "--x\r\nB:");
        repeat(&b, "x", MAIL_MAX_FIELD_BYTES - 2);
        (void)buf_puts(&b, "\r\n\r\nbody\r\n");
    }
    assert_true(mail_limits_check(b.bytes, b.len, MAX_BYTES, &e));
    (void)buf_puts(&b, "--x\r\nB\r\n");
    assert_false(mail_limits_check(b.bytes, b.len, MAX_BYTES, &e));
    assert_string_equal(e.text, "header of more than 262144 bytes");
    buf_clear(&b);
}

static void
bodies_are_not_headers(void **state)
{
    static const char *const before[] = {
        "A: b\r\n\r\n",
        "A: b\r\n\r\n--x\r\nContent-Type: application/json\r\n\r\n",
        "A: b\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n",
    };
    struct buf b;

    (void)state;
    buf_init(&b, 0);
    for (size_t i = 0; i < 3; i++) {
        struct err e = {0};

        buf_reset(&b);
        (void)buf_puts(&b, before[i]);
        repeat(&b, "{\"a\":1;};", 50000);
        repeat(&b, "\r\nx: y", 50000);
        if (!mail_limits_check(b.bytes, b.len, MAX_BYTES, &e))
            fail_msg("%zu: %s", i, e.text);
    }
    buf_clear(&b);
}

/* ---- what passes, on a stack a quarter of what is asked for ---- */

static void *
parse(void *bytes)
{
    struct buf *b = bytes;
    struct mail_reports *found;
    struct message m;
    struct arena a;
    struct err e = {0};

    arena_init(&a, 0);
    found = arena_alloc(&a, sizeof *found);
    assert_true(mail_limits_check(b->bytes, b->len, MAX_BYTES, &e));
    assert_true(message_parse(&a, b->bytes, b->len, &m, &e));
    if (!mail_find_reports(&a, &m, found, &e))
        assert_int_equal(e.kind, ERR_INPUT);
    assert_true(found->count <= MAIL_MAX_REPORTS);
    assert_non_null(mail_from_domain(&a, &m));
    arena_clear(&a);
    return b;
}

/* Without the limits each of these crashes GMime, or keeps it busy for minutes. */
static void
the_worst_that_passes_is_read(void **state)
{
    static const struct {
        const char *name, *before, *unit, *between;
        size_t units, times;
    } worst[] = {
        {"groups in From", "From: ", "a:", ";\r\n\r\n", MAIL_MAX_FIELD_MARKS - 2, 1},
        {"groups in an attached Cc",
         "Content-Type: message/rfc822\r\n\r\nFrom: x\r\nCc: ", "a:", ";\r\n\r\n",
         MAIL_MAX_FIELD_MARKS - 2, 1},
        {"parentheses", "From: ", "(", "\r\n\r\n", MAIL_MAX_FIELD_BYTES - 6, 1},
        {"parameters of every part", "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
         ";a%=b", "\r\n\r\n--b\r\nContent-Type: a/b", 400, 100},
        {"nested messages", "Content-Type: message/rfc822\r\n\r\n",
         "Content-Type: message/rfc822\r\n\r\n", "", MAIL_MAX_HEADER_LINES - 1, 1},
        {"nested multiparts", "Content-Type: multipart/mixed; boundary=b\r\n\r\n",
         "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n", "",
         MAIL_MAX_BOUNDARY_LINES, 1},
        {"empty lines", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
         "\r\n", "", 400000, 1},
    };
    pthread_attr_t attr;
    struct buf b;

    (void)state;
    buf_init(&b, 0);
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, SMALL_STACK), 0);
    for (size_t i = 0; i < sizeof worst / sizeof *worst; i++) {
        pthread_t thread;
        void *result;

        buf_reset(&b);
        (void)buf_puts(&b, worst[i].before);
        for (size_t j = 0; j < worst[i].times; j++) {
            /* all headers together are limited too */
            if (b.len > MAIL_MAX_HEADER_BYTES - 4096)
                break;
            repeat(&b, worst[i].unit, worst[i].units);
            (void)buf_puts(&b, worst[i].between);
        }
        assert_int_equal(pthread_create(&thread, &attr, parse, &b), 0);
        assert_int_equal(pthread_join(thread, &result), 0);
        assert_ptr_equal(result, &b);
    }
    (void)pthread_attr_destroy(&attr);
    buf_clear(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_hold_at_n_and_break_at_n_plus_1),
        cmocka_unit_test(all_headers_together),
        cmocka_unit_test(bodies_are_not_headers),
        cmocka_unit_test(the_worst_that_passes_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
