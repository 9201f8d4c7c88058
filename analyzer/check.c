#include "analyzer/check.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    TEXT_BYTES = 512, /* of one text; Nagios keeps 8 KB in all, others 4 */
};

void
check_init(struct check *c)
{
    *c = (struct check){0};
    buf_init(&c->text, 0);
    buf_init(&c->perf, 0);
    buf_init(&c->more, 0);
}

void
check_clear(struct check *c)
{
    buf_clear(&c->text);
    buf_clear(&c->perf);
    buf_clear(&c->more);
}

void
check_say(struct buf *out, const char *fmt, ...)
{
    char text[TEXT_BYTES];
    const char *rest = text;
    va_list args;
    size_t n;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    while (rest[n = strcspn(rest, "|")] == '|') {
        (void)text_escape(out, rest, n);
        (void)buf_puts(out, "\\x7c");
        rest += n + 1;
    }
    (void)text_escape(out, rest, n);
}

void
check_raise(struct check *c, enum check_state state)
{
    static const int rank[] = {
        [CHECK_OK] = 0, [CHECK_WARNING] = 1, [CHECK_UNKNOWN] = 2, [CHECK_CRITICAL] = 3};

    if (rank[state] > rank[c->state])
        c->state = state;
}

void
check_measure(struct check *c, const struct check_metric *m)
{
    const char *warning = m->warning == NULL ? "" : m->warning->text;
    const char *critical = m->critical == NULL ? "" : m->critical->text;

    (void)buf_printf(&c->perf, "%s%s=", c->perf.len == 0 ? "" : " ", m->label);
    if (m->value < 0)
        (void)buf_puts(&c->perf, "U");
    else
        (void)buf_printf(&c->perf, "%.*f%s", m->decimals, m->value, m->unit);
    (void)buf_printf(&c->perf, ";%s;%s;0%s", warning, critical,
                     *m->unit == '%' ? ";100" : "");
    if (m->value < 0)
        return;
    if (m->critical != NULL && range_alarms(m->critical, m->value))
        check_raise(c, CHECK_CRITICAL);
    else if (m->warning != NULL && range_alarms(m->warning, m->value))
        check_raise(c, CHECK_WARNING);
}

bool
check_print(const struct check *c, struct buf *out)
{
    static const char *const words[] = {[CHECK_OK] = "OK",
                                        [CHECK_WARNING] = "WARNING",
                                        [CHECK_CRITICAL] = "CRITICAL",
                                        [CHECK_UNKNOWN] = "UNKNOWN"};

    (void)buf_printf(out, "TLSRPT %s: ", words[c->state]);
    (void)buf_append(out, c->text.bytes, c->text.len);
    if (c->perf.len > 0)
        (void)buf_printf(out, " | %s", c->perf.bytes);
    (void)buf_putc(out, '\n');
    (void)buf_append(out, c->more.bytes, c->more.len);
    return !out->failed && !c->text.failed && !c->perf.failed && !c->more.failed;
}
