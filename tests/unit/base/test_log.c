/* A line of the log cannot be forged by a value in it. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* What is written to standard error between begin() and end(). */
struct capture {
    int saved, fd;
    char text[4096];
};

static void
begin(struct capture *c)
{
    FILE *file = tmpfile();

    assert_non_null(file);
    c->fd = dup(fileno(file));
    (void)fclose(file);
    c->saved = dup(STDERR_FILENO);
    (void)dup2(c->fd, STDERR_FILENO);
}

static const char *
end(struct capture *c)
{
    ssize_t n = pread(c->fd, c->text, sizeof c->text - 1, 0);

    (void)dup2(c->saved, STDERR_FILENO);
    (void)close(c->saved);
    (void)close(c->fd);
    c->text[n < 0 ? 0 : n] = '\0';
    return c->text;
}

static void
escapes_values(void **state)
{
    static const struct {
        const char *value, *want;
    } cases[] = {
        {"plain", "x=plain\n"},
        {"", "x=\"\"\n"},
        {"two words", "x=\"two words\"\n"},
        {"a=b", "x=\"a=b\"\n"},
        {"say \"no\"", "x=\"say \\\"no\\\"\"\n"},
        {"back\\slash", "x=\"back\\\\slash\"\n"},
        {"line\nbreak", "x=line\\x0abreak\n"},
        {"\x1b[31m", "x=\\x1b[31m\n"},
        {"\xff", "x=\\xff\n"},
    };

    (void)state;
    (void)unsetenv("JOURNAL_STREAM");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct capture c;
        const char *line;

        begin(&c);
        log_info("event", LOG_S("x", cases[i].value));
        line = strstr(end(&c), "info event ");
        assert_non_null(line);
        assert_string_equal(line + strlen("info event "), cases[i].want);
    }
}

static void
speaks_to_the_journal(void **state)
{
    struct capture c;
    struct stat st;
    char stream[64];
    const char *null = NULL;

    (void)state;
    begin(&c);
    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    (void)snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t)st.st_dev,
                   (uintmax_t)st.st_ino);
    (void)setenv("JOURNAL_STREAM", stream, 1);
    log_warning("event", LOG_I("n", -5), LOG_S("none", null));
    log_debug("not shown");
    assert_string_equal(end(&c), "<4>event n=-5 none=\"\"\n");
    (void)unsetenv("JOURNAL_STREAM");
}

static void
bounds_what_strangers_cause(void **state)
{
    struct log_limit limit = LOG_LIMIT(3);
    int64_t suppressed = -1, allowed = 0;

    (void)state;
    for (int i = 0; i < 10; i++)
        allowed += log_allow(&limit, &suppressed);
    assert_in_range(allowed, 3, 6); /* a minute may begin meanwhile */
    limit.minute = 0;
    assert_true(log_allow(&limit, &suppressed));
    assert_int_equal(suppressed, 10 - allowed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_values),
        cmocka_unit_test(speaks_to_the_journal),
        cmocka_unit_test(bounds_what_strangers_cause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
