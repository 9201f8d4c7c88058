/* The domains and the senders: lists, and one of each. */
#include "analyzer/pages/page.h"

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

static bool
show_domain(struct page_context *p, struct err *e)
{
    const char *wanted = p->c.options->domains.items[0];

    p->title = wanted;
    html_put(&p->html,
             "<h1>%s</h1><p class=\"lead\">Policy domain. <a "
             "href=\"%b/now?domain=%u%K\">Findings</a>, <a "
             "href=\"%b/heat?domain=%u%K\">heat map</a>, <a "
             "href=\"%b/trend?domain=%u%K\">trend</a></p>",
             wanted, wanted, wanted, wanted);
    page_form(p, OPTION_SINCE | OPTION_SENDER | OPTION_TRUST);
    html_put(&p->html, "<h2>What each sender says</h2>");
    if (!page_table(p, &cmd_senders, "Senders", e))
        return false;
    html_put(&p->html, "<h2>By policy</h2>");
    if (!page_table(p, &cmd_summary, "Sessions by sender and policy", e))
        return false;
    html_put(&p->html, "<h2>What failed</h2>");
    return page_table(p, &cmd_failures, "Failures, the latest first", e);
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
