/* Now: must somebody act, and where? What the latest days came to, what is open, worst
 * first, and how each domain stands; what to do when nothing has come. */
#include "analyzer/pages/chart.h"
#include "analyzer/pages/page.h"
#include "analyzer/present/present_html.h"
#include "base/count.h"
#include "base/when.h"
#include "schema_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_FINDINGS = 100,
    MOST_DOMAINS = 50,
    MOST_HOSTS = 10, /* of those that reports wait from */
    LABEL_SIZE = 120,
};

static const struct column domain_columns[] = {
    {"policy_domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"state", "STATE", COLUMN_TEXT, 0, COLOUR_NONE},
    {"days", "28 DAYS", COLUMN_TEXT, 3, COLOUR_NONE},
    {"secure", "SECURE, 7 DAYS", COLUMN_NUMBER, 0, COLOUR_NONE},
    {"sessions", "SESSIONS", COLUMN_COUNT, 3, COLOUR_NONE},
    {"last_day", "LAST REPORT OF", COLUMN_DAY, 3, COLOUR_NONE},
};

static bool
rows(struct page_context *p, struct err *e)
{
    const struct findings *f;

    return page_findings(p, &f, e) && findings_show(&p->c, f, NULL, e);
}

/* ---- the strip --------------------------------------------------------------------- */

static void
put_spark(struct page_context *p, const struct overview_days *d)
{
    struct chart_day days[OVERVIEW_DAYS];
    struct overview_sum sum = {0};
    char label[LABEL_SIZE];

    for (size_t i = 0; i < OVERVIEW_DAYS; i++) {
        const struct overview_sum *day = &d->days[i];

        days[i] = (struct chart_day){day->sessions > 0, day->sessions, day->failed};
        sum.sessions += day->sessions;
        sum.failed += day->failed;
    }
    (void)snprintf(label, sizeof label, "%d days, %lld of %lld sessions failed",
                   OVERVIEW_DAYS, (long long)sum.failed, (long long)sum.sessions);
    chart_spark(&p->html, days, OVERVIEW_DAYS, label);
}

static void
put_share(struct page_context *p, const char *label, const struct overview_sum *sum)
{
    char secure[FIGURE_SIZE];

    html_put(&p->html, "<li><span>%s</span><strong>%s</strong><span>", label,
             overview_secure(sum, secure));
    if (sum->sessions == 0)
        html_put(&p->html, "no sessions reported");
    else if (sum->failed == 0)
        html_put(&p->html, "secure, of %d sessions", sum->sessions);
    else
        html_put(&p->html, "secure, %d of %d sessions failed", sum->failed,
                 sum->sessions);
    html_put(&p->html, "</span>");
}

static void
put_senders(struct page_context *p, const struct overview *o)
{
    html_put(&p->html, "<li><span>Senders</span><strong>");
    if (o->expected > 0)
        html_put(&p->html,
                 "%d of %d</strong><span>that report by habit, in 7 days; %d in "
                 "all</span></li>\n",
                 (int64_t)o->heard, (int64_t)o->expected, (int64_t)o->senders);
    else
        html_put(&p->html, "%d</strong><span>reported in 7 days</span></li>\n",
                 (int64_t)o->senders);
}

static void
put_strip(struct page_context *p, const struct findings *f)
{
    const struct overview *o = &f->overview;
    char day[HTML_DAY_SIZE], instant[WHEN_INSTANT_SIZE];
    size_t latest = OVERVIEW_DAYS - 1;

    while (latest > OVERVIEW_DAYS - OVERVIEW_WEEK && o->all.days[latest].sessions == 0)
        latest--;
    if (o->all.days[latest].sessions == 0)
        latest = OVERVIEW_DAYS - 1;
    (void)html_day(p->today - (int32_t)(OVERVIEW_DAYS - latest), p->today, day);
    html_put(&p->html, "<ul class=\"strip\">");
    put_share(p, day, &o->all.days[latest]);
    html_put(&p->html, "</li>\n");
    put_share(p, "7 days", &o->all.week);
    put_spark(p, &o->all);
    html_put(&p->html, "</li>\n");
    put_senders(p, o);
    (void)when_print_instant(o->last_arrival, instant);
    html_put(&p->html,
             "<li><span>Last report</span><strong>%s</strong><span>about %s "
             "UTC</span></li>\n",
             html_day(when_day_of_instant(o->last_arrival), p->today, day),
             (instant[16] = '\0', instant + 11));
    html_put(
        &p->html,
        "<li><span>Mail refused</span><strong class=\"%s\">%d</strong><span>sessions "
        "in 7 days: delayed or bounced</span></li></ul>\n",
        o->all.refused > 0 ? "bad" : "", o->all.refused);
}

/* ---- findings ---------------------------------------------------------------------- */

void
page_card(struct page_context *p, const struct facts *f, const struct finding *x)
{
    html_put(&p->html,
             x->open ? "<article class=\"card %s\">" : "<article class=\"card\">",
             x->known_until ? "info" : severity_text(x->severity));
    page_severity(p, f, x);
    html_put(&p->html, "<h2><a href=\"%b/finding/%u%k\">%s</a></h2><p>%s</p>", x->id,
             x->summary, x->advice);
    html_put(&p->html, "<ul class=\"facts\"><li>At fault: <strong>%s</strong></li>",
             page_fault(x->verdict));
    if (x->failed > 0)
        html_put(&p->html, "<li>Failed: <strong>%d</strong> of %d sessions</li>",
                 x->failed, x->sessions);
    if (x->refused > 0)
        html_put(
            &p->html,
            "<li>Refused: <strong class=\"bad\">%d</strong>, delayed or bounced</li>",
            x->refused);
    html_put(&p->html, "<li>Domains: ");
    page_names(p, f, &x->domains, "<a href=\"%b/domain/%u%k\">%s</a>");
    html_put(&p->html, "</li><li>Senders: ");
    page_names(p, f, &x->senders, "<a href=\"%b/sender/%u%k\">%s</a>");
    html_put(&p->html, "</li></ul></article>\n");
}

/* ---- domains ----------------------------------------------------------------------- */

static void
put_state(struct page_context *p, const struct overview_domain *d)
{
    static const char *const policies[] = {[OVERVIEW_NONE] = "no MTA-STS",
                                           [OVERVIEW_TESTING] = "testing",
                                           [OVERVIEW_ENFORCE] = "enforce"};

    if (d->worst != NULL)
        html_put(&p->html, "<a class=\"tag %s\" href=\"%b/finding/%u%k\">%s</a> ",
                 severity_text(d->worst->severity), d->worst->id,
                 severity_text(d->worst->severity));
    if (d->go)
        html_put(&p->html, "<span class=\"tag good\">GO</span> ");
    html_put(&p->html,
             d->policy == OVERVIEW_NONE && d->dane ? "DANE"
             : d->dane                             ? "%s, DANE"
                                                   : "%s",
             policies[d->policy]);
}

static void
put_domains(struct page_context *p, const struct findings *f)
{
    const struct overview *o = &f->overview;
    char secure[FIGURE_SIZE], day[HTML_DAY_SIZE];

    html_put(&p->html, "<h2>Domains</h2>\n");
    html_table_begin(&p->html, "Domains", domain_columns, COUNT_OF(domain_columns));
    for (size_t i = 0; i < o->domain_count && i < MOST_DOMAINS; i++) {
        const struct overview_domain *d = &o->domains[i];
        const char *text = facts_text(&f->facts, d->domain);

        html_put(&p->html,
                 "<tr><th scope=\"row\"><a href=\"%b/domain/%u%k\">%s</a></th><td>", text,
                 text);
        put_state(p, d);
        html_put(&p->html, "</td><td class=\"wide\">");
        put_spark(p, &d->of);
        html_put(&p->html,
                 "</td><td class=\"num\">%s</td><td class=\"num wide\">%d</td><td "
                 "class=\"wide\">%s</td></tr>\n",
                 overview_secure(&d->of.week, secure), d->of.week.sessions,
                 html_day(d->of.last_day, p->today, day));
    }
    html_table_end(&p->html);
    if (o->domain_count > MOST_DOMAINS)
        html_put(&p->html,
                 "<p class=\"more\">These %d of %d come first: with an open finding, or "
                 "most failures. <a class=\"button\" href=\"%b/domains%k\">All "
                 "domains</a></p>\n",
                 (int64_t)MOST_DOMAINS, (int64_t)o->domain_count);
}

/* ---- nothing ----------------------------------------------------------------------- */

/* Reports that nobody vouches for. */
struct waiting {
    struct page_context *p;
    int64_t reports;
    size_t hosts;
    struct buf lines; /* for tlsrpt.conf */
};

static bool
add_waiting(void *ctx, const char *const v[], size_t n, struct err *e)
{
    struct waiting *w = ctx;

    (void)n;
    w->reports += strtoll(v[2], NULL, 10);
    if (v[1] == NULL || w->hosts++ >= MOST_HOSTS)
        return true;
    return buf_printf(&w->lines, "https_sender \"%s\" { hosts = {\"%s\"} }\n", v[0], v[1])
               ? true
               : err_nomem(e);
}

static void
put_waiting(struct page_context *p, const struct waiting *w)
{
    html_put(
        &p->html,
        "<div class=\"card warning\"><h2>Nothing can be judged yet</h2><p>%d "
        "reports have come, but none proves its sender, so they are <a "
        "href=\"%b/senders\">listed</a> and count for nothing: anybody can post one.",
        w->reports);
    if (w->hosts == 0) {
        html_put(&p->html,
                 " None came from a host whose name DNS confirms. Reports by mail prove "
                 "their sender by DKIM: put a <code>mailto:</code> into the record, "
                 "too.</p></div>\n");
        return;
    }
    html_put(&p->html,
             "</p><p>If these senders are who they say, such lines in tlsrpt.conf make "
             "their reports count from then on; check each host first:</p><pre "
             "tabindex=\"0\">%s</pre></div>\n",
             w->lines.bytes);
}

static bool
put_silence(struct page_context *p, struct err *e)
{
    struct waiting w = {.p = p};
    bool ok;

    buf_init(&w.lines, 0);
    ok = store_query(p->c.store, query_page_now, NULL, 0, 4, add_waiting, &w, e);
    if (ok && w.reports > 0)
        put_waiting(p, &w);
    else if (ok)
        html_put(&p->html,
                 "<div class=\"card warning\"><h2>No report has come yet</h2><p>Publish "
                 "the _smtp._tls record that leads to tlsrptd for each of your domains "
                 "(<code>tlsrpt doctor --records</code> prints it); the first reports "
                 "come the day after. Old ones are read with <code>tlsrptd import "
                 "PATH</code>, and <code>tlsrpt doctor</code> says what is in the "
                 "way.</p></div>\n");
    buf_clear(&w.lines);
    return ok;
}

/* ---- the page ---------------------------------------------------------------------- */

static void
put_lead(struct page_context *p, bool open, const int64_t counts[])
{
    int64_t alarms = counts[SEVERITY_CRITICAL] + counts[SEVERITY_WARNING];

    html_put(&p->html, "<h1>%s</h1><p class=\"lead\">", open ? "Now" : "What is over");
    for (int s = SEVERITY_CRITICAL; s >= SEVERITY_INFO; s--) {
        if (counts[s] > 0)
            html_put(&p->html, "<strong>%d %s</strong> &middot; ", counts[s],
                     severity_text((enum severity)s));
    }
    if (open && alarms == 0 && counts[SEVERITY_INFO] > 0)
        html_put(&p->html, "nothing to act on &middot; ");
    html_put(&p->html, open ? "<a href=\"%b/now?state=resolved%K\">What is over</a></p>\n"
                            : "<a href=\"%b/now%k\">What is open</a></p>\n");
}

static void
put_all(struct page_context *p, const struct findings *f, bool open)
{
    int64_t counts[SEVERITY_CRITICAL + 1] = {0}, shown = 0;

    for (size_t i = 0; i < f->all.count; i++) {
        if (findings_wanted(&p->c, f, NULL, &f->all.rows[i]))
            counts[f->all.rows[i].severity]++;
    }
    put_lead(p, open, counts);
    if (p->latest.error != NULL && f == p->latest.findings)
        html_put(&p->html,
                 "<p class=\"card warning\">These are not the newest findings: %s</p>",
                 p->latest.error);
    if (open && f->facts.tally_count > 0)
        put_strip(p, f);
    for (size_t i = 0; i < f->all.count && shown < MOST_FINDINGS; i++) {
        if (!findings_wanted(&p->c, f, NULL, &f->all.rows[i]))
            continue;
        page_card(p, &f->facts, &f->all.rows[i]);
        shown++;
    }
    if (shown == MOST_FINDINGS)
        html_put(&p->html, "<p>Only the worst %d are shown; JSON and CSV have all.</p>",
                 shown);
    else if (shown == 0 && !open)
        html_put(&p->html, "<p>No such finding.</p>\n");
    else if (shown == 0 && f->facts.tally_count > 0)
        html_put(&p->html,
                 "<div class=\"card good\"><h2>All is well</h2><p>Nothing to act on: no "
                 "sender reports a failure that is more than noise.</p></div>\n");
}

static bool
show(struct page_context *p, struct err *e)
{
    bool open = p->c.options->state == NULL || strcmp(p->c.options->state, "open") == 0;
    const struct findings *f;

    if (!page_findings(p, &f, e))
        return false;
    put_all(p, f, open);
    if (open && f->facts.tally_count == 0)
        return put_silence(p, e);
    if (open)
        put_domains(p, f);
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
