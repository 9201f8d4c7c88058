/* Now: what is open, worst first, in plain words; what to do when nothing has come. */
#include "analyzer/pages/page.h"

#include <string.h>

enum {
    MOST_SHOWN = 100
};

static bool
rows(struct page_context *p, struct err *e)
{
    const struct findings *f;

    return page_findings(p, &f, e) && findings_show(&p->c, f, NULL, e);
}

static void
put_finding(struct page_context *p, const struct facts *f, const struct finding *x)
{
    html_put(&p->html,
             x->open ? "<article class=\"card %s\">" : "<article class=\"card\">",
             severity_text(x->severity));
    page_severity(p, f, x);
    html_put(&p->html, "<h2><a href=\"%b/finding/%u%k\">%s</a></h2><p>%s</p>", x->id,
             x->summary, x->advice);
    html_put(&p->html, "<ul class=\"facts\"><li>Domains: ");
    page_names(p, f, &x->domains, "<a href=\"%b/domain/%u%k\">%s</a>");
    html_put(&p->html, "</li><li>Senders: ");
    page_names(p, f, &x->senders, "<a href=\"%b/sender/%u%k\">%s</a>");
    if (x->failed > 0)
        html_put(&p->html, "</li><li>%d of %d sessions failed", x->failed, x->sessions);
    html_put(&p->html, "</li></ul></article>\n");
}

static void
put_nothing(struct page_context *p, const struct findings *f, bool open)
{
    if (f->facts.tally_count == 0) {
        html_put(&p->html,
                 "<div class=\"card warning\"><h2>No reports yet to go by</h2>"
                 "<p>None of the latest %d days that can be believed. Publish the "
                 "_smtp._tls record that leads to tlsrptd for each of your domains; the "
                 "first reports come the day after. Old ones are read with <code>tlsrptd "
                 "import PATH</code>, and <code>tlsrpt doctor</code> says what is in the "
                 "way.</p><p>Reports by HTTPS prove no sender: they are <a "
                 "href=\"%b/senders\">listed</a>, but nothing is judged by "
                 "them until <code>https_sender</code> in tlsrpt.conf(5) names the hosts "
                 "that they come from.</p></div>\n",
                 (int64_t)FACTS_DAYS);
        return;
    }
    html_put(&p->html, open ? "<div class=\"card good\"><h2>All is well</h2><p>Nothing "
                              "to act on: no sender reports a failure that is more than "
                              "noise.</p></div>\n"
                            : "<p>No such finding.</p>\n");
}

static bool
show(struct page_context *p, struct err *e)
{
    int64_t counts[SEVERITY_CRITICAL + 1] = {0}, wanted = 0;
    const struct findings *f;
    bool open = p->c.options->state == NULL || strcmp(p->c.options->state, "open") == 0;

    if (!page_findings(p, &f, e))
        return false;
    for (size_t i = 0; i < f->all.count; i++) {
        if (findings_wanted(&p->c, f, NULL, &f->all.rows[i])) {
            counts[f->all.rows[i].severity]++;
            wanted++;
        }
    }
    html_put(&p->html, "<h1>%s</h1><p class=\"lead\">",
             open ? "What is open now" : "What is over");
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_INFO; s--) {
        if (counts[s] > 0)
            html_put(&p->html, "<strong>%d %s</strong> &middot; ", counts[s],
                     severity_text((enum severity)s));
    }
    html_put(&p->html, open ? "<a href=\"%b/now?state=resolved%K\">What is over</a></p>"
                            : "<a href=\"%b/now%k\">What is open</a></p>");
    if (p->latest.error != NULL && f == p->latest.findings)
        html_put(&p->html,
                 "<p class=\"card warning\">These are not the newest findings: %s</p>",
                 p->latest.error);
    if (wanted == 0)
        put_nothing(p, f, open);
    wanted = 0;
    for (size_t i = 0; i < f->all.count && wanted < MOST_SHOWN; i++) {
        if (findings_wanted(&p->c, f, NULL, &f->all.rows[i])) {
            put_finding(p, &f->facts, &f->all.rows[i]);
            wanted++;
        }
    }
    if (wanted == MOST_SHOWN)
        html_put(&p->html, "<p>Only the worst %d are shown; JSON and CSV have all.</p>",
                 wanted);
    return true;
}

const struct page page_now = {
    .path = "/now",
    .title = "Now",
    .menu = "Now",
    .options = OPTION_AS_OF | OPTION_DOMAIN | OPTION_SENDER | OPTION_MIN_SEVERITY |
               OPTION_STATE | OPTION_SINCE | OPTION_UNTIL | OPTION_TRUST,
    .defaults = (const char *const[]){"--state=open", NULL},
    .command = &cmd_findings,
    .rows = rows,
    .show = show,
};
