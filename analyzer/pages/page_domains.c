/* The domains and the senders: lists, and one of each. */
#include "analyzer/pages/chart.h"
#include "analyzer/pages/page_days.h"

#include "base/count.h"

#include <string.h>

static const char *const month[] = {"--since=30d", NULL}, *const week[] = {"--since=7d",
                                                                           NULL};

static bool
show_domains(struct page_context *p, struct err *e)
{
    html_put(&p->html,
             "<h1>Domains</h1><p class=\"lead\">Sessions of reports that can be "
             "believed, those with most failures first.</p>");
    page_form(p, OPTION_SINCE | OPTION_SENDER | OPTION_TRUST);
    return page_table(p, &cmd_domains, "Domains", e);
}

static bool
show_senders(struct page_context *p, struct err *e)
{
    html_put(&p->html, "<h1>Senders</h1><p class=\"lead\">Who reports, those with most "
                       "failures first. Quirks are what their reports have that RFC 8460 "
                       "has not.</p>");
    page_form(p, OPTION_SINCE | OPTION_DOMAIN | OPTION_TRUST);
    return page_table(p, &cmd_senders, "Senders", e);
}

const struct page page_domains = {
    .path = "/domains",
    .title = "Domains",
    .menu = "Domains",
    .options = PAGE_FIGURES,
    .defaults = week,
    .command = &cmd_domains,
    .show = show_domains,
};

const struct page page_senders = {
    .path = "/senders",
    .title = "Senders",
    .menu = "Senders",
    .options = PAGE_FIGURES,
    .defaults = week,
    .command = &cmd_senders,
    .show = show_senders,
};

/* ---- one of them --------------------------------------------------------------------
 */

static const struct overview_domain *
find_overview(const struct findings *f, const char *wanted)
{
    for (size_t i = 0; i < f->overview.domain_count; i++) {
        const struct overview_domain *d = &f->overview.domains[i];

        if (strcmp(facts_text(&f->facts, d->domain), wanted) == 0)
            return d;
    }
    return NULL;
}

/* What is open, and how the last four weeks went. */
static void
put_state(struct page_context *p, const struct findings *f, const char *wanted)
{
    const struct overview_domain *d = find_overview(f, wanted);
    struct chart_day days[OVERVIEW_DAYS];
    struct chart chart = {p->today - OVERVIEW_DAYS, days, OVERVIEW_DAYS, NULL, 0};
    int shown = 0;

    html_put(&p->html, "<h2 id=\"findings\">Findings</h2>");
    for (size_t i = 0; i < f->all.count; i++) {
        const struct finding *x = &f->all.rows[i];

        if (!x->open || !findings_is_of(&p->c, &f->facts, x))
            continue;
        page_card(p, &f->facts, x);
        shown++;
    }
    if (shown == 0)
        html_put(&p->html, d != NULL ? "<p>Nothing is open.</p>"
                                     : "<p>No report of it that can be believed.</p>");
    if (d == NULL)
        return;
    for (size_t i = 0; i < OVERVIEW_DAYS; i++)
        days[i] = (struct chart_day){d->of.days[i].sessions > 0, d->of.days[i].sessions,
                                     d->of.days[i].failed};
    html_put(&p->html, "<h2 id=\"trend\">Trend, 28 days</h2>");
    chart_draw(&p->html, &chart, CHART_WIDE);
    chart_draw(&p->html, &chart, CHART_NARROW);
}

struct section {
    const char *id, *title, *caption;
    const struct command *command;
};

static bool
put_sections(struct page_context *p, const struct section *sections, size_t count,
             struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        html_put(&p->html, "<h2 id=\"%s\">%s</h2>", sections[i].id, sections[i].title);
        if (!page_table(p, sections[i].command, sections[i].caption, e))
            return false;
    }
    return true;
}

static bool
show_domain(struct page_context *p, struct err *e)
{
    static const struct section figures[] = {
        {"senders", "What each sender says", "Senders", &cmd_senders},
        {"summary", "By policy", "Sessions by sender and policy", &cmd_summary},
        {"failures", "What failed", "Failures, the latest first", &cmd_failures},
    };
    static const struct section judged[] = {
        {"policies", "Policies, declared and seen", "Policies", &cmd_policies},
        {"readiness", "Ready for more?", "Readiness", &cmd_readiness},
        {"coverage", "Who reported when", "Coverage", &cmd_coverage},
    };
    const char *wanted = p->c.options->domains.items[0];
    const struct findings *found;

    if (!page_days_findings(p, &found, e))
        return false;
    p->title = wanted;
    html_put(&p->html,
             "<h1>%s</h1><p class=\"lead\">Policy domain: <a "
             "href=\"#findings\">findings</a>, <a href=\"#heat\">heat map</a>, <a "
             "href=\"#senders\">senders</a>, <a href=\"#failures\">failures</a>, <a "
             "href=\"#policies\">policies</a>, <a href=\"#readiness\">readiness</a>, <a "
             "href=\"#coverage\">coverage</a>; <a href=\"%b/trend?domain=%u%K\">a longer "
             "trend</a></p>",
             wanted, wanted);
    if (found != NULL)
        put_state(p, found, wanted);
    html_put(&p->html, "<h2 id=\"heat\">Heat map</h2>");
    page_form(p, OPTION_SINCE | OPTION_SENDER | OPTION_TRUST);
    if (!page_days_heat(p, e) || !put_sections(p, figures, COUNT_OF(figures), e))
        return false;
    p->c.ready = found;
    return found == NULL || put_sections(p, judged, COUNT_OF(judged), e);
}

static bool
show_sender(struct page_context *p, struct err *e)
{
    const char *wanted = p->c.options->senders.items[0];

    p->title = wanted;
    html_put(&p->html,
             "<h1>%s</h1><p class=\"lead\">Sending domain. <a "
             "href=\"%b/now?sender=%u%K\">Findings</a>, <a "
             "href=\"%b/trend?sender=%u%K\">trend</a>, <a "
             "href=\"%b/reports?sender=%u%K\">reports</a></p>",
             wanted, wanted, wanted, wanted);
    page_form(p, OPTION_SINCE | OPTION_DOMAIN | OPTION_TRUST);
    if (!page_table(p, &cmd_senders, "The sender", e))
        return false;
    html_put(&p->html, "<h2>What it says of each domain</h2>");
    if (!page_table(p, &cmd_summary, "Sessions by domain and policy", e))
        return false;
    html_put(&p->html, "<h2>What failed</h2>");
    return page_table(p, &cmd_failures, "Failures, the latest first", e);
}

const struct page page_domain = {
    .path = "/domain/",
    .title = "Domain",
    .arg_option = "--domain=",
    .options = PAGE_FIGURES,
    .defaults = month,
    .command = &cmd_summary,
    .show = show_domain,
};

const struct page page_sender = {
    .path = "/sender/",
    .title = "Sender",
    .arg_option = "--sender=",
    .options = PAGE_FIGURES,
    .defaults = week,
    .command = &cmd_summary,
    .show = show_sender,
};
