/* Dialogues: what the MTA sends, what it hears, which messages come out; each is given in
 * chunks of every size. */
#include "collector/lmtp/lmtp_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HELLO                                                                            \
    "250-h\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-SIZE 0\r\n"          \
    "250 ENHANCEDSTATUSCODES\r\n"
#define GO      "354 end with a dot on a line by itself\r\n"
#define START   "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\n"
#define STARTED HELLO "250 2.1.0 ok\r\n250 2.1.5 ok\r\n" GO
#define STORED  "250 2.0.0 stored: why\r\n"
#define BIG     "250 2.0.0 too-big: why\r\n"

enum {
    MAX_MESSAGE = 40
};

static const struct {
    const char *name, *in, *out, *messages; /* each message in brackets */
} cases[] = {
    {"nothing", "", "", ""},
    {"quit", "QUIT\r\nNOOP\r\n", "221 2.0.0 bye\r\n", ""},
    {"bare line feed ends a command", "noop\n", "250 2.0.0 ok\r\n", ""},
    {"LHLO without a name", "LHLO\r\n", "501 5.5.4 LHLO wants a name\r\n", ""},
    {"SMTP is not spoken", "EHLO c\r\n", "500 5.5.1 command not known here\r\n", ""},
    {"MAIL before LHLO", "MAIL FROM:<>\r\n", "503 5.5.1 LHLO first\r\n", ""},
    {"RCPT before MAIL", "LHLO c\r\nRCPT TO:<a@x>\r\n", HELLO "503 5.5.1 MAIL first\r\n",
     ""},
    {"DATA before RCPT", "LHLO c\r\nMAIL FROM:<a@b>\r\nDATA\r\n",
     HELLO "250 2.1.0 ok\r\n503 5.5.1 no valid recipients\r\n", ""},
    {"two MAIL", "LHLO c\r\nMAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\n",
     HELLO "250 2.1.0 ok\r\n503 5.5.1 nested MAIL\r\n", ""},
    {"parameters are read past",
     "LHLO c\r\nMAIL FROM:<a@b> BODY=8BITMIME SMTPUTF8 SIZE=99999999 X=Y\r\n"
     "RCPT TO: <a@x> NOTIFY=NEVER\r\n",
     HELLO "250 2.1.0 ok\r\n250 2.1.5 ok\r\n", ""},
    {"bad paths",
     "LHLO c\r\nMAIL FROM:a@b\r\nMAIL TO:<a@b>\r\nMAIL FROM:<a@b\r\nMAIL\r\n",
     HELLO "501 5.5.4 MAIL wants FROM:<address>\r\n"
           "501 5.5.4 MAIL wants FROM:<address>\r\n"
           "501 5.5.4 MAIL wants FROM:<address>\r\n"
           "501 5.5.4 MAIL wants FROM:<address>\r\n",
     ""},
    {"one message", START "S: t\r\n\r\nbody\r\n.\r\n", STARTED STORED,
     "[S: t\r\n\r\nbody\r\n]"},
    {"empty message", START ".\r\n", STARTED STORED, "[]"},
    {"dot-stuffing", START "..\r\n...x\r\na.\r\n.b\r\n.\r\n", STARTED STORED,
     "[.\r\n..x\r\na.\r\nb\r\n]"},
    {"bare line feeds end nothing", START "a\n.\nb\n.\r\n\r\n.\r\n", STARTED STORED,
     "[a\n.\nb\n.\r\n\r\n]"},
    {"bare carriage returns end nothing", START "a\r.\r\n\r\r\n.\rb\r\n.\r\r\n.\r\n",
     STARTED STORED, "[a\r.\r\n\r\r\n\rb\r\n\r\r\n]"},
    {"a reply for each recipient",
     "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@x>\r\nRCPT TO:<b@x>\r\nRCPT TO:<c@y>\r\n"
     "DATA\r\nm\r\n.\r\n",
     HELLO "250 2.1.0 ok\r\n250 2.1.5 ok\r\n250 2.1.5 ok\r\n"
           "550 5.1.1 no such recipient here\r\n" GO STORED STORED,
     "[m\r\n]"},
    {"two messages, all in one piece",
     START "m\r\n.\r\nMAIL FROM:<b@c>\r\nRCPT TO:<a@x>\r\nDATA\r\nn\r\n.\r\nQUIT\r\n",
     STARTED STORED "250 2.1.0 ok\r\n250 2.1.5 ok\r\n" GO STORED "221 2.0.0 bye\r\n",
     "[m\r\n][n\r\n]"},
    {"no recipients left after a message", START "m\r\n.\r\nDATA\r\n",
     STARTED STORED "503 5.5.1 no valid recipients\r\n", "[m\r\n]"},
    {"RSET", "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@x>\r\nRSET\r\nDATA\r\n",
     HELLO "250 2.1.0 ok\r\n250 2.1.5 ok\r\n250 2.0.0 ok\r\n"
           "503 5.5.1 no valid recipients\r\n",
     ""},
    {"as long as allowed", START "1234567890123456789012345678901234567\r\n\r\n.\r\n",
     STARTED BIG, "[]"},
    {"one byte less", START "123456789012345678901234567890123456\r\n\r\n.\r\n",
     STARTED STORED, "[123456789012345678901234567890123456\r\n\r\n]"},
    {"too big, then one that fits",
     START "12345678901234567890123456789012345678901234567890\r\n.\r\n"
           "MAIL FROM:<>\r\nRCPT TO:<a@x>\r\nDATA\r\nm\r\n.\r\n",
     STARTED BIG "250 2.1.0 ok\r\n250 2.1.5 ok\r\n" GO STORED, "[][m\r\n]"},
};

