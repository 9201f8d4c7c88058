/* What pages share: their table, the findings they ask for, lists, forms. */
#include "analyzer/pages/page.h"

#include "analyzer/present/present_html.h"
#include "base/count.h"
#include "base/when.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    USUAL_ROWS = 100,
    FEW_ROWS = 25,     /* of each table, where there are several */
    MOST_ROWS = 10000, /* then CSV is better than a page */
    TEN = 10,
    LIST_ROWS = 50, /* LIST_LIMIT: one more, to know that there is one */
    MOST_NAMED = 5,
    MOST_CHOICES = 500, /* of a field */
};
#define LIST_LIMIT "51"

extern const struct page page_now, page_heat, page_trend, page_results, page_domains,
    page_domain, page_senders, page_sender, page_readiness, page_policies, page_coverage,
    page_reports, page_report, page_raw, page_finding, page_intake;

const struct page *const pages[] = {
    &page_now,      &page_heat,    &page_trend,  &page_results,   &page_domains,
    &page_domain,   &page_senders, &page_sender, &page_readiness, &page_policies,
    &page_coverage, &page_reports, &page_report, &page_raw,       &page_finding,
    &page_intake,   NULL,
};

const char *
page_param(const struct page_context *p, const char *word)
{
    return params_find(&p->params, word);
}

bool
page_not_found(struct page_context *p, struct err *e, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    p->answer->status = 404;
    return err_set(e, ERR_INPUT, "%s", text);
}

bool
page_findings(struct page_context *p, const struct findings **out, struct err *e)
{
    const struct options *o = p->c.options;

    if (p->found == NULL && (o->as_of != INT64_MAX || o->domains.count > 0)) {
        p->as_of = findings_instant(&p->c);
        if (!store_snapshot(p->c.store, p->as_of, e) ||
            !findings_load(&p->c, p->as_of, &p->made, e))
            return false;
        p->found = &p->made;
    } else if (p->found == NULL) {
        if (p->latest.held == NULL)
            latest_hold(p->source, &p->latest);
        if (p->latest.findings == NULL)
            return err_set(e, ERR_AGAIN, "%s",
                           p->latest.error != NULL ? p->latest.error
                                                   : "the findings are being made");
        p->as_of = p->latest.as_of;
        p->found = p->latest.findings;
    }
    *out = p->found;
    return true;
}

/* ---- lists ------------------------------------------------------------------------- */

/* The address of the page but for one parameter, whose value follows. */
static void
put_more(struct page_context *p, const char *changed)
{
    html_put(&p->html, "<a class=\"button\" href=\"?");
    for (size_t i = 0; i < p->params.count; i++) {
        if (strcmp(p->params.items[i].name, changed) != 0)
            html_put(&p->html, "%u=%u&amp;", p->params.items[i].name,
                     p->params.items[i].value);
    }
    html_put(&p->html, "%s=", changed);
}

static bool
put_table(struct page_context *p, const struct command *command, struct html_table *t,
          struct err *e)
{
    const struct command *own = p->c.command;
    size_t before = p->html.out->len;
    struct view view;
    bool ok;

    present_html_into(&view, t);
    p->c.view = &view;
    p->c.command = command;
    p->c.options->format = VIEW_HTML;
    ok = command->run(&p->c, e) || (t->more && e->kind == ERR_NONE);
    p->c.command = own;
    p->c.view = NULL;
    if (ok && view.row_count == 0)
        p->html.out->len = before;
    else if (t->begun)
        html_table_end(&p->html);
    if (ok && view.row_count == 0)
        html_put(&p->html, "<p>There is nothing of this in the days asked for.</p>\n");
    view_clear(&view);
    /* what was not read cost the snapshot */
    return ok && (!t->more || store_snapshot(p->c.store, p->c.options->as_of, e));
}

bool
page_table(struct page_context *p, const struct command *command, const char *caption,
           struct err *e)
{
    const char *rows = page_param(p, "rows");
    size_t usual = p->page->arg_option != NULL ? FEW_ROWS : USUAL_ROWS;
    size_t most = rows == NULL ? usual : (size_t)strtoul(rows, NULL, 10);
    struct html_table table = {.html = &p->html, .caption = caption, .most = most};

