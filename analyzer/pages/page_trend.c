/* Trend: sessions and failures by day, and what happened meanwhile. */
#include "analyzer/pages/page_days.h"
#include "analyzer/pages/trend_marks.h"
#include "analyzer/present/present_html.h"

#include "base/count.h"
#include "schema_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_DAYS = 365,
    LINE_BYTES = 40, /* of a policy's line that are shown */
    MAX_LINES = 8,
};

static const struct column columns[] = {
    {"day", "DAY", COLUMN_DAY, 0, COLOUR_NONE},
    {"sessions", "SESSIONS", COLUMN_COUNT, 0, COLOUR_NONE},
    {"failed_sessions", "FAILED", COLUMN_COUNT, 0, COLOUR_FAILURES},
};

struct trend {
    struct page_days asked;
    struct chart_day days[MOST_DAYS];
};

static bool
add_day(void *ctx, const char *const values[], size_t n, struct err *e)
{
    struct trend *t = ctx;
    int64_t at = (int64_t)page_days_parse(values[0]) - t->asked.first;

    (void)n;
    (void)e;
    if (at >= 0 && at < (int64_t)t->asked.count)
        t->days[at] = (struct chart_day){true, strtoll(values[1], NULL, 10),
                                         strtoll(values[2], NULL, 10)};
    return true;
}

static bool
load(struct page_context *p, struct trend *t, struct err *e)
{
    *t = (struct trend){0};
    return page_days_find(p, MOST_DAYS, &t->asked, e) &&
           store_query(p->c.store, query_page_trend, t->asked.params, 5, 3, add_day, t,
                       e);
}

static bool
rows(struct page_context *p, struct err *e)
{
    struct trend t;
    char day[WHEN_DAY_SIZE], sessions[24], failed[24];

    if (!load(p, &t, e) || !view_begin(p->c.view, columns, COUNT_OF(columns), e))
        return false;
    for (size_t i = 0; i < t.asked.count; i++) {
        const char *values[] = {when_print_day(t.asked.first + (int32_t)i, day), sessions,
                                failed};

        (void)snprintf(sessions, sizeof sessions, "%lld", (long long)t.days[i].sessions);
        (void)snprintf(failed, sizeof failed, "%lld", (long long)t.days[i].failed);
        if (t.days[i].reported && !view_row(p->c.view, values, e))
            return false;
    }
    return view_end(p->c.view, e);
}

/* ---- the page ---- */

static void
put_day(struct page_context *p, int32_t day)
{
    char text[HTML_DAY_SIZE];

    html_put(&p->html, "<time>%s</time>", html_day(day, p->today, text));
}

static void
put_incidents(struct page_context *p, const struct trend_marks *t)
{
    html_put(&p->html, "<h2>Incidents</h2>");
    if (t->incident_count == 0) {
        html_put(&p->html, "<p>None in these days.</p>");
        return;
    }
    html_put(&p->html, "<ul class=\"marks\">");
    for (size_t i = 0; i < t->incident_count; i++) {
        const struct trend_incident *x = &t->incidents[i];

        html_put(&p->html, "<li><span class=\"sign %s\">%s</span> ",
                 severity_text(x->finding->severity), x->label);
        put_day(p, x->first);
        html_put(&p->html, x->finding->open ? ", open: " : " to ");
        if (!x->finding->open) {
            put_day(p, x->last);
            html_put(&p->html, ": ");
        }
        html_put(&p->html, "<a href=\"%b/finding/%u%k\">%s</a></li>", x->finding->id,
                 x->finding->summary);
    }
    html_put(&p->html, "</ul>");
}

/* The lines of a policy after one another, cut where they are long or many. */
static void
put_policy(struct page_context *p, const char *policy)
{
    char text[LINE_BYTES + 8];
    const char *line = policy;

    html_put(&p->html, "<code>");
    for (int i = 0; i < MAX_LINES && *line != '\0'; i++) {
        size_t whole = strcspn(line, "\n"), n = whole < LINE_BYTES ? whole : LINE_BYTES;

        while (n > 0 && n < whole && ((unsigned char)line[n] & 0xC0) == 0x80)
            n--; /* not within a character */
        (void)snprintf(text, sizeof text, "%.*s%s", (int)n, line, n < whole ? "..." : "");
        html_put(&p->html, i > 0 ? "; %s" : "%s", text);
        line += whole + (line[whole] == '\n');
    }
    html_put(&p->html, *line != '\0' ? "; ...</code>" : "</code>");
}