static const char *const ours[] = {"a@x", "B@X"};

static void
feed(struct lmtp_talk *t, struct buf *messages, const char *bytes, size_t n)
{
    enum lmtp_event event;
    size_t taken;

    do {
        event = lmtp_talk_take(t, bytes, n, &taken);
        assert_true(taken <= n);
        bytes += taken;
        n -= taken;
        if (event == LMTP_MESSAGE) {
            assert_true(buf_printf(messages, "[%.*s]", (int)t->message.len,
                                   t->message.len == 0 ? "" : t->message.bytes));
            lmtp_talk_answer(t, t->fate == VERDICT_PENDING ? VERDICT_STORED : t->fate,
                             "why");
        }
    } while (event == LMTP_MESSAGE || (event == LMTP_MORE && n > 0));
}

static void
dialogues_in_chunks_of_every_size(void **state)
{
    const struct settings_list recipients = {(const char **)(uintptr_t)ours, 2};
    const struct lmtp_rules rules = {"h", &recipients, MAX_MESSAGE};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = strlen(cases[i].in);

        for (size_t chunk = 1; chunk <= n; chunk++) {
            struct buf messages;
            struct lmtp_talk t;
            struct buf want;

            buf_init(&messages, 0);
            buf_init(&want, 0);
            lmtp_talk_init(&t, &rules);
            for (size_t at = 0; at < n; at += chunk)
                feed(&t, &messages, cases[i].in + at, n - at < chunk ? n - at : chunk);
            assert_true(buf_printf(&want, "220 h LMTP tlsrptd\r\n%s", cases[i].out));
            if (strcmp(t.out.bytes, want.bytes) != 0)
                fail_msg("%s, chunks of %zu: got\n%s", cases[i].name, chunk, t.out.bytes);
            if (strcmp(messages.len == 0 ? "" : messages.bytes, cases[i].messages) != 0)
                fail_msg("%s, chunks of %zu: messages %s", cases[i].name, chunk,
                         messages.bytes);
            lmtp_talk_clear(&t);
            buf_clear(&messages);
            buf_clear(&want);
        }
    }
}

/* What `line` repeated `times`, with a carriage return and a line feed, is answered last.
 */
static char *
last_reply(const char *before, const char *line, size_t times)
{
    static const struct settings_list anyone;
    const struct lmtp_rules rules = {"h", &anyone, MAX_MESSAGE};
    struct buf messages;
    struct lmtp_talk t;
    char *last;

    buf_init(&messages, 0);
    lmtp_talk_init(&t, &rules);
    feed(&t, &messages, before, strlen(before));
    for (size_t i = 0; i < times; i++) {
        feed(&t, &messages, line, strlen(line));
        feed(&t, &messages, "\r\n", 2);
    }
    t.out.bytes[t.out.len - 2] = '\0';
    last = strrchr(t.out.bytes, '\n');
    last = strdup(last == NULL ? t.out.bytes : last + 1);
    lmtp_talk_clear(&t);
    return last;
}

