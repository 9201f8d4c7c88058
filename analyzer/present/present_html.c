/* Cells of some keys are links, by the table below, so that every list leads on. */
#include "analyzer/present/present_html.h"

#include "base/count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LONG_BYTES = 200, /* a text that would push all else off the page scrolls */
    LONG_REASON = 30, /* bytes */
};

static const struct {
    const char *key, *href;
} links[] = {
    {"policy_domain", "<a href=\"%b/domain/%u%k\">%s</a>"},
    {"sender", "<a href=\"%b/sender/%u%k\">%s</a>"},
    {"id", "<a class=\"id\" href=\"%b/report/%u%k\">%s</a>"},
    {"days", "<code class=\"days\">%s</code>"},
    {"result_type", "<a href=\"%b/results%k#%u\">%s</a>"},
};

/* How its cells are set; what may not be cut (view.h) does not wrap. */
static const char *
class_of(const struct column *c)
{
    if (column_is_number(c))
        return "num";
    if (c->type == COLUMN_LIST)
        return "list";
    return c->spare < 0 && c->type == COLUMN_TEXT ? "nowrap" : "";
}

void
html_table_begin(struct html *h, const char *caption, const struct column columns[],
                 size_t count)
{
    html_put(h,
             "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">"
             "<table class=\"rows\"><caption>%s</caption><thead><tr>",
             caption, caption);
    for (size_t i = 0; i < count; i++) {
        if (columns[i].title != NULL)
            html_put(h,
                     *columns[i].title != '\0'
                         ? "<th scope=\"col\" class=\"%s%s\">%s</th>"
                         : "<td class=\"%s%s\"></td>",
                     column_is_number(&columns[i]) ? "num" : "",
                     columns[i].spare > 2 ? " wide" : "", columns[i].title);
    }
    html_put(h, "</tr></thead><tbody>\n");
}

void
html_table_end(struct html *h)
{
    html_put(h, "</tbody></table></div>\n");
}

static bool
html_begin(struct view *v, struct err *e)
{
    struct html_table *t = v->state;

    (void)e;
    t->begun = true;
    html_table_begin(t->html, t->caption, v->columns, v->column_count);
    return true;
}

static bool
put_value(struct html *h, const struct column *c, const char *cell, struct err *e)
{
    struct buf list;
    bool ok = true;

    for (size_t i = 0; i < COUNT_OF(links); i++) {
        if (strcmp(c->key, links[i].key) == 0 && *cell != '\0') {
            html_put(h, links[i].href, cell, cell);
            return true;
        }
    }
    if (c->type == COLUMN_COUNT) {
        html_put(h, "%d", (int64_t)strtoll(cell, NULL, 10));
    } else if (c->type == COLUMN_INSTANT) { /* to the minute */
        html_put(h, "<time datetime=\"%s\">", cell);
        (void)buf_append(h->out, cell, 10);
        (void)buf_putc(h->out, ' ');
        (void)buf_append(h->out, cell + 11, 5);
        html_put(h, "</time>");
    } else if (c->type == COLUMN_DAY) {
        html_put(h, "<time datetime=\"%s\">%s</time>", cell, cell);
    } else if (c->type == COLUMN_LIST) {
        buf_init(&list, 0);
        ok = view_list_join(&list, cell, ", ", e);
        html_text(h, list.bytes);
        buf_clear(&list);
    } else if (strlen(cell) > LONG_BYTES) {
        html_put(h, "<div class=\"long\" tabindex=\"0\">%s</div>", cell);
    } else {
        html_text(h, cell);
    }
    return ok;
}

/* Where the next page of a list begins. */
static void
remember(struct html_table *t, const char *key, const char *cell)
{
    if (strcmp(key, "received") == 0)
        (void)snprintf(t->received, sizeof t->received, "%s", cell);
    else if (strcmp(key, "id") == 0)
        (void)snprintf(t->id, sizeof t->id, "%s", cell);
}

/* Is it the reason of the row above, and long enough to be tiresome? */
static bool
is_again(struct html_table *t, const char *reason)
{
    if (strlen(reason) >= LONG_REASON && strcmp(t->reason, reason) == 0)
        return true;
    (void)snprintf(t->reason, sizeof t->reason, "%s", reason);
    return false;
}

static bool
html_row(struct view *v, const char *const cells[], struct err *e)
{
    struct html_table *t = v->state;
    const char *element = "th scope=\"row\"";
    bool ok = true;

    if (v->row_count == t->most) {
        t->more = true;
        return false;
    }
    html_put(t->html, "<tr>");
    for (size_t i = 0; i < v->column_count && ok; i++) {
        const struct column *c = &v->columns[i];

        if (cells[i] != NULL)
            remember(t, c->key, cells[i]);
        if (c->title == NULL)
            continue;
        (void)buf_printf(t->html->out, "<%s data-title=\"%s\" class=\"%s%s %s\">",
                         element, c->title, class_of(c), c->spare > 2 ? " wide" : "",
                         cells[i] == NULL ? "" : tone_word(column_tone(c, cells[i])));
        if (cells[i] == NULL)
            (void)buf_puts(t->html->out, "-");
        else if (strcmp(c->key, "reason") == 0 && is_again(t, cells[i]))
            html_put(t->html, "<span class=\"dim\">as above</span>");
        else
            ok = put_value(t->html, c, cells[i], e);
        (void)buf_printf(t->html->out, "</%.2s>", element);
        element = "td";
    }
    html_put(t->html, "</tr>\n");
    return ok;
}

const struct presenter present_html = {
    .name = "html", .begin = html_begin, .row = html_row};

void
present_html_into(struct view *v, struct html_table *t)
{
    view_init(v, VIEW_HTML, NULL, NULL);
    v->state = t;
}
