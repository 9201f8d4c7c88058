/* Intake: do reports come, in time, and is what comes understood? */
#include "analyzer/analysis/diary.h"
#include "analyzer/pages/page_days.h"
#include "analyzer/present/present_html.h"
#include "analyzer/show.h"
#include "base/figure.h"
#include "base/when.h"

#include "base/count.h"
#include "schema_sql.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEAST_SILENT = 2, /* days */
    MAX_BUCKETS = 16,
    HOURS_OF_DAY = 24,
};

static const struct column day_columns[] = {
    {"day", "DAY", COLUMN_DAY, 0, COLOUR_NONE},
    {"accepted", "ACCEPTED", COLUMN_COUNT, 0, COLOUR_NONE},
    {"duplicates", "DUPLICATES", COLUMN_COUNT, 0, COLOUR_NONE},
    {"quarantined", "QUARANTINED", COLUMN_COUNT, 0, COLOUR_FAILURES},
    {"ignored", "IGNORED", COLUMN_COUNT, 0, COLOUR_NONE},
    {"refused", "REFUSED", COLUMN_COUNT, 0, COLOUR_NONE},
    {"put_off", "PUT OFF", COLUMN_COUNT, 0, COLOUR_FAILURES},
};

static const struct column reason_columns[] = {
    {"reason", "REASON", COLUMN_TEXT, 0, COLOUR_NONE},
    {"status", "STATUS", COLUMN_STATUS, 0, COLOUR_WORD},
    {"reports", "REPORTS", COLUMN_COUNT, 0, COLOUR_NONE},
    {"sources", "SOURCES", COLUMN_COUNT, 0, COLOUR_NONE},
    {"last_received", "LATEST (UTC)", COLUMN_INSTANT, 0, COLOUR_NONE},
};

static const struct column evicted_columns[] = {
    {"at", "AT (UTC)", COLUMN_INSTANT, 0, COLOUR_NONE},
    {"cause", "CAUSE", COLUMN_TEXT, 0, COLOUR_NONE},
    {"source", "SOURCE", COLUMN_TEXT, 0, COLOUR_NONE},
    {"reports", "REPORTS", COLUMN_COUNT, 0, COLOUR_NONE},
    {"bytes", "BYTES", COLUMN_COUNT, 0, COLOUR_NONE},
};

static const struct column lag_columns[] = {
    {"after", "AFTER THE DAY'S END", COLUMN_TEXT, 0, COLOUR_NONE},
    {"reports", "REPORTS", COLUMN_COUNT, 0, COLOUR_NONE},
    {"share", "SHARE", COLUMN_NUMBER, 0, COLOUR_NONE},
    {"part", "", COLUMN_TEXT, 3, COLOUR_NONE},
};

static const struct column silent_columns[] = {
    {"sender", "SENDER", COLUMN_TEXT, 0, COLOUR_NONE},
    {"last_day", "LAST REPORTED", COLUMN_DAY, 0, COLOUR_NONE},
    {"missed", "DAYS MISSED", COLUMN_COUNT, 0, COLOUR_NONE},
    {"lag_h", "USUAL LAG, H", COLUMN_COUNT, 0, COLOUR_NONE},
    {"sessions", "SESSIONS A DAY", COLUMN_COUNT, 0, COLOUR_NONE},
};

static const struct command days_of_intake = {
    .run = command_query,
    .sql = query_page_intake,
    .params = 2,
    .columns = day_columns,
    .column_count = COUNT_OF(day_columns),
    .empty = "",
};

static const struct command reasons = {
    .run = command_query,
    .sql = query_page_intake_reasons,
    .params = 2,
    .columns = reason_columns,
    .column_count = COUNT_OF(reason_columns),
    .empty = "",
};

static const struct command evicted = {
    .run = command_query,
    .sql = query_page_intake_evicted,
    .params = 2,
    .columns = evicted_columns,
    .column_count = COUNT_OF(evicted_columns),
    .empty = "",
};

/* ---- how late ---- */

struct lags {
    int64_t upto_h[MAX_BUCKETS], reports[MAX_BUCKETS]; /* upto_h 0: longer */
    size_t count;
    int64_t sum;
};

static bool
add_lag(void *ctx, const char *const values[], size_t n, struct err *e)
{
    struct lags *l = ctx;

    (void)n;
    (void)e;
    if (l->count == MAX_BUCKETS)
        return true;
    l->upto_h[l->count] = values[0] != NULL ? strtoll(values[0], NULL, 10) : 0;
    l->reports[l->count] = strtoll(values[1], NULL, 10);
    l->sum += l->reports[l->count++];
    return true;
}

static void
put_bucket(struct html *h, const struct lags *l, size_t i)
{
    int64_t hours = l->upto_h[i];
    char share[FIGURE_SIZE];

    html_put(h, "<tr><th scope=\"row\">");
    if (hours == 0)
        html_put(h, "longer");
    else if (hours % HOURS_OF_DAY != 0)
        html_put(h, "up to %d h", hours);
    else
        html_put(h, hours == HOURS_OF_DAY ? "up to %d day" : "up to %d days",
                 hours / HOURS_OF_DAY);
    html_put(h,
             "</th><td class=\"num\">%d</td><td class=\"num\">%s</td><td "
             "class=\"wide\"><svg class=\"part\" "
             "viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">",
             l->reports[i], figure_share(l->reports[i], l->sum, share));
    (void)buf_printf(
        h->out, "<path class=\"bar sessions\" d=\"M0 0H%.1fV8H0z\"/></svg></td></tr>\n",
        100 * (double)l->reports[i] / (double)(l->sum > 0 ? l->sum : 1));
}

