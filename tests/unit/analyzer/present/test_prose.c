#include "analyzer/present/prose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../snapshot.h"

static const struct {
    const char *name;
    size_t width;
    bool colour;
} cases[] = {
    {"prose/pipe", 0, false},
    {"prose/60", 60, false},
    {"prose/narrow", 20, false},
    {"prose/colour", 60, true},
};

static void
write_all(struct prose *p)
{
    prose_heading(p, "Report \x1b[31m 1");
    prose_field(p, 0, "sender", TONE_PLAIN, "example.com");
    prose_field(p, 0, "absent", TONE_PLAIN, NULL);
    prose_field(p, 0, "empty", TONE_PLAIN, "");
    prose_fieldf(p, 2, "sessions", TONE_BAD, "%d failed of %d", 3, 12);
    prose_field(p, 2, "hostile", TONE_WARN,
                "a\x1b]0;x\x07 \xe2\x80\xae override \n next");
    prose_heading(p, "Quirks");
    prose_text(
        p, 2,
        "a date without a time zone, taken as UTC; bücher and other words that go on "
        "until the line is full and wraps below itself");
    prose_text(p, 2,
               "averyveryveryveryveryveryveryveryveryveryveryverylongwordthatdoesnotfit, "
               "then some");
    prose_line(p, TONE_DIM, "2026-11-01  ....x..\x1b.");
}

static void
test_snapshots(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct terminal t = {.width = cases[i].width, .colour = cases[i].colour};
        struct prose p;
        struct err e = {0};
        char *text = NULL;
        size_t n;
        FILE *out = open_memstream(&text, &n);

        prose_init(&p, &t, out);
        write_all(&p);
        assert_true(prose_end(&p, &e));
        prose_clear(&p);
        assert_int_equal(fclose(out), 0);
        snapshot_check(cases[i].name, text, n);
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_snapshots)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
