/* Wraps by words, counted in characters; what is longer than a line is left to the
 * terminal. */
#include "analyzer/present/prose.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDEST = 100, /* long lines are hard to read, however wide the terminal */
    LABEL_WIDTH = 16,
    LEAST_TEXT = 20, /* columns that a text gets, however narrow the terminal */
};

static void
put_padding(struct prose *p, int n)
{
    (void)buf_printf(&p->text, "%*s", n, "");
}

static void
put_toned(struct prose *p, enum tone tone, const char *text)
{
    bool colour = p->terminal->colour && *text != '\0';

    if (colour)
        (void)buf_puts(&p->text, tone_start(tone));
    (void)text_escape(&p->text, text, strlen(text));
    if (colour)
        (void)buf_puts(&p->text, tone_end(tone));
}

static void
put_heading(struct prose *p, const char *text)
{
    if (p->text.len > 0)
        (void)buf_putc(&p->text, '\n');
    put_toned(p, TONE_BOLD, text);
    (void)buf_putc(&p->text, '\n');
}

/* Bytes of `text` that fit into `width` columns, cut at a blank where there is one. */
static size_t
fit(const char *text, size_t width)
{
    size_t n = 0, columns = 0, blank = 0;

    while (text[n] != '\0' && columns <= width) {
        if (text[n] == ' ' && n > 0)
            blank = n;
        n++;
        if (((unsigned char)text[n] & 0xC0) != 0x80)
            columns++;
    }
    if (text[n] == '\0' && columns <= width)
        return n;
    return blank > 0 ? blank : strcspn(text, " ");
}

/* Appends `text`, which stands at column `at`, wrapped below itself. */
static void
put_wrapped(struct prose *p, int at, enum tone tone, const char *text)
{
    struct buf safe;
    size_t width = p->terminal->width, n;
    const char *rest;

    if (width == 0 || width > WIDEST)
        width = WIDEST;
    width = width > (size_t)at + LEAST_TEXT ? width - (size_t)at : LEAST_TEXT;
    buf_init(&safe, 0);
    if (!text_escape(&safe, text, strlen(text)))
        p->text.failed = true;
    for (rest = safe.bytes == NULL ? "" : safe.bytes; *rest != '\0'; rest += n) {
        if (rest != safe.bytes) {
            (void)buf_putc(&p->text, '\n');
            put_padding(p, at);
        }
        n = fit(rest, width);
        if (p->terminal->colour)
            (void)buf_puts(&p->text, tone_start(tone));
        (void)buf_append(&p->text, rest, n);
        if (p->terminal->colour)
            (void)buf_puts(&p->text, tone_end(tone));
        n += strspn(rest + n, " ");
    }
    (void)buf_putc(&p->text, '\n');
    buf_clear(&safe);
}

static void
put_field(struct prose *p, int indent, const char *label, enum tone tone,
          const char *value)
{
    put_padding(p, indent);
    put_toned(p, TONE_DIM, label);
    put_padding(p, LABEL_WIDTH - (int)strlen(label));
    put_wrapped(p, indent + LABEL_WIDTH, tone, value);
}

static void
put_text(struct prose *p, int indent, const char *text)
{
    put_padding(p, indent);
    put_wrapped(p, indent, TONE_PLAIN, text);
}

static void
put_line(struct prose *p, enum tone tone, const char *text)
{
    put_toned(p, tone, text);
    (void)buf_putc(&p->text, '\n');
}

static void
put_link(struct prose *p, const char *href, const char *id, const char *text)
{
    (void)href;
    put_padding(p, 2);
    put_toned(p, TONE_PLAIN, id);
    put_padding(p, 2);
    put_line(p, TONE_PLAIN, text);
}

static bool
put_all(struct prose *p, struct err *e)
{
    if (p->text.failed)
        return err_nomem(e);
    /* a reader who has left is met again by terminal_finish() */
    if (p->text.len > 0)
        (void)fwrite(p->text.bytes, 1, p->text.len, p->out);
    buf_reset(&p->text);
    return true;
}

static void
put_linked(struct prose *p, const char *label, const char *href, const char *value)
{
    (void)href;
    put_field(p, 0, label, TONE_PLAIN, value);
}

static const struct prose_medium terminal_medium = {
    put_heading, put_field, put_text, put_line, put_link, put_linked, put_all};

void
prose_init(struct prose *p, struct terminal *t, FILE *out)
{
    *p = (struct prose){.medium = &terminal_medium, .terminal = t, .out = out};
    buf_init(&p->text, 0);
    if (out == stdout)
        terminal_page(t);
}

void
prose_clear(struct prose *p)
{
    buf_clear(&p->text);
}

void
prose_heading(struct prose *p, const char *text)
{
    p->medium->heading(p, text);
}

void
prose_field(struct prose *p, int indent, const char *label, enum tone tone,
            const char *value)
{
    if (value != NULL && *value != '\0')
        p->medium->field(p, indent, label, tone, value);
}

void
prose_fieldf(struct prose *p, int indent, const char *label, enum tone tone,
             const char *fmt, ...)
{
    char *value;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&value, fmt, ap) < 0) {
        value = NULL;
        p->text.failed = true;
    }
    va_end(ap);
    prose_field(p, indent, label, tone, value);
    free(value);
}

void
prose_text(struct prose *p, int indent, const char *text)
{
    p->medium->text(p, indent, text);
}

void
prose_line(struct prose *p, enum tone tone, const char *text)
{
    p->medium->line(p, tone, text);
}

void
prose_link(struct prose *p, const char *href, const char *id, const char *text)
{
    p->medium->link(p, href, id, text);
}

void
prose_linked(struct prose *p, const char *label, const char *href, const char *value)
{
    p->medium->linked(p, label, href, value);
}

bool
prose_end(struct prose *p, struct err *e)
{
    return p->medium->end(p, e);
}
