/* One finding: what `tlsrpt findings ID` says, with ways on. */
#include "analyzer/pages/page.h"
#include "analyzer/present/prose.h"

static const struct finding *
find(struct page_context *p, const struct findings **all, struct err *e)
{
    const struct finding *x;

    if (!page_findings(p, all, e))
        return NULL;
    if ((x = findings_find(*all, p->c.options->args[0])) == NULL)
        (void)page_not_found(p, e,
                             "no finding \"%s\" in the latest %d days: it may be over "
                             "for so long that it is forgotten",
                             p->c.options->args[0], FACTS_DAYS);
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

static bool
show(struct page_context *p, struct err *e)
{
    const struct findings *all;
    const struct finding *x = find(p, &all, e);
    struct prose prose;
    bool ok;

    if (x == NULL)
        return false;
    p->title = x->kind;
    html_put(&p->html, "<h1>%s</h1><p>", x->kind);
    page_severity(p, &all->facts, x);
    html_put(&p->html, "</p>\n");
    prose_init_html(&prose, &p->html);
    ok = finding_explain(&p->c, &all->facts, x, &prose, e);
    prose_clear(&prose);
    html_put(&p->html, "<h2>Further</h2><p>Domains: ");
    page_names(p, &all->facts, &x->domains, "<a href=\"%b/domain/%u%k\">%s</a>");
    html_put(&p->html, "</p><p>Heat map: ");
    page_names(p, &all->facts, &x->domains, "<a href=\"%b/heat?domain=%u%K\">%s</a>");
    html_put(&p->html, "</p><p>Senders: ");
    page_names(p, &all->facts, &x->senders, "<a href=\"%b/sender/%u%k\">%s</a>");
    html_put(&p->html, "</p>\n");
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