    if (most < 1 || most > MOST_ROWS)
        return err_set(e, ERR_INPUT, "rows: a number from 1 to %d", MOST_ROWS);
    if (!put_table(p, command, &table, e))
        return false;
    if (table.more) {
        html_put(&p->html, "<p class=\"more\">These are the first %d. ", (int64_t)most);
        if (most < MOST_ROWS) {
            put_more(p, "rows");
            (void)buf_printf(p->html.out, "%zu\">Show more</a>", most * TEN);
        }
        html_put(&p->html, "</p>\n");
    }
    return true;
}

bool
page_list(struct page_context *p, const struct command *command, const char *caption,
          struct err *e)
{
    struct html_table table = {.html = &p->html, .caption = caption, .most = LIST_ROWS};

    p->c.options->limit = LIST_LIMIT;
    if (!put_table(p, command, &table, e))
        return false;
    if (table.more) {
        html_put(&p->html, "<p class=\"more\">");
        put_more(p, "after");
        html_put(&p->html, "%u.%u\">Older ones</a></p>\n", table.received, table.id);
    }
    return true;
}

/* ---- findings ---------------------------------------------------------------------- */

void
page_names(struct page_context *p, const struct facts *f, const struct name_list *l,
           const char *link)
{
    for (size_t i = 0; i < l->count && i < MOST_NAMED; i++) {
        const char *text = facts_text(f, l->items[i]);

        html_put(&p->html, i > 0 ? ", " : "");
        html_put(&p->html, link, text, text);
    }
    if (l->count > MOST_NAMED)
        html_put(&p->html, " and %d more", (int64_t)(l->count - MOST_NAMED));
}

const char *
page_fault(enum fault verdict)
{
    static const char *const words[] = {
        [VERDICT_OURS] = "we",
        [VERDICT_NODE] = "one of our hosts",
        [VERDICT_SENDER] = "the sender",
        [VERDICT_PATH] = "something between the sender and us",
        [VERDICT_UNKNOWN] = "not clear",
    };

    return words[verdict];
}

void
page_severity(struct page_context *p, const struct facts *f, const struct finding *x)
{
    const char *severity = severity_text(x->severity);

    html_put(&p->html, "<span class=\"tag %s\">%s</span> <span class=\"dim\">",
             x->open ? severity : "info", severity);
    html_put(&p->html, x->open ? "since " : "over; began ");
    page_since(p, f->first_day + x->first);
    if (x->known_until) {
        char text[HTML_DAY_SIZE];

        html_put(&p->html, "; known, alarms nobody until %s",
                 html_day(x->known_until, p->today, text));
    }
    html_put(&p->html, "</span>");
}

/* ---- forms ------------------------------------------------------------------------- */

static void
put_choice(struct page_context *p, const char *value, const char *label, bool chosen)
{
    html_put(&p->html,
             chosen ? "<option value=\"%s\" selected>%s</option>"
                    : "<option value=\"%s\">%s</option>",
             value, label);
}

struct choice {
    const char *value, *label;
};

/* A field for one option: a choice where there are words, else free text. What was given
 * and is none of the choices is one more. */
static void
put_field(struct page_context *p, const char *key, const char *label,
          const struct choice *choices, size_t count, const char *value)
{
    bool known = value == NULL || *value == '\0';

    html_put(&p->html, "<label>%s", label);
    if (count == 0) {
        html_put(&p->html,
                 "<input name=\"%s\" value=\"%s\" list=\"%s-list\" maxlength=\"255\" "
                 "autocapitalize=\"none\" spellcheck=\"false\"></label>",
                 key, value, key);
        return;
    }
    html_put(&p->html, "<select name=\"%s\">", key);
    for (size_t i = 0; i < count; i++) {
        bool chosen = value != NULL && strcmp(value, choices[i].value) == 0;

        known = known || chosen;
        put_choice(p, choices[i].value, choices[i].label, chosen);
    }
    if (!known)
        put_choice(p, value, value, true);
    html_put(&p->html, "</select></label>");
}

