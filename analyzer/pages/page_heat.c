/* Heat map: what failed, day by day and sender by sender, and which reports are missing.
 * A table, since it is one: colours and hatching only repeat what its cells say. */
#include "analyzer/pages/heat.h"
#include "analyzer/pages/page_days.h"

#include "base/count.h"
#include "schema_sql.h"

#include <stdio.h>
#include <stdlib.h>

static const struct column columns[] = {
    {"sender", "SENDER", COLUMN_TEXT, 0, COLOUR_NONE},
    {"day", "DAY", COLUMN_DAY, 0, COLOUR_NONE},
    {"sessions", "SESSIONS", COLUMN_COUNT, 0, COLOUR_NONE},
    {"failed_sessions", "FAILED", COLUMN_COUNT, 0, COLOUR_FAILURES},
    {"state", "STATE", COLUMN_TEXT, 0, COLOUR_NONE},
};

static bool
add_row(void *ctx, const char *const values[], size_t n, struct err *e)
{
    struct heat_cell cell = {.sessions = strtoll(values[2], NULL, 10),
                             .failed = strtoll(values[3], NULL, 10),
                             .lag_h = (int32_t)strtol(values[4], NULL, 10)};

    (void)n;
    (void)e;
    heat_add(ctx, values[0], page_days_parse(values[1]), &cell);
    return true;
}

static bool
load(struct page_context *p, struct heat *h, struct page_days *days, struct err *e)
{
    char history[WHEN_DAY_SIZE], most[16];

    if (!page_days_find(p, HEAT_DAYS, days, e) ||
        !heat_init(h, days->last, days->count, e))
        return false;
    (void)snprintf(most, sizeof most, "%d", HEAT_SENDERS);
    {
        const char *params[] = {when_print_day(h->first_day, history),
                                days->params[1],
                                days->params[2],
                                days->params[3],
                                days->params[4],
                                days->params[0],
                                most};

        if (!store_query(p->c.store, query_page_heat, params, 7, 5, add_row, h, e))
            return false;
    }
    heat_finish(h, findings_instant(&p->c));
    return true;
}

static bool
put_rows(struct page_context *p, const struct heat *h, struct err *e)
{
    char day[WHEN_DAY_SIZE], sessions[24], failed[24];

    for (size_t i = 0; i < h->row_count; i++) {
        const struct heat_row *row = &h->rows[i];

        for (size_t k = HEAT_HABIT; k < h->day_count; k++) {
            const struct heat_cell *cell = &row->cells[k];
            const char *values[] = {row->sender[0] != '\0' ? row->sender : NULL,
                                    when_print_day(h->first_day + (int32_t)k, day),
                                    sessions, failed,
                                    cell->state == HEAT_MISSING ? "missing" : "reported"};

            (void)snprintf(sessions, sizeof sessions, "%lld", (long long)cell->sessions);
            (void)snprintf(failed, sizeof failed, "%lld", (long long)cell->failed);
            if (cell->state != HEAT_BLANK && !view_row(p->c.view, values, e))
                return false;
        }
    }
    return true;
}

static bool
rows(struct page_context *p, struct err *e)
{
    struct heat h = {0};
    struct page_days days;
    bool ok = load(p, &h, &days, e) &&
              view_begin(p->c.view, columns, COUNT_OF(columns), e) &&
              put_rows(p, &h, e) && view_end(p->c.view, e);

    heat_clear(&h);
    return ok;
}

/* ---- the table ---- */

void
page_days_head(struct html *html, int32_t first, size_t count, bool sum)
{
    html_put(html, sum ? "<thead><tr><td colspan=\"2\"></td>" : "<thead><tr><td></td>");
    for (size_t k = 0, end; k < count; k = end) {
        struct when_date date = when_date_of(first + (int32_t)k);

        for (end = k + 1; end < count; end++) {
            if (when_date_of(first + (int32_t)end).month != date.month)
                break;
        }
        html_put(html, "<th scope=\"colgroup\" colspan=\"%d\"><span>%s</span></th>",
                 (int64_t)(end - k), when_month_name(date.month));
    }
    html_put(html, "</tr><tr><th scope=\"col\" class=\"sender\">Sender</th>");
    html_put(html, sum ? "<th scope=\"col\">All days</th>" : "");
    for (size_t k = 0; k < count; k++) {
        int32_t day = first + (int32_t)k;
        bool free_day = (day + 3) % 7 >= 5; /* 1 January 1970 was a Thursday */

        html_put(html,
                 free_day ? "<th scope=\"col\" class=\"weekend\">%d</th>"
                          : "<th scope=\"col\">%d</th>",
                 (int64_t)when_date_of(day).day);
    }
    html_put(html, "</tr></thead>");
}

