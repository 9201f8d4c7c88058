/* What the client sends, the server's side must read back. */
#include "collector/lmtp/lmtp_send.h"

#include "collector/lmtp/lmtp_talk.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
    const char *in, *wire, *read; /* read: what the server makes of it */
} mails[] = {
    {"", ".\r\n", ""},
    {"a\n", "a\r\n.\r\n", "a\r\n"},
    {"a\r\nb\n", "a\r\nb\r\n.\r\n", "a\r\nb\r\n"},
    {"a", "a\r\n.\r\n", "a\r\n"},
    {".\n..\nx.\n", "..\r\n...\r\nx.\r\n.\r\n", ".\r\n..\r\nx.\r\n"},
    {"a\rb\n", "a\rb\r\n.\r\n", "a\rb\r\n"},
    {"a\r", "a\r\r\n.\r\n", "a\r\r\n"},
    {"\n\n", "\r\n\r\n.\r\n", "\r\n\r\n"},
};

static void
encodes(void **state)
{
    struct buf out;

    (void)state;
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
        buf_init(&out, 0);
        assert_true(lmtp_encode(mails[i].in, strlen(mails[i].in), &out));
        assert_string_equal(out.bytes, mails[i].wire);
        buf_clear(&out);
    }
}

struct server {
    int fd;
    enum verdict verdict;
    struct buf read;
};

static void *
serve(void *arg)
{
    static const struct settings_list anyone;
    static const struct lmtp_rules rules = {"h", &anyone, 1000};
    struct server *s = arg;
    enum lmtp_event event = LMTP_MORE;
    struct lmtp_talk t;
    char bytes[100];
    ssize_t n = 1;

    lmtp_talk_init(&t, &rules);
    while (n > 0 && event != LMTP_CLOSE) {
        size_t taken;

        if (send(s->fd, t.out.bytes, t.out.len, MSG_NOSIGNAL) < 0)
            break;
        buf_reset(&t.out);
        n = recv(s->fd, bytes, sizeof bytes, 0);
        for (size_t at = 0; n > 0 && at < (size_t)n && event != LMTP_CLOSE; at += taken) {
            event = lmtp_talk_take(&t, bytes + at, (size_t)n - at, &taken);
            if (event == LMTP_MESSAGE) {
                (void)buf_append(&s->read, t.message.bytes, t.message.len);
                lmtp_talk_answer(&t, s->verdict, "because");
            }
        }
    }
    lmtp_talk_clear(&t);
    (void)close(s->fd);
    return NULL;
}

static bool
send_to(struct server *s, const char *mail, struct err *e)
{
    pthread_t thread;
    int pair[2];
    bool ok;

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    s->fd = pair[1];
    buf_init(&s->read, 0);
    assert_true(buf_puts(&s->read, ""));
    assert_int_equal(pthread_create(&thread, NULL, serve, s), 0);
    ok = lmtp_send(pair[0], mail, strlen(mail), e);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return ok;
}

static void
the_server_reads_what_was_sent(void **state)
{
    struct server s = {.verdict = VERDICT_STORED};
    struct err e = {0};

    (void)state;
    for (size_t i = 0; i < sizeof mails / sizeof *mails; i++) {
        assert_true(send_to(&s, mails[i].in, &e));
        assert_string_equal(s.read.len == 0 ? "" : s.read.bytes, mails[i].read);
        buf_clear(&s.read);
    }
}

static void
each_verdict_is_taken_or_tried_again(void **state)
{
    (void)state;
    for (int v = VERDICT_STORED; v < VERDICT_COUNT; v++) {
        struct server s = {.verdict = (enum verdict)v};
        struct err e = {0};

        assert_int_equal(send_to(&s, "x", &e), v != VERDICT_AGAIN);
        if (v == VERDICT_AGAIN) {
            assert_int_equal(e.kind, ERR_AGAIN);
            assert_string_equal(e.text, "the daemon says: 451 4.3.0 try-later: because");
        }
        buf_clear(&s.read);
    }
}

static void
a_daemon_that_closes_is_tried_again(void **state)
{
    struct err e = {0};
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    (void)close(pair[1]);
    assert_false(lmtp_send(pair[0], "x", 1, &e));
    assert_int_equal(e.kind, ERR_AGAIN);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes),
        cmocka_unit_test(the_server_reads_what_was_sent),
        cmocka_unit_test(each_verdict_is_taken_or_tried_again),
        cmocka_unit_test(a_daemon_that_closes_is_tried_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