static bool
put_lags(struct page_context *p, struct err *e)
{
    struct lags lags = {0};

    html_put(&p->html, "<h2>How late reports come</h2>");
    if (!store_query(p->c.store, query_page_intake_lag, NULL, 0, 2, add_lag, &lags, e))
        return false;
    if (lags.sum == 0) {
        html_put(&p->html, "<p>No report that can be believed has come yet.</p>");
        return true;
    }
    html_table_begin(&p->html,
                     "Reports by the time from the end of their day to their arrival",
                     lag_columns, COUNT_OF(lag_columns));
    for (size_t i = 0; i < lags.count; i++)
        put_bucket(&p->html, &lags, i);
    html_table_end(&p->html);
    return true;
}

/* ---- who is silent ---- */

/* Days missed in a row up to the last that is due, of a sender that is expected; and the
 * last day reported. */
static int
silent_days(const struct diary *d, int *last)
{
    int day = FACTS_DAYS - 1, run = 0;

    while (day > 0 && d->state[day] == DAY_NONE)
        day--;
    for (*last = day;
         *last > 0 && d->state[*last] == DAY_MISSED && d->lag_h[*last] == DIARY_NEVER;
         --*last)
        run++;
    return d->expected[day] ? run : 0;
}

static void
put_silent(struct page_context *p, const struct facts *f, const struct diaries *l)
{
    int last, shown = 0;

    for (size_t i = 0; i < l->count; i++) {
        const struct diary *d = &l->rows[i];
        int64_t days = silent_days(d, &last);
        const char *sender = facts_text(f, d->sender);

        if (days < LEAST_SILENT)
            continue;
        if (shown++ == 0)
            html_table_begin(&p->html, "Silent senders", silent_columns,
                             COUNT_OF(silent_columns));
        html_put(&p->html,
                 "<tr><th scope=\"row\"><a href=\"%b/sender/%u%k\">%s</a></th><td>",
                 sender, sender);
        page_since(p, f->first_day + last);
        html_put(&p->html,
                 "</td><td class=\"num\">%d</td><td class=\"num\">%d</td><td "
                 "class=\"num\">%d</td></tr>\n",
                 days, (int64_t)d->usual_lag_h, (int64_t)diary_per_day(d));
    }
    if (shown > 0)
        html_table_end(&p->html);
    else
        html_put(&p->html, "<p>None: all that report by habit still do.</p>");
}

static bool
put_senders(struct page_context *p, struct err *e)
{
    struct diaries diaries = {0};
    const struct findings *found;
    bool ok;

    html_put(&p->html, "<h2>Silent senders</h2>");
    if (!page_days_findings(p, &found, e))
        return false;
    if (found == NULL) {
        html_put(&p->html,
                 "<p>They are being worked out: load the page again in a moment.</p>");
        return true;
    }
    ok = diary_write(&found->facts, found->all.excluded, &diaries, e);
    if (ok)
        put_silent(p, &found->facts, &diaries);
    diary_clear(&diaries);
    return ok;
}

/* ---- upkeep ---- */

static bool
put_upkeep(void *ctx, const char *const values[], size_t n, struct err *e)
{
    static const struct {
        const char *what, *text;
    } rows[] = {{"maintain", "Maintenance"},
                {"fold", "Totals for metrics"},
                {"3", "Ignored mail"},
                {"2", "Quarantine"}};
    struct page_context *p = ctx;
    char at[WHEN_INSTANT_SIZE];

    (void)n;
    (void)e;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(values[0], rows[i].what) != 0)
            continue;
        html_put(&p->html,
                 values[2] != NULL ? "<dt>%s</dt><dd>" : "<dt>%s</dt><dd>last done at ",
                 rows[i].text);
        if (values[2] != NULL)
            html_put(&p->html, "%d reports, %d bytes, counted at ",
                     (int64_t)strtoll(values[2], NULL, 10),
                     (int64_t)strtoll(values[3], NULL, 10));
        html_put(&p->html, "<time>%s</time></dd>", show_minute(values[1], at));
    }
    return true;
}

static bool
show(struct page_context *p, struct err *e)
{
    bool ok;

    html_put(&p->html, "<h1>Intake</h1>");
    page_form(p, OPTION_SINCE);
    html_put(&p->html, "<h2>What came</h2>");
    ok = page_table(p, &days_of_intake, "What came of deliveries, by day", e);
    html_put(&p->html, "<h2>Why reports are in the quarantine</h2>");
    ok = ok && page_table(p, &reasons, "Reasons, most reports first", e) &&
         put_senders(p, e) && put_lags(p, e);
    html_put(&p->html, "<h2>What the quarantine's limits cost</h2>");
    ok = ok && page_table(p, &evicted, "What was evicted", e);
    html_put(&p->html, "<h2>Upkeep</h2><dl>");
    ok = ok &&
         store_query(p->c.store, query_page_intake_upkeep, NULL, 0, 4, put_upkeep, p, e);
    html_put(&p->html, "</dl>");
    return ok;
}

const struct page page_intake = {
    .path = "/intake",
    .title = "Intake",
    .menu = "Intake",
    .options = PAGE_FIGURES,
    .defaults = (const char *const[]){"--since=30d", NULL},
    .command = &days_of_intake,
    .show = show,
};
