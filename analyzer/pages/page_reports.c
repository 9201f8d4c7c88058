/* Reports: all that was kept, one of them in words, and its bytes. */
#include "analyzer/pages/page.h"
#include "analyzer/show.h"
#include "base/when.h"

#include <stdio.h>
#include <string.h>

enum {
    MAGIC = 2
};

/* "2026-11-23T20:40:15Z.20261123-0123456789abcdef": the last row of the page before. */
static bool
read_after(struct page_context *p, struct err *e)
{
    const char *after = page_param(p, "after");
    const char *dot = after == NULL ? NULL : strchr(after, '.');
    int64_t instant;
    unsigned form;

    if (after == NULL)
        return true;
    if (dot == NULL || !when_parse_rfc3339(after, (size_t)(dot - after), &instant, &form))
        return err_set(e, ERR_INPUT, "after: no place in the list: \"%.80s\"", after);
    p->c.options->after_id = dot + 1;
    p->c.options->after_received =
        arena_strndup(&p->c.options->arena, after, (size_t)(dot - after));
    return p->c.options->after_received != NULL ? true : err_nomem(e);
}

static bool
show_reports(struct page_context *p, struct err *e)
{
    html_put(&p->html,
             "<h1>Reports</h1><p class=\"lead\">All that came, the latest first. "
             "What is quarantined could not be understood, what is ignored may "
             "not be believed: both are in no figure.</p>");
    page_form(p, OPTION_SINCE | OPTION_DOMAIN | OPTION_SENDER | OPTION_TRUST |
                     OPTION_STATUS);
    return read_after(p, e) && page_list(p, &cmd_reports, "Reports", e);
}

const struct page page_reports = {
    .path = "/reports",
    .title = "Reports",
    .menu = "Reports",
    .options = PAGE_FIGURES | OPTION_STATUS,
    .defaults = (const char *const[]){"--since=7d", NULL},
    .extra = (const char *const[]){"after", NULL},
    .command = &cmd_reports,
    .show = show_reports,
};

/* ---- one of them --------------------------------------------------------------------
 */

static bool
show_report_page(struct page_context *p, struct err *e)
{
    const char *id = p->c.options->line.args[0];
    struct prose prose;
    bool ok;

    p->title = id;
    html_put(&p->html,
             "<h1>Report</h1><p class=\"lead\"><a class=\"button\" "
             "href=\"%b/raw/%u%k\">Download as it came</a></p>",
             id);
    prose_init_html(&prose, &p->html);
    ok = show_in_words(&p->c, &prose, e);
    prose_clear(&prose);
    if (!ok && e->kind == ERR_INPUT)
        p->answer->status = 404;
    return ok;
}

/* The name of the download; the bytes are a stranger's, so only their kind is told. */
static const char *
ending(const struct buf *bytes)
{
    if (bytes->len >= MAGIC && memcmp(bytes->bytes, "\x1F\x8B", MAGIC) == 0)
        return "json.gz";
    if (bytes->len >= MAGIC && memcmp(bytes->bytes, "PK", MAGIC) == 0)
        return "zip";
    return bytes->len > 0 && bytes->bytes[0] == '{' ? "json" : "bin";
}

static bool
show_raw(struct page_context *p, struct err *e)
{
    struct httpd_answer *a = p->answer;
    char name_header[128];

    if (!show_raw_bytes(&p->c, &a->body, e)) {
        if (e->kind == ERR_INPUT)
            a->status = 404;
        return false;
    }
    (void)snprintf(name_header, sizeof name_header,
                   "attachment; filename=\"tlsrpt-%.25s.%s\"", p->c.options->line.args[0],
                   ending(&a->body));
    p->is_bytes = true;
    a->type = "application/octet-stream";
    (void)httpd_set_header(a, "Content-Security-Policy", "default-src 'none'; sandbox");
    return httpd_set_header(a, "Content-Disposition", name_header) ||
           err_set(e, ERR_INPUT, "no id");
}

const struct page page_report = {
    .path = "/report/",
    .title = "Report",
    .options = PAGE_FIGURES,
    .command = &cmd_show,
    .show = show_report_page,
};

const struct page page_raw = {
    .path = "/raw/",
    .title = "Report",
    .options = PAGE_FIGURES,
    .show = show_raw,
};