/* What there is to choose from: as many as a person looks through. */
static void
put_known(struct page_context *p, cli_set options)
{
    const struct findings *f = p->found;
    int domains = 0, senders = 0;

    if (f == NULL && p->latest.held == NULL)
        latest_hold(p->source, &p->latest);
    f = f != NULL ? f : p->latest.findings;
    if (f == NULL || f->facts.reported == NULL)
        return;
    html_put(&p->html,
             (options & OPTION_DOMAIN) != 0 ? "<datalist id=\"domain-list\">" : "");
    for (name n = 1; (options & OPTION_DOMAIN) != 0 && n < f->facts.name_count; n++) {
        if (f->facts.is_domain[n] && domains++ < MOST_CHOICES)
            html_put(&p->html, "<option value=\"%s\">", facts_text(&f->facts, n));
    }
    html_put(&p->html, (options & OPTION_DOMAIN) != 0 ? "</datalist>" : "");
    html_put(&p->html,
             (options & OPTION_SENDER) != 0 ? "<datalist id=\"sender-list\">" : "");
    for (name n = 1; (options & OPTION_SENDER) != 0 && n < f->facts.name_count; n++) {
        if (memchr(f->facts.reported[n], 1, FACTS_DAYS) != NULL &&
            senders++ < MOST_CHOICES)
            html_put(&p->html, "<option value=\"%s\">", facts_text(&f->facts, n));
    }
    html_put(&p->html, (options & OPTION_SENDER) != 0 ? "</datalist>" : "");
}

void
page_form(struct page_context *p, cli_set options)
{
    static const struct choice days[] = {{"yesterday", "yesterday"},
                                         {"7d", "7 days"},
                                         {"30d", "30 days"},
                                         {"90d", "90 days"},
                                         {"365d", "a year"}},
                               trust[] = {{"", "any"},
                                          {"verified", "verified"},
                                          {"verified,operator", "verified, operator"},
                                          {"operator", "operator"},
                                          {"confirmed", "confirmed"},
                                          {"unverified", "unverified"}},
                               believed[] = {{"", "verified, operator, confirmed"},
                                             {"verified", "verified"},
                                             {"operator", "operator"},
                                             {"confirmed", "confirmed"},
                                             {"unverified", "unverified"},
                                             {"verified,operator,confirmed,unverified",
                                              "any"}},
                               status[] = {{"", "any"},
                                           {"accepted", "accepted"},
                                           {"quarantined", "quarantined"},
                                           {"ignored", "ignored"}},
                               state[] = {{"open", "open"}, {"resolved", "resolved"}};
    const struct {
        cli_set bit;
        const char *name, *label;
        const struct choice *choices;
        size_t count;
    } fields[] = {
        {OPTION_SINCE, "since", "Days", days, COUNT_OF(days)},
        {OPTION_UNTIL, "until", "Until", NULL, 0},
        {OPTION_DOMAIN, "domain", "Domain", NULL, 0},
        {OPTION_SENDER, "sender", "Sender", NULL, 0},
        {OPTION_TRUST, "trust", "Trust", options & PAGE_BELIEVED ? believed : trust,
         COUNT_OF(trust)},
        {OPTION_STATUS, "status", "Status", status, COUNT_OF(status)},
        {OPTION_STATE, "state", "State", state, COUNT_OF(state)},
        {OPTION_AS_OF, "as_of", "As of", NULL, 0},
    };

    html_put(&p->html, "<form>");
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const char *value = page_param(p, fields[i].name);

        if (value == NULL && fields[i].bit == OPTION_SINCE)
            value = p->c.options->since_text;
        if ((options & fields[i].bit) != 0)
            put_field(p, fields[i].name, fields[i].label, fields[i].choices,
                      fields[i].count, value);
        else if (value != NULL && (p->page->options & fields[i].bit) != 0)
            html_put(&p->html, "<input type=\"hidden\" name=\"%s\" value=\"%s\">",
                     fields[i].name, value);
    }
    put_known(p, options);
    html_put(&p->html, "<button>Show</button></form>\n");
}

void
page_since(struct page_context *p, int32_t day)
{
    char text[HTML_DAY_SIZE], iso[WHEN_DAY_SIZE];
    int64_t days = (int64_t)p->today - day;

    html_put(&p->html, "<time datetime=\"%s\">%s</time>", when_print_day(day, iso),
             html_day(day, p->today, text));
    if (days == 1)
        html_put(&p->html, ", 1 day");
    else if (days > 1)
        html_put(&p->html, ", %d days", days);
}
