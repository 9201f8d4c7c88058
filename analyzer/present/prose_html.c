/* Prose as HTML: fields are a list of terms, lines stand as they are, links are a list.
 */
#include "analyzer/present/html.h"
#include "analyzer/present/prose.h"

#include <string.h>

enum {
    INDENT_STEP = 2
};

static void
enter(struct prose *p, const char *element, const char *markup)
{
    if (p->open != NULL && strcmp(p->open, element) == 0)
        return;
    if (p->open != NULL)
        (void)buf_printf(p->html->out, "</%s>\n", p->open);
    p->open = element;
    (void)buf_puts(p->html->out, markup);
}

static void
leave(struct prose *p)
{
    enter(p, "", "");
    p->open = NULL;
}

static void
put_toned(struct prose *p, enum tone tone, const char *text)
{
    html_put(p->html, tone == TONE_PLAIN ? "" : "<span class=\"%s\">", tone_word(tone));
    html_text(p->html, text);
    html_put(p->html, tone == TONE_PLAIN ? "" : "</span>");
}

static void
put_heading(struct prose *p, const char *text)
{
    leave(p);
    html_put(p->html, "<h2>%s</h2>\n", text);
}

static void
put_field(struct prose *p, int indent, const char *label, enum tone tone,
          const char *value)
{
    static const char *const ends[] = {"", " class=\"in1\"", " class=\"in2\""};
    size_t step = (size_t)indent / INDENT_STEP;

    enter(p, "dl", "<dl>");
    if (*label != '\0') {
        (void)buf_printf(p->html->out, "<dt%s>", ends[step > 2 ? 2 : step]);
        html_put(p->html, "%s</dt>", label);
    }
    html_put(p->html, "<dd>");
    put_toned(p, tone, value);
    html_put(p->html, "</dd>\n");
}

static void
put_text(struct prose *p, int indent, const char *text)
{
    (void)indent;
    leave(p);
    html_put(p->html, "<p>%s</p>\n", text);
}

static void
put_line(struct prose *p, enum tone tone, const char *text)
{
    enter(p, "pre", "<pre tabindex=\"0\">");
    put_toned(p, tone, text);
    html_put(p->html, "\n");
}

static void
put_link(struct prose *p, const char *href, const char *id, const char *text)
{
    enter(p, "ul", "<ul class=\"links\">");
    html_put(p->html, "<li><a href=\"");
    html_put(p->html, href, id);
    html_put(p->html, "\">%s</a></li>\n", text);
}

static void
put_linked(struct prose *p, const char *label, const char *href, const char *value)
{
    enter(p, "dl", "<dl>");
    html_put(p->html, "<dt>%s</dt><dd><a href=\"", label);
    html_put(p->html, href, value);
    html_put(p->html, "\">%s</a></dd>\n", value);
}

static bool
end(struct prose *p, struct err *e)
{
    leave(p);
    return p->html->out->failed ? err_nomem(e) : true;
}

static const struct prose_medium html_medium = {
    put_heading, put_field, put_text, put_line, put_link, put_linked, end};

void
prose_init_html(struct prose *p, struct html *h)
{
    *p = (struct prose){.medium = &html_medium, .html = h};
    buf_init(&p->text, 0);
}
