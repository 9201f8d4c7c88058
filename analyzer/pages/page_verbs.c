/* Pages that are what one verb says, of the findings of now. */
#include "analyzer/pages/page_days.h"

/* Lets the verbs of this page take the findings of now instead of making their own. */
static bool
make_ready(struct page_context *p, struct err *e)
{
    const struct findings *found;

    if (!page_days_findings(p, &found, e))
        return false;
    p->c.ready = found;
    return found != NULL || err_set(e, ERR_AGAIN, "the findings of now are being made");
}

static bool
rows(struct page_context *p, struct err *e)
{
    return make_ready(p, e) && p->page->command->run(&p->c, e);
}

static bool
show(struct page_context *p, const char *lead, struct err *e)
{
    if (!make_ready(p, e))
        return false;
    html_put(&p->html, "<h1>%s</h1><p class=\"lead\">%s</p>", p->page->title, lead);
    page_form(p, OPTION_DOMAIN);
    return page_table(p, p->page->command, p->page->title, e);
}

static bool
show_readiness(struct page_context *p, struct err *e)
{
    return show(p,
                "May a domain go from testing to enforce, or turn on DANE? GO needs "
                "every clause; a domain by itself has them all.",
                e);
}

static bool
show_policies(struct page_context *p, struct err *e)
{
    return show(p,
                "Which policies senders saw, and since when, beside those that are "
                "declared: lines without a sender.",
                e);
}

static bool
show_coverage(struct page_context *p, struct err *e)
{
    return show(p,
                "Who reported on which of the last 28 days: + in time, l late by the "
                "sender's own habit, - missing, . not due yet.",
                e);
}

const struct page page_readiness = {
    .path = "/readiness",
    .title = "Readiness",
    .menu = "Readiness",
    .options = PAGE_FIGURES,
    .command = &cmd_readiness,
    .rows = rows,
    .show = show_readiness,
};

const struct page page_policies = {
    .path = "/policies",
    .title = "Policies",
    .menu = "Policies",
    .options = PAGE_FIGURES,
    .command = &cmd_policies,
    .rows = rows,
    .show = show_policies,
};

const struct page page_coverage = {
    .path = "/coverage",
    .title = "Coverage",
    .menu = "Coverage",
    .options = PAGE_FIGURES,
    .command = &cmd_coverage,
    .rows = rows,
    .show = show_coverage,
};
