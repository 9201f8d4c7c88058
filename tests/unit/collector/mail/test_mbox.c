/* Archives, each cut in chunks of every size, and the messages that are in them. */
#include "collector/mail/mbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FROM "From a@b Sun Mar  1 00:00:00 2026\n"

enum {
    MAX_MESSAGE = 30
};

static const struct {
    const char *name, *in, *messages; /* each in brackets; "!" is one that is too big */
} cases[] = {
    {"empty", "", ""},
    {"one", FROM "S: x\n\nbody\n", "[S: x\n\nbody\n]"},
    {"two", FROM "S: x\n\nb\n\n" FROM "S: y\n\nc\n\n", "[S: x\n\nb\n][S: y\n\nc\n]"},
    {"CRLF", "From a@b Sun Mar  1 00:00:00 2026\r\nS: x\r\n\r\nb\r\n\r\n" FROM "c\r\n",
     "[S: x\r\n\r\nb\r\n][c\r\n]"},
    {"no last line end", FROM "S: x\n\nb", "[S: x\n\nb]"},
    {"no empty line before", FROM "S: x\n\nb\n" FROM, "!"},
    {"From without a time", FROM "x\n\nFrom here on\n", "[x\n\nFrom here on\n]"},
    {"mboxo", FROM "x\n\n>From here\n", "[x\n\nFrom here\n]"},
    {"mboxrd", FROM "x\n\n>>From here\n", "[x\n\n>From here\n]"},
    {"other quotes stay", FROM "x\n\n>Fromage\n", "[x\n\n>Fromage\n]"},
    {"too big, then one that fits",
     FROM "1234567890\n1234567890\n1234567890\n\n" FROM "y\n", "![y\n]"},
    {"empty messages", FROM "\n" FROM "\n", "[\n][\n]"},
    {"what stands before the first", "junk\n\n" FROM "x\n", "[x\n]"},
};

static void
note(struct buf *messages, const struct mbox *m)
{
    if (m->too_big)
        assert_true(buf_puts(messages, "!"));
    else
        assert_true(buf_printf(messages, "[%.*s]", (int)m->message.len,
                               m->message.len == 0 ? "" : m->message.bytes));
}

static char *
cut(const char *in, size_t n, size_t chunk)
{
    struct buf messages;
    struct mbox m;
    size_t taken;

    buf_init(&messages, 0);
    assert_true(buf_puts(&messages, ""));
    mbox_init(&m, MAX_MESSAGE);
    for (size_t at = 0; at < n; at += taken)
        if (mbox_take(&m, in + at, n - at < chunk ? n - at : chunk, &taken) ==
            MBOX_MESSAGE)
            note(&messages, &m);
    if (mbox_end(&m) == MBOX_MESSAGE)
        note(&messages, &m);
    assert_int_equal(mbox_end(&m), MBOX_MORE);
    mbox_clear(&m);
    return messages.bytes;
}

static void
cuts_at_every_chunking(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = strlen(cases[i].in);

        for (size_t chunk = 1; chunk <= n; chunk++) {
            char *got = cut(cases[i].in, n, chunk);

            if (strcmp(got == NULL ? "" : got, cases[i].messages) != 0)
                fail_msg("%s, chunks of %zu: %s", cases[i].name, chunk, got);
            free(got);
        }
    }
}

/* A line too long to be held is still one line: nothing in its middle begins a message.
 */
static void
long_lines_stay_whole(void **state)
{
    static char in[4096];
    struct mbox m;
    size_t taken, n;

    (void)state;
    memset(in, 'x', sizeof in);
    n = strlen(FROM);
    memcpy(in, FROM, n);
    memcpy(in + n, ">From ", 6);
    memcpy(in + 2000, FROM, strlen(FROM) - 1);
    in[sizeof in - 1] = '\n';
    mbox_init(&m, 0);
    assert_int_equal(mbox_take(&m, in, sizeof in, &taken), MBOX_MORE);
    assert_int_equal(mbox_end(&m), MBOX_MESSAGE);
    assert_int_equal(m.message.len, sizeof in - n - 1);
    assert_memory_equal(m.message.bytes, in + n + 1, m.message.len);
    mbox_clear(&m);
}

static void
sniffs(void **state)
{
    (void)state;
    assert_true(mbox_sniff(FROM, strlen(FROM)));
    assert_false(mbox_sniff(FROM, strlen(FROM) - 1));
    assert_false(mbox_sniff("From: a@b 10:00\n", 16));
    assert_false(mbox_sniff("From 10:00\n", 3));
    assert_false(mbox_sniff("", 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_at_every_chunking),
        cmocka_unit_test(long_lines_stay_whole),
        cmocka_unit_test(sniffs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
