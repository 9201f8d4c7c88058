/* One finding: what `tlsrpt findings ID` says, with ways on. */
#include "analyzer/calendar.h"
#include "analyzer/pages/heat.h"
#include "analyzer/pages/page_days.h"
#include "analyzer/present/present_html.h"
#include "analyzer/present/prose.h"
#include "base/count.h"

#include <stdlib.h>

static const struct column place_columns[] = {
    {"address", "ADDRESS", COLUMN_TEXT, 0, COLOUR_NONE},
    {"host", "HOST", COLUMN_TEXT, 0, COLOUR_NONE},
    {"failed", "FAILED", COLUMN_COUNT, 0, COLOUR_NONE},
    {"days", "DAYS", COLUMN_TEXT, 3, COLOUR_NONE},
};

static const struct column report_columns[] = {
    {"day", "DAY", COLUMN_DAY, 0, COLOUR_NONE},
    {"sender", "SENDER", COLUMN_TEXT, 0, COLOUR_NONE},
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"failed", "FAILED", COLUMN_COUNT, 0, COLOUR_NONE},
    {"id", "REPORT", COLUMN_TEXT, 3, COLOUR_NONE},
};

static const struct finding *
find(struct page_context *p, const struct findings **all, struct err *e)
{
    const struct finding *x;

    if (!page_findings(p, all, e))
        return NULL;
    if ((x = findings_find(*all, p->c.options->line.args[0])) == NULL)
        (void)page_not_found(p, e,
                             "no finding \"%s\" in the latest %d days: it may be over "
                             "for so long that it is forgotten",
                             p->c.options->line.args[0], FACTS_DAYS);
    return x;
}

static bool
rows(struct page_context *p, struct err *e)
{
    const struct findings *all;
    const struct finding *x = find(p, &all, e);

    return x != NULL &&
           view_begin(p->c.view, findings_columns, findings_column_count, e) &&
           findings_row(p->c.view, &all->facts, x, e) && view_end(p->c.view, e);
}

/* ---- the calendar ------------------------------------------------------------------ */

static void
put_cell(struct html *h, const struct calendar_cell *cell)
{
    char text[HEAT_TEXT], level[] = "h0";
    int64_t sessions = cell->sessions > cell->failed ? cell->sessions : cell->failed;

    level[1] = (char)(level[1] + heat_level(sessions, cell->failed));
    if (cell->missing)
        html_put(h, "<td class=\"missing\" title=\"no report came\">none</td>");
    else if (sessions == 0)
        html_put(h, "<td></td>");
    else
        html_put(h, "<td class=\"%s\" title=\"%d of %d sessions failed\">%s</td>", level,
                 cell->failed, sessions, heat_text(sessions, cell->failed, text));
}

static void
put_calendar(struct page_context *p, const struct facts *f, const struct calendar *c)
{
    html_put(&p->html, "<h2>Days and senders</h2><p>The share of each sender's sessions "
                       "that failed so; those who see it come first.</p>");
    page_days_legend(&p->html);
    html_put(&p->html, "<div class=\"scroll fromend\" role=\"region\" tabindex=\"0\" "
                       "aria-label=\"Days and senders\"><table class=\"heat plain\">");
    page_days_head(&p->html, f->first_day + c->first, (size_t)c->day_count, false);
    html_put(&p->html, "<tbody>");
    for (size_t i = 0; i < c->row_count; i++) {
        const char *sender = facts_text(f, c->rows[i].sender);

        html_put(&p->html, "<tr><th scope=\"row\"><a href=\"%b/sender/%u%k\">%s</a></th>",
                 sender, sender);
        for (int k = 0; k < c->day_count; k++)
            put_cell(&p->html, &c->rows[i].cells[k]);
        html_put(&p->html, "</tr>\n");
    }
    html_put(&p->html, "</tbody></table></div>");
    if (c->more)
        html_put(&p->html, "<p class=\"dim\">More senders report on these domains.</p>");
}

/* ---- places and reports ------------------------------------------------------------ */

