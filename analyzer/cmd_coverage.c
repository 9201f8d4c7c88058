/* tlsrpt coverage: who reported on which day, in time, late or not at all. */
#include "analyzer/analysis/diary.h"
#include "analyzer/findings.h"
#include "base/count.h"
#include "base/when.h"

#include <stdlib.h>

enum {
    DAYS = 28, /* shown */
};

static const struct column columns[] = {
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"sender", "SENDER", COLUMN_TEXT, 0, COLOUR_NONE},
    {"usual_lag_hours", "LAG H", COLUMN_COUNT, 0, COLOUR_NONE},
    {"reported_days", "REPORTED", COLUMN_COUNT, 2, COLOUR_NONE},
    {"late_days", "LATE", COLUMN_COUNT, 1, COLOUR_NONE},
    {"missing_days", "MISSING", COLUMN_COUNT, 1, COLOUR_FAILURES},
    {"first_day", "FROM", COLUMN_DAY, 3, COLOUR_NONE},
    {"last_day", "TO", COLUMN_DAY, 3, COLOUR_NONE},
    {"days", "DAYS", COLUMN_TEXT, 0, COLOUR_NONE},
};

/* One sender's days with one domain. */
struct coverage {
    char days[DAYS + 1]; /* + in time, l late, - missing, . not due, blank: before */
    int reported, late, missing;
};

/* Rows [first, end) are those of one domain and sender; d is the sender's diary. */
static void
cover(const struct facts *f, size_t first, size_t end, const struct diary *d,
      struct coverage *out)
{
    int32_t lag_h[FACTS_DAYS];
    int from = f->today - DAYS + 1, began = FACTS_DAYS;

    for (int day = 0; day < FACTS_DAYS; day++)
        lag_h[day] = DIARY_NEVER;
    for (size_t i = first; i < end; i++) {
        const struct tally *t = &f->tallies[i];

        if (t->lag_h < lag_h[t->day])
            lag_h[t->day] = t->lag_h;
        began = t->day < began ? t->day : began;
    }
    for (int day = from; day <= f->today; day++) {
        int64_t due =
            ((int64_t)f->first_day + day + 1) * WHEN_DAY_S + d->limit_h * 3600LL;
        char mark = ' ';

        if (lag_h[day] != DIARY_NEVER)
            mark = lag_h[day] <= d->limit_h ? '+' : 'l';
        else if (day > began)
            mark = f->as_of >= due ? '-' : '.';
        out->reported += mark == '+' || mark == 'l';
        out->late += mark == 'l';
        out->missing += mark == '-';
        out->days[day - from] = mark;
    }
}

static bool
show(struct context *c, const struct facts *f, size_t first, size_t end,
     const struct diary *d, struct err *e)
{
    struct coverage x = {0};
    struct view *v = c->view;

    if (!findings_asks_for(c, facts_text(f, f->tallies[first].domain)))
        return true;
    cover(f, first, end, d, &x);
    {
        const char *row[] = {facts_text(f, f->tallies[first].domain),
                             facts_text(f, f->tallies[first].sender),
                             view_text(v, "%d", d->usual_lag_h),
                             view_text(v, "%d", x.reported),
                             view_text(v, "%d", x.late),
                             view_text(v, "%d", x.missing),
                             view_day(v, f->first_day + f->today - DAYS + 1),
                             view_day(v, f->first_day + f->today),
                             x.days};

        return view_row(v, row, e);
    }
}

static bool
show_all(struct context *c, const struct facts *f, const struct diaries *l, struct err *e)
{
    for (size_t first = 0, end; l->place != NULL && first < f->tally_count; first = end) {
        uint32_t place = l->place[f->tallies[first].sender];

        end = facts_pair_end(f, first);
        if (place != 0 && !show(c, f, first, end, &l->rows[place - 1], e))
            return false;
    }
    return true;
}

static bool
run(struct context *c, struct err *e)
{
    struct findings now;
    struct diaries l = {0};
    uint8_t *nobody = NULL;
    bool ok;

    findings_take_domain(c);
    ok = findings_load_facts(c, &now, e);
    if (ok) {
        nobody = calloc(now.facts.name_count, 1);
        ok = nobody != NULL ? diary_write(&now.facts, nobody, &l, e) : err_nomem(e);
    }
    ok = ok && view_begin(c->view, columns, COUNT_OF(columns), e) &&
         show_all(c, &now.facts, &l, e) && view_end(c->view, e);
    if (ok && c->view->row_count == 0)
        findings_say_empty(c, &now.facts, "no sender reports regularly yet");
    diary_clear(&l);
    free(nobody);
    findings_clear(&now);
    return ok;
}

const struct command cmd_coverage = {
    .name = "coverage",
    .line = "Who reported on which day, in time, late or not at all",
    .args = "[DOMAIN]",
    .examples = "  tlsrpt coverage example.com\n",
    .notes =
        "The last 28 days, a character each: + in time, l late by the sender's own\n"
        "habit, - missing, . not due yet, blank before its first report. LAG H is the\n"
        "hours after the end of a day by which four reports in five have come.\n",
    .options = OPTIONS_COMMON | OPTION_DOMAIN,
    .run = run,
};
