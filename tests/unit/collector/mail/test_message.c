/* The one reading of a header that DKIM, MIME and hints share. */
#include "collector/mail/message.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Fields as "name=unfolded text;", then the body; '!' first when malformed. */
static const struct {
    const char *name, *mail, *want;
} cases[] = {
    {"plain", "A: b\r\nC:d\r\n\r\nbody\r\n", "A=b;C=d;|body\r\n"},
    {"line feeds", "A: b\nC:d\n\nbody\n", "A=b;C=d;|body\n"},
    {"folds", "A: b\r\n  c\r\n\td\r\n\r\n", "A=b  c d;|"},
    {"folded at once", "A:\r\n b\r\n\r\n", "A=b;|"},
    {"a fold of spaces only does not end the header", "A: b\r\n \r\nC: d\r\n\r\nx",
     "A=b;C=d;|x"},
    {"no body", "A: b\r\n", "A=b;|"},
    {"no line end", "A: b", "A=b;|"},
    {"no header", "\r\nbody", "|body"},
    {"nothing", "", "|"},
    {"mbox line", "From a@b Mon\r\nA: b\r\n\r\nx", "A=b;|x"},
    {"mbox line further down", "A: b\r\nFrom a@b Mon\r\n\r\nx", "!A=b;|x"},
    {"fold before any field", " A: b\r\nC: d\r\n\r\n", "!C=d;|"},
    {"no colon", "A: b\r\nhello\r\nC: d\r\n\r\nx", "!A=b;C=d;|x"},
    {"space before the colon", "A : b\r\nC: d\r\n\r\n", "!C=d;|"},
    {"fold behind what is no field", "A: b\r\nhello\r\n world\r\n\r\n", "!A=b;|"},
    {"empty name", ": b\r\nC: d\r\n\r\n", "!C=d;|"},
    {"name past ASCII", "\xc3\xa4: b\r\nC: d\r\n\r\n", "!C=d;|"},
    {"empty value", "A:\r\n\r\n", "A=;|"},
    {"bare CR stays in its line", "A: b\rC: d\r\n\r\n", "A=bC: d;|"},
};

static void
reads_fields_and_body(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct message m;
        struct arena a;
        struct buf out;
        struct err e = {0};

        arena_init(&a, 0);
        buf_init(&out, 0);
        assert_true(message_parse(&a, cases[i].mail, strlen(cases[i].mail), &m, &e));
        (void)buf_puts(&out, m.malformed ? "!" : "");
        for (size_t j = 0; j < m.field_count; j++)
            (void)buf_printf(&out, "%.*s=%s;", (int)m.fields[j].name_len,
                             m.fields[j].name, message_text(&a, &m.fields[j]));
        (void)buf_printf(&out, "|%.*s", (int)m.body_len, m.body);
        if (strcmp(out.bytes, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].name, out.bytes);
        buf_clear(&out);
        arena_clear(&a);
    }
}

static void
finds_the_topmost(void **state)
{
    static const char mail[] = "a: 1\r\nB: 2\r\nA: 3\r\nAA: 4\r\n\r\n";
    struct message m;
    struct arena a;
    struct err e = {0};

    (void)state;
    arena_init(&a, 0);
    assert_true(message_parse(&a, mail, strlen(mail), &m, &e));
    assert_string_equal(message_text(&a, message_find(&m, "A")), "1");
    assert_int_equal(message_count(&m, "A"), 2);
    assert_int_equal(message_count(&m, "C"), 0);
    assert_null(message_find(&m, "C"));
    arena_clear(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_fields_and_body),
        cmocka_unit_test(finds_the_topmost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