static void
limits_at_n_and_n_plus_one(void **state)
{
    static char line[LMTP_MAX_LINE_BYTES];
    static const char *const begin = "LHLO c\r\nMAIL FROM:<>\r\n";
    const struct {
        const char *before, *line;
        size_t times;
        const char *want;
    } limits[] = {
        {begin, "RCPT TO:<a@x>", LMTP_MAX_RECIPIENTS, "250 2.1.5 ok"},
        {begin, "RCPT TO:<a@x>", LMTP_MAX_RECIPIENTS + 1,
         "452 4.5.3 too many recipients"},
        {"", "X", LMTP_MAX_BAD_COMMANDS - 1, "500 5.5.1 command not known here"},
        {"", "X", LMTP_MAX_BAD_COMMANDS, "421 4.7.0 too many bad commands, closing"},
        {"", "X", LMTP_MAX_BAD_COMMANDS + 1, "421 4.7.0 too many bad commands, closing"},
        {"", line, 1, "500 5.5.2 line too long"},
        {"", line + 1, 1, "250 2.0.0 ok"},
    };

    (void)state;
    memset(line, ' ', sizeof line - 1);
    memcpy(line + 1, "NOOP", 4); /* with the line end one more than fits */
    line[0] = 'N';
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        char *last = last_reply(limits[i].before, limits[i].line, limits[i].times);

        assert_string_equal(last, limits[i].want);
        free(last);
    }
}

static void
recipients_of_the_list(void **state)
{
    static const char *const list[] = {"tlsrpt@example.com", "@reports.example.com"};
    static const struct {
        const char *address;
        bool ours;
    } addresses[] = {
        {"tlsrpt@example.com", true},
        {"TLSRPT@Example.COM", true},
        {"tlsrpt+google@example.com", true},
        {"anyone@reports.example.com", true},
        {"tlsrpt@example.com.evil.example", false},
        {"tlsrpt+x", false},
        {"other@example.com", false},
        {"anyone@sub.reports.example.com", false},
        {"@reports.example.com@evil.example", false},
        {"", false},
    };
    const struct settings_list some = {(const char **)(uintptr_t)list, 2}, none = {0};

    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        assert_int_equal(lmtp_is_recipient(&some, addresses[i].address),
                         addresses[i].ours);
        assert_true(lmtp_is_recipient(&none, addresses[i].address));
    }
}

/* What the reason holds can end no line and start no reply. */
static void
a_reason_stays_on_its_line(void **state)
{
    static const struct settings_list anyone;
    const struct lmtp_rules rules = {"h", &anyone, MAX_MESSAGE};
    struct buf messages;
    struct lmtp_talk t;
    size_t taken;

    (void)state;
    buf_init(&messages, 0);
    lmtp_talk_init(&t, &rules);
    feed(&t, &messages, START, strlen(START));
    assert_int_equal(lmtp_talk_take(&t, ".\r\n", 3, &taken), LMTP_MESSAGE);
    buf_reset(&t.out);
    lmtp_talk_answer(&t, VERDICT_AGAIN, "bad\r\n250 \xc3\xa9");
    assert_string_equal(t.out.bytes, "451 4.3.0 try-later: bad??250 ??\r\n");
    lmtp_talk_clear(&t);
}

/* A message that is dropped in its middle is still read to its end, and answered. */
static void
a_dropped_message_is_read_to_its_end(void **state)
{
    static const struct settings_list anyone;
    const struct lmtp_rules rules = {"h", &anyone, MAX_MESSAGE};
    struct buf messages;
    struct lmtp_talk t;

    (void)state;
    buf_init(&messages, 0);
    lmtp_talk_init(&t, &rules);
    feed(&t, &messages, START "m\r\n", strlen(START "m\r\n"));
    lmtp_talk_drop(&t, VERDICT_AGAIN);
    buf_reset(&t.out);
    feed(&t, &messages, "n\r\n.\r\nNOOP\r\n", 12);
    assert_string_equal(messages.bytes, "[]");
    assert_string_equal(t.out.bytes, "451 4.3.0 try-later: why\r\n250 2.0.0 ok\r\n");
    buf_clear(&messages);
    lmtp_talk_clear(&t);
}

static void
says_that_it_closes(void **state)
{
    static const struct settings_list anyone;
    const struct lmtp_rules rules = {"h", &anyone, MAX_MESSAGE};
    struct lmtp_talk t;
    size_t taken;

    (void)state;
    lmtp_talk_init(&t, &rules);
    buf_reset(&t.out);
    lmtp_talk_say_closing(&t);
    assert_string_equal(t.out.bytes, "421 4.3.2 closing, come again\r\n");
    assert_int_equal(lmtp_talk_take(&t, "NOOP\r\n", 6, &taken), LMTP_CLOSE);
    assert_int_equal(taken, 0);
    lmtp_talk_clear(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialogues_in_chunks_of_every_size),
        cmocka_unit_test(limits_at_n_and_n_plus_one),
        cmocka_unit_test(recipients_of_the_list),
        cmocka_unit_test(a_reason_stays_on_its_line),
        cmocka_unit_test(a_dropped_message_is_read_to_its_end),
        cmocka_unit_test(says_that_it_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