static void
put_cell(struct page_context *p, const struct heat_row *row, const struct heat_cell *cell,
         int32_t day)
{
    const char *sender = row->sender[0] != '\0' ? row->sender : NULL;
    char iso[WHEN_DAY_SIZE], text[HEAT_TEXT], level[] = "h0";
    bool missing = cell->state == HEAT_MISSING;

    if (cell->state == HEAT_BLANK) {
        html_put(&p->html, "<td></td>");
        return;
    }
    level[1] = (char)(level[1] + heat_level(cell->sessions, cell->failed));
    html_put(&p->html, "<td class=\"%s\" data-day=\"%s\"><a", missing ? "missing" : level,
             when_print_day(day, iso));
    page_days_link(p, day, sender, cell->failed > 0);
    if (missing)
        html_put(&p->html, " title=\"no report came\">none</a></td>");
    else
        html_put(&p->html, " title=\"%d of %d sessions failed\">%s</a></td>",
                 cell->failed, cell->sessions,
                 heat_text(cell->sessions, cell->failed, text));
}

static void
put_row(struct page_context *p, const struct heat *h, const struct heat_row *row)
{
    char text[HEAT_TEXT];

    if (row->sender[0] != '\0')
        html_put(&p->html, "<tr><th scope=\"row\"><a href=\"%b/sender/%u%k\">%s</a></th>",
                 row->sender, row->sender);
    else
        html_put(&p->html, "<tr><th scope=\"row\">all others</th>");
    html_put(&p->html, "<td class=\"sum\" title=\"%d of %d sessions failed\">%s</td>",
             row->failed, row->sessions, heat_text(row->sessions, row->failed, text));
    for (size_t k = HEAT_HABIT; k < h->day_count; k++)
        put_cell(p, row, &row->cells[k], h->first_day + (int32_t)k);
    html_put(&p->html, "</tr>\n");
}

void
page_days_legend(struct html *html)
{
    static const char *const steps[HEAT_LEVELS] = {
        "none", "below 1 %", "1 to 5 %", "5 to 20 %", "20 to 50 %", "50 % and more"};

    html_put(html, "<ul class=\"legend\" aria-label=\"Share of sessions that failed\">");
    for (int i = 0; i < HEAT_LEVELS; i++) {
        char level[] = "h0";

        level[1] = (char)(level[1] + i);
        html_put(html, "<li class=\"%s\">%s</li>", level, steps[i]);
    }
    html_put(html, "<li class=\"missing\">no report, though one was due</li></ul>");
}

bool
page_days_heat(struct page_context *p, struct err *e)
{
    struct heat h = {0};
    struct page_days days;
    bool ok = load(p, &h, &days, e);

    if (ok && h.row_count == 0) {
        html_put(&p->html, "<p>There is no report of these days with this trust.</p>");
    } else if (ok) {
        page_days_legend(&p->html);
        html_put(&p->html, "<div class=\"scroll fromend\" role=\"region\" tabindex=\"0\" "
                           "aria-label=\"Heat map\">"
                           "<table class=\"heat\">");
        page_days_head(&p->html, h.first_day + HEAT_HABIT, h.day_count - HEAT_HABIT,
                       true);
        html_put(&p->html, "<tbody>");
        for (size_t i = 0; i < h.row_count; i++)
            put_row(p, &h, &h.rows[i]);
        html_put(&p->html, "</tbody></table></div>");
    }
    heat_clear(&h);
    return ok;
}

static bool
show(struct page_context *p, struct err *e)
{
    html_put(&p->html, "<h1>Heat map</h1>");
    page_form(p, OPTION_SINCE | OPTION_DOMAIN | OPTION_SENDER | OPTION_TRUST |
                     PAGE_BELIEVED);
    html_put(&p->html, "<p>The share of sessions that failed, by sender and day; the "
                       "sender with most sessions first. A cell leads to what was "
                       "reported.</p>");
    return page_days_heat(p, e);
}

const struct page page_heat = {
    .path = "/heat",
    .title = "Heat map",
    .menu = "Heat map",
    .options = PAGE_FIGURES,
    .defaults = (const char *const[]){"--since=30d", NULL},
    .rows = rows,
    .show = show,
};
