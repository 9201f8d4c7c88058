/* tlsrpt doctor: what is unsafe or will cost reports, worst first, each with its fix. */
#include "analyzer/database.h"
#include "analyzer/doctor/doctor.h"
#include "analyzer/findings.h"
#include "analyzer/present/prose.h"
#include "base/count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
    EXIT_FOUND = 1,
    LABEL_WIDTH = 10,
};

static const struct column columns[] = {
    {"severity", "SEVERITY", COLUMN_TEXT, 0, COLOUR_WORD},
    {"check", "CHECK", COLUMN_TEXT, 0, COLOUR_NONE},
    {"domain", "DOMAIN", COLUMN_TEXT, 0, COLOUR_NONE},
    {"subject", "SUBJECT", COLUMN_TEXT, 0, COLOUR_NONE},
    {"what", "WHAT", COLUMN_TEXT, 0, COLOUR_NONE},
    {"fix", "FIX", COLUMN_TEXT, 0, COLOUR_NONE},
};

/* For a person: a paragraph each. */
static void
tell(struct prose *p, const struct complaint *x)
{
    const char *severity = severity_text(x->severity);
    bool plain = strstr(x->subject, x->domain) != NULL;
    char heading[600];

    (void)snprintf(heading, sizeof heading, "%s%s%s%s", x->subject,
                   plain ? "" : " (named by ", plain ? "" : x->domain, plain ? "" : ")");
    prose_heading(p, heading);
    prose_field(p, 0, severity, tone_of_word(severity), x->what);
    prose_field(p, 0, "fix", TONE_PLAIN, x->fix);
}

static bool
show(struct context *c, const struct complaint *x, struct err *e)
{
    const char *row[] = {severity_text(x->severity),
                         x->check,
                         *x->domain ? x->domain : NULL,
                         x->subject,
                         x->what,
                         x->fix};

    return view_row(c->view, row, e);
}

static bool
show_all(struct context *c, struct complaints *said, struct err *e)
{
    enum severity least = severity_find(c->options->min_severity, SEVERITY_INFO);
    bool table = c->options->format == VIEW_TABLE, ok = true;
    struct prose p;
    size_t shown = 0;

    if (said->count > 0)
        qsort(said->items, said->count, sizeof *said->items, complaint_compare);
    if (table)
        prose_init(&p, c->terminal, stdout);
    else
        ok = view_begin(c->view, columns, COUNT_OF(columns), e);
    for (size_t i = 0; ok && i < said->count; i++) {
        const struct complaint *x = &said->items[i];

        if (x->severity < least)
            continue;
        if (x->severity != SEVERITY_INFO && c->exit_code == EX_OK)
            c->exit_code = EXIT_FOUND;
        shown++;
        if (table)
            tell(&p, x);
        else
            ok = show(c, x, e);
    }
    if (!table)
        return ok && view_end(c->view, e);
    ok = prose_end(&p, e);
    prose_clear(&p);
    if (ok && shown == 0)
        (void)fputs("tlsrpt: nothing is amiss\n", stderr);
    return ok;
}

/* Without a database the rest is still worth looking at. */
static void
complain_of_store(struct context *c, const struct err *why, struct complaints *said)
{
    complain(said, DATABASE_AWAY, "database", "%s", why->text);
    store_close(c->store);
    c->store = NULL;
    c->exit_code = why->kind == ERR_AGAIN ? EX_UNAVAILABLE : err_exit_code(why);
}

static bool
examine(struct context *c, struct doctor *d, struct complaints *said, struct err *e)
{
    struct findings now = {0};
    struct err away = {0};
    bool ok = true;

    if (!database_open_reader(c->settings, &c->store, &away) ||
        !store_snapshot(c->store, INT64_MAX, &away))
        complain_of_store(c, &away, said);
    else if ((ok = findings_load_facts(c, &now, e)))
        d->facts = &now.facts;
    if (ok && (c->settings->domains.count > 0 || c->options->domains.count > 0))
        ok = doctor_add_domains(d, doctor_domain, e);
    ok = ok && doctor_host(c, said, e) && doctor_run(d, said, e) && !said->failed &&
         show_all(c, said, e);
    d->facts = NULL;
    findings_clear(&now);
    return ok || e->kind != ERR_NONE || !said->failed ? ok : err_nomem(e);
}

static bool
run(struct context *c, struct err *e)
{
    bool records = (c->options->line.given & OPTION_RECORDS) != 0, ok;
    struct complaints said;
    struct doctor d;

    findings_take_domain(c);
    complaints_init(&said, "");
    ok = doctor_open(&d, c, e) &&
         (records ? doctor_records(c, &d, e) : examine(c, &d, &said, e));
    doctor_close(&d);
    complaints_clear(&said);
    return ok;
}

const struct command cmd_doctor = {
    .name = "doctor",
    .line = "What is unsafe or will cost reports, worst first, each with its fix",
    .args = "[DOMAIN]",
    .examples =
        "  tlsrpt doctor\n"
        "  tlsrpt doctor example.com\n"
        "  tlsrpt doctor --records --endpoint https://reports.example.com/v1/tlsrpt "
        "--mailto tlsrpt@example.com\n",
    .notes =
        "Looks at what the domain (without one: each configured one) and its MX hosts\n"
        "publish, at the servers that this leads to, at the database and at this host.\n"
        "The exit code is 1 when something is found that is worse than info.\n"
        "--records prints the TXT records to publish, as lines of a zone file.\n",
    .options = OPTION_DB | OPTION_CONFIG | OPTION_FORMAT | OPTION_MIN_SEVERITY |
               OPTION_RECORDS | OPTION_ENDPOINT | OPTION_MAILTO | OPTION_CONNECT_TO |
               OPTION_CA,
    .no_store = true,
    .run = run,
};
