/* What stands around every page: the navigation above, of when it is and its other forms
 * below. */
#include "analyzer/pages/page_frame.h"

#include "base/when.h"

static void
put_menu(struct page_context *p)
{
    html_put(&p->html, "<nav aria-label=\"Pages\"><ul>");
    for (size_t i = 0; pages[i] != NULL; i++) {
        if (pages[i]->menu == NULL)
            continue;
        html_put(&p->html,
                 pages[i] == p->page
                     ? "<li><a href=\"%b%s%k\" aria-current=\"page\">%s</a></li>"
                     : "<li><a href=\"%b%s%k\">%s</a></li>",
                 pages[i]->path, pages[i]->menu);
    }
    html_put(&p->html, "</ul></nav>");
}

void
page_head(struct page_context *p, const char *style, const char *title)
{
    html_put(&p->html,
             "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<title>%s - tlsrpt</title><meta name=\"viewport\" "
             "content=\"width=device-width, initial-scale=1\">"
             "<link rel=\"icon\" href=\"data:,\"><style>",
             title);
    (void)buf_puts(p->html.out, style);
    html_put(&p->html, "</style></head>\n<body><a class=\"skip\" href=\"#main\">"
                       "To the content</a><header><div>"
                       "<a class=\"brand\" href=\"%b/\">TLS reports</a>");
    put_menu(p);
    html_put(&p->html, "</div></header>\n<main id=\"main\">\n");
}

void
page_foot(struct page_context *p, const char *path)
{
    const char *ask = *p->query == '\0' ? "" : "?";
    char text[WHEN_INSTANT_SIZE];
    int64_t as_of = p->as_of != 0                             ? p->as_of
                    : p->c.options->as_of < p->c.options->now ? p->c.options->as_of
                                                              : p->c.options->now;

    html_put(&p->html, "</main>\n<footer>");
    if (as_of > 0) {
        (void)when_print_instant(as_of, text);
        text[10] = ' ';
        text[16] = '\0';
        html_put(&p->html, "<span>As of <time>%s UTC</time></span>", text);
    }
    if (path != NULL)
        html_put(&p->html,
                 "<span>The same as <a href=\"%b%s.json%s%s\">JSON</a> or "
                 "<a href=\"%b%s.csv%s%s\">CSV</a></span>",
                 path, ask, p->query, path, ask, p->query);
    html_put(&p->html, "<span>tlsrpt %s</span></footer></body></html>\n", TLSRPT_VERSION);
}