static void
put_changes(struct page_context *p, const struct trend_marks *t)
{
    html_put(&p->html, "<h2>Policies</h2>");
    if (t->change_count == 0) {
        html_put(
            &p->html,
            "<p>No change in these days, neither declared nor seen by a sender.</p>");
        return;
    }
    html_put(&p->html, "<ul class=\"marks\">");
    for (size_t i = 0; i < t->change_count; i++) {
        const struct trend_change *x = &t->changes[i];

        (void)buf_printf(p->html.out, "<li><span class=\"sign\">%c</span> ", x->letter);
        put_day(p, x->day);
        html_put(&p->html, ", <a href=\"%b/domain/%u%k\">%s</a>, %s ", x->domain,
                 x->domain,
                 strcmp(x->type, "sts") == 0 ? "MTA-STS policy" : "TLSA records");
        if (x->senders == 0)
            html_put(&p->html, "declared");
        else
            html_put(&p->html,
                     x->senders == 1 ? "first seen, by %d sender"
                                     : "first seen, by %d senders until now",
                     (int64_t)x->senders);
        html_put(&p->html, ": ");
        put_policy(p, x->policy);
        html_put(&p->html, "</li>");
    }
    html_put(&p->html, "</ul>");
}

static void
put_table(struct page_context *p, const struct trend *t)
{
    char day[WHEN_DAY_SIZE];

    html_put(&p->html, "<details><summary>The same as a table</summary>");
    html_table_begin(&p->html, "Sessions and failures by day", columns,
                     COUNT_OF(columns));
    for (size_t i = t->asked.count; i-- > 0;) {
        const struct chart_day *d = &t->days[i];

        (void)when_print_day(t->asked.first + (int32_t)i, day);
        html_put(&p->html, "<tr><th scope=\"row\"><a");
        page_days_link(p, t->asked.first + (int32_t)i, NULL, d->failed > 0);
        html_put(&p->html, ">%s</a></th>", day);
        if (!d->reported)
            html_put(&p->html, "<td colspan=\"2\">no reports</td></tr>\n");
        else
            html_put(&p->html,
                     "<td class=\"num\">%d</td><td class=\"num\">%d</td></tr>\n",
                     d->sessions, d->failed);
    }
    html_table_end(&p->html);
    html_put(&p->html, "</details>");
}

/* Without findings, as before the first are made, there is still a chart. */
static bool
put_marked(struct page_context *p, const struct trend *t, struct err *e)
{
    const struct options *o = p->c.options;
    struct trend_asked asked = {o->domains.count == 1 ? o->domains.items[0] : NULL,
                                o->senders.count == 1 ? o->senders.items[0] : NULL,
                                t->asked.first, t->asked.last};
    const struct findings *found = NULL;
    struct trend_marks *marks = calloc(1, sizeof *marks);
    struct chart chart = {t->asked.first, t->days, t->asked.count, NULL, 0};

    if (marks == NULL)
        return err_nomem(e);
    if (!page_days_findings(p, &found, e)) {
        free(marks);
        return false;
    }
    if (found != NULL) {
        trend_marks_find(marks, &found->facts, &found->all, &asked);
        chart.marks = marks->marks;
        chart.mark_count = marks->mark_count;
    }
    chart_draw(&p->html, &chart, CHART_WIDE);
    chart_draw(&p->html, &chart, CHART_NARROW);
    put_table(p, t);
    if (found != NULL) {
        put_incidents(p, marks);
        put_changes(p, marks);
        if (t->asked.count > FACTS_DAYS)
            html_put(&p->html,
                     "<p class=\"dim\">Incidents, and policies as senders saw them, go "
                     "back %d days.</p>",
                     (int64_t)FACTS_DAYS);
    } else {
        html_put(&p->html, "<p>Incidents and policies are being worked out: load the "
                           "page again in a moment.</p>");
    }
    free(marks);
    return true;
}

static bool
show(struct page_context *p, struct err *e)
{
    struct trend *t = calloc(1, sizeof *t);
    bool ok;

    if (t == NULL)
        return err_nomem(e);
    ok = load(p, t, e);
    if (ok) {
        html_put(&p->html, "<h1>Trend</h1>");
        page_form(p, OPTION_SINCE | OPTION_DOMAIN | OPTION_SENDER | OPTION_TRUST |
                         PAGE_BELIEVED);
        ok = put_marked(p, t, e);
    }
    free(t);
    return ok;
}

const struct page page_trend = {
    .path = "/trend",
    .title = "Trend",
    .menu = "Trend",
    .options = PAGE_FIGURES,
    .defaults = (const char *const[]){"--since=30d", NULL},
    .rows = rows,
    .show = show,
};