static void
put_places(struct page_context *p, const struct facts *f, const struct calendar *c)
{
    char first[HTML_DAY_SIZE], last[HTML_DAY_SIZE];

    if (c->place_count == 0)
        return;
    html_put(&p->html, "<h2>Where it failed</h2>");
    html_table_begin(&p->html, "Where it failed", place_columns, COUNT_OF(place_columns));
    for (size_t i = 0; i < c->place_count; i++) {
        const struct calendar_place *x = &c->places[i];

        html_put(&p->html, "<tr><th scope=\"row\">%s</th><td>%s</td>",
                 x->address != 0 ? facts_text(f, x->address) : "not told",
                 x->host != 0 ? facts_text(f, x->host) : "-");
        if (x->failed == 0)
            html_put(&p->html,
                     "<td class=\"num good\">none</td><td class=\"wide\">fine as "
                     "far as told</td></tr>\n");
        else
            html_put(&p->html,
                     "<td class=\"num bad\">%d</td><td class=\"wide\">%s to "
                     "%s</td></tr>\n",
                     x->failed, html_day(f->first_day + x->first, p->today, first),
                     html_day(f->first_day + x->last, p->today, last));
    }
    html_table_end(&p->html);
}

static bool
put_report(void *ctx, const char *const v[], size_t n, struct err *e)
{
    struct page_context *p = ctx;

    (void)n;
    (void)e;
    html_put(&p->html,
             "<tr><th scope=\"row\"><a href=\"%b/report/%u%k\"><time>%s</time></a></th>"
             "<td>%s</td><td>%s</td><td class=\"num\">%d</td><td class=\"wide "
             "id\">%s</td></tr>\n",
             v[0], v[1], v[2], v[3], (int64_t)strtoll(v[4], NULL, 10), v[0]);
    return true;
}

static bool
put_reports(struct page_context *p, const struct facts *f, const struct finding *x,
            struct err *e)
{
    bool ok;

    html_put(&p->html, "<h2>Reports behind it</h2>");
    html_table_begin(&p->html, "Reports behind it, the latest first", report_columns,
                     COUNT_OF(report_columns));
    ok = finding_reports(&p->c, f, x, put_report, p, e);
    html_table_end(&p->html);
    return ok;
}

/* ---- the page ---------------------------------------------------------------------- */

static void
put_sentence(struct page_context *p, const struct facts *f, const struct finding *x)
{
    html_put(&p->html, "<h1>%s</h1><p>", x->summary);
    page_severity(p, f, x);
    html_put(&p->html, "</p><p><strong>%s</strong></p>", x->advice);
    html_put(&p->html, "<ul class=\"facts\"><li>At fault: %s</li>",
             page_fault(x->verdict));
    if (x->sessions > 0)
        html_put(&p->html, "<li>Failed: %d of %d sessions</li>", x->failed, x->sessions);
    if (x->refused > 0)
        html_put(&p->html,
                 "<li>Refused: <span class=\"bad\">%d</span>, delayed or bounced</li>",
                 x->refused);
    html_put(&p->html, "<li>Domains: ");
    page_names(p, f, &x->domains, "<a href=\"%b/domain/%u%k\">%s</a>");
    html_put(&p->html, "</li><li>Heat map: ");
    page_names(p, f, &x->domains, "<a href=\"%b/heat?domain=%u%K\">%s</a>");
    html_put(&p->html, "</li><li>Senders: ");
    page_names(p, f, &x->senders, "<a href=\"%b/sender/%u%k\">%s</a>");
    html_put(&p->html, "</li></ul>\n");
    if (finding_ends(x) != NULL)
        html_put(&p->html, "<p class=\"dim\">%s</p>", finding_ends(x));
}

static bool
show(struct page_context *p, struct err *e)
{
    const struct findings *all;
    const struct finding *x = find(p, &all, e);
    struct calendar *calendar;
    struct prose prose;
    bool ok;

    if (x == NULL)
        return false;
    if ((calendar = malloc(sizeof *calendar)) == NULL)
        return err_nomem(e);
    calendar_make(&all->facts, x, calendar);
    p->title = x->summary;
    put_sentence(p, &all->facts, x);
    if (!x->unverified) {
        put_calendar(p, &all->facts, calendar);
        put_places(p, &all->facts, calendar);
    }
    prose_init_html(&prose, &p->html);
    finding_evidence(&all->facts, x, &prose);
    ok = prose_end(&prose, e) && put_reports(p, &all->facts, x, e);
    prose_clear(&prose);
    free(calendar);
    return ok;
}

const struct page page_finding = {
    .path = "/finding/",
    .title = "Finding",
    .options = PAGE_FIGURES,
    .command = &cmd_findings,
    .rows = rows,
    .show = show,
};
