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

static bool
show(struct context *c, const struct facts *f, const struct readiness *r, struct err *e)
{
    for (int i = 0; i < CLAUSES; i++) {
        const struct readiness_answer *a = &r->clauses[i];
        const char *row[] = {facts_text(f, r->domain),
                             r->dane ? "dane" : "enforce",
                             r->go ? "GO" : "HOLD",
                             a->clause,
                             a->met ? "true" : "false",
                             view_text(c->view, "%.6g", a->figure),
                             view_text(c->view, "%.6g", a->needed),
                             a->days_left == READINESS_NEVER
                                 ? NULL
                                 : view_text(c->view, "%d", a->days_left)};

        if (!view_row(c->view, row, e))
            return false;
    }
    return true;
}

static bool
show_domain(struct context *c, const struct findings *all, name domain, struct err *e)
{
    struct readiness r;

    if (!readiness_judge(&all->facts, &all->all, domain, false, &r, e) ||
        !show(c, &all->facts, &r, e))
        return false;
    return !readiness_asks_dane(&all->facts, domain) ||
           (readiness_judge(&all->facts, &all->all, domain, true, &r, e) &&
            show(c, &all->facts, &r, e));
}

static bool
run(struct context *c, struct err *e)
{
    struct findings all = {0};
    int64_t as_of = findings_instant(c);
    bool ok;

    findings_take_domain(c);
    ok = store_snapshot(c->store, as_of, e) && findings_load(c, as_of, &all, e) &&
         view_begin(c->view, columns, COUNT_OF(columns), e);
    for (size_t first = 0, end; ok && first < all.facts.tally_count; first = end) {
        name domain = all.facts.tallies[first].domain;

        facts_tallies_of(&all.facts, domain, &first, &end);
        if (findings_asks_for(c, facts_text(&all.facts, domain)))
            ok = show_domain(c, &all, domain, e);
    }
    ok = ok && view_end(c->view, e);
    if (ok && !c->view->row_count)
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
        "Looks at the latest 14 reported days, or more until 3000 sessions are seen. GO\n"
        "needs every clause; DAYS LEFT is how long to wait if nothing changes, and "
        "empty\n"
        "where waiting does not help.\n",
    .options = OPTIONS_COMMON | OPTION_DOMAIN,
    .run = run,
};
