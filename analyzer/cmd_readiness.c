/* tlsrpt readiness: may a domain go from testing to enforce, or turn on DANE? */
#include "analyzer/findings.h"
#include "analyzer/readiness.h"
#include "base/count.h"

static const struct column columns[] = {
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"target", "TARGET", COLUMN_TEXT, 0, COLOUR_NONE},
    {"answer", "ANSWER", COLUMN_TEXT, 0, COLOUR_WORD},
    {"clause", "CLAUSE", COLUMN_TEXT, 0, COLOUR_NONE},
    {"met", "MET", COLUMN_FLAG, 0, COLOUR_NONE},
    {"figure", "IS", COLUMN_NUMBER, 0, COLOUR_NONE},
    {"needed", "NEEDED", COLUMN_NUMBER, 0, COLOUR_NONE},
    {"days_left", "DAYS LEFT", COLUMN_COUNT, 0, COLOUR_NONE},
};

/* A line a domain, for whoever asks about all: what is missing is told in words. */
static const struct column short_columns[] = {
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"target", "TARGET", COLUMN_TEXT, 0, COLOUR_NONE},
    {"answer", "ANSWER", COLUMN_TEXT, 0, COLOUR_WORD},
    {"missing", "WHAT IS MISSING", COLUMN_TEXT, 0, COLOUR_NONE},
};

static bool
show_clauses(struct view *v, const char *const head[3], const struct readiness *r,
             struct err *e)
{
    for (int i = 0; i < CLAUSES; i++) {
        const struct readiness_answer *a = &r->clauses[i];
        const char *row[] = {
            head[0],
            head[1],
            head[2],
            a->clause,
            a->met ? "true" : "false",
            view_text(v, "%.6g", a->figure),
            view_text(v, "%.6g", a->needed),
            a->days_left == READINESS_NEVER ? NULL : view_text(v, "%d", a->days_left)};

        if (!view_row(v, row, e))
            return false;
    }
    return true;
}

static bool
show_short(struct view *v, const char *const head[3], const struct readiness *r,
           struct err *e)
{
    struct buf missing;
    int wait = 0;
    bool ok;

    buf_init(&missing, 0);
    for (int i = 0; i < CLAUSES; i++) {
        const struct readiness_answer *a = &r->clauses[i];

        if (a->met)
            continue;
        (void)buf_printf(&missing, "%s%s: %.4g", missing.len > 0 ? "; " : "", a->clause,
                         a->figure);
        if (a->needed > 0)
            (void)buf_printf(&missing, " of %.4g", a->needed);
        if (a->days_left == READINESS_NEVER || wait == READINESS_NEVER)
            wait = READINESS_NEVER;
        else if (a->days_left > wait)
            wait = a->days_left;
    }
    if (wait > 0)
        (void)buf_printf(&missing, "; %d day%s more if nothing changes", wait,
                         wait == 1 ? "" : "s");
    ok = missing.failed
             ? err_nomem(e)
             : view_row(v,
                        (const char *const[]){head[0], head[1], head[2],
                                              missing.len > 0 ? missing.bytes : ""},
                        e);
    buf_clear(&missing);
    return ok;
}

static bool
is_for_people(const struct context *c)
{
    return c->options->format == VIEW_TABLE || c->options->format == VIEW_HTML;
}

static bool
show_target(struct context *c, const struct findings *all, name domain, bool dane,
            bool in_short, struct err *e)
{
    const struct facts *f = &all->facts;
    bool words = is_for_people(c);
    struct readiness r;
    const char *head[3] = {facts_text(f, domain), dane ? "dane" : "enforce", NULL};

    if (!readiness_judge(f, &all->all, domain, dane, &r, e))
        return false;
    /* whoever enforces is not told to wait with it */
    head[2] = r.go                                              ? "GO"
              : words && !dane && readiness_enforces(f, domain) ? "enforces"
                                                                : "HOLD";
    return in_short ? show_short(c->view, head, &r, e)
                    : show_clauses(c->view, head, &r, e);
}

static bool
run(struct context *c, struct err *e)
{
    struct findings all = {0};
    int64_t as_of = findings_instant(c);
    bool in_short, ok;

    findings_take_domain(c);
    in_short = is_for_people(c) && c->options->domains.count == 0;
    ok = store_snapshot(c->store, as_of, e) && findings_load(c, as_of, &all, e) &&
         view_begin(c->view, in_short ? short_columns : columns,
                    in_short ? COUNT_OF(short_columns) : COUNT_OF(columns), e);
    for (size_t first = 0, end; ok && first < all.facts.tally_count; first = end) {
        name domain = all.facts.tallies[first].domain;

        facts_tallies_of(&all.facts, domain, &first, &end);
        if (!findings_asks_for(c, facts_text(&all.facts, domain)))
            continue;
        ok = show_target(c, &all, domain, false, in_short, e) &&
             (!readiness_asks_dane(&all.facts, domain) ||
              show_target(c, &all, domain, true, in_short, e));
    }
    ok = ok && view_end(c->view, e);
    if (ok && c->view->row_count == 0)
        findings_say_empty(c, &all.facts, "nothing to judge");
    findings_clear(&all);
    return ok;
}

const struct command cmd_readiness = {
    .name = "readiness",
    .line = "May a domain go from testing to enforce, or turn on DANE: GO or HOLD",
    .args = "[DOMAIN]",
    .examples = "  tlsrpt readiness example.com\n"
                "  tlsrpt readiness --format json\n",
    .notes =
        "For a person a line a domain says what is missing; with DOMAIN, and in the "
        "other\n"
        "formats, there is a line for each clause. What enforces already is not on "
        "HOLD.\n"
        "Looks at the latest 14 reported days, or more until 3000 sessions are seen. GO\n"
        "needs every clause; DAYS LEFT is how long to wait if nothing changes, and "
        "empty\n"
        "where waiting does not help.\n",
    .options = OPTIONS_COMMON | OPTION_DOMAIN,
    .run = run,
};
