#include "analyzer/findings.h"

#include "analyzer/facts_load.h"
#include "analyzer/present/prose.h"
#include "base/count.h"
#include "base/text.h"
#include "base/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct column findings_columns[] = {
    {"id", "ID", COLUMN_TEXT, 0, COLOUR_NONE},
    {"severity", "SEVERITY", COLUMN_TEXT, 0, COLOUR_WORD},
    {"state", "STATE", COLUMN_TEXT, 0, COLOUR_WORD},
    {"kind", "KIND", COLUMN_TEXT, 0, COLOUR_NONE},
    {"verdict", "FAULT", COLUMN_TEXT, 0, COLOUR_NONE},
    {"policy_domains", "DOMAINS", COLUMN_LIST, 0, COLOUR_NONE},
    {"senders", "SENDERS", COLUMN_LIST, 4, COLOUR_NONE},
    {"mx_hosts", NULL, COLUMN_LIST, 0, COLOUR_NONE},
    {"receiving_ips", NULL, COLUMN_LIST, 0, COLOUR_NONE},
    {"sending_networks", NULL, COLUMN_LIST, 0, COLOUR_NONE},
    {"first_seen", "FIRST", COLUMN_DAY, 2, COLOUR_NONE},
    {"last_seen", "LAST", COLUMN_DAY, 1, COLOUR_NONE},
    {"onset_earliest", NULL, COLUMN_INSTANT, 0, COLOUR_NONE},
    {"onset_latest", NULL, COLUMN_INSTANT, 0, COLOUR_NONE},
    {"failed_sessions", "FAILED", COLUMN_COUNT, 3, COLOUR_FAILURES},
    {"total_sessions", NULL, COLUMN_COUNT, 0, COLOUR_NONE},
    {"refused_sessions", "REFUSED", COLUMN_COUNT, 5, COLOUR_FAILURES},
    {"confidence", NULL, COLUMN_NUMBER, 0, COLOUR_NONE},
    {"evidence", NULL, COLUMN_JSON, 0, COLOUR_NONE},
    {"known_until", "MUTED UNTIL", COLUMN_DAY, 6, COLOUR_NONE},
    {"summary", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"advice", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
};
const size_t findings_column_count = COUNT_OF(findings_columns);

enum {
    EXIT_FINDINGS = 1,
    LEAST_ID = 4, /* digits that a beginning must have */
};

int64_t
findings_instant(const struct context *c)
{
    return c->options->as_of == INT64_MAX ? c->options->now : c->options->as_of;
}

/* known "ID" { until = "2026-12-31" }: listed, marked, alarms nobody until then. */
static void
mute(const struct settings *s, const struct facts *f, struct analysis *a)
{
    const struct known_finding *known = s->known.items;

    for (size_t i = 0; i < s->known.count; i++) {
        int64_t until = INT64_MAX;
        unsigned form;

        if (known[i].until &&
            !when_parse_rfc3339(known[i].until, strlen(known[i].until), &until, &form))
            continue;
        for (size_t k = 0; k < a->count; k++)
            if (!strcmp(a->rows[k].id, known[i].id) &&
                until / WHEN_DAY_S >= f->first_day + f->today + f->idle_days)
                a->rows[k].known_until = until == INT64_MAX ? when_day_of(9999, 12, 31)
                                                            : when_day_of_instant(until);
    }
}

bool
findings_load(struct context *c, int64_t as_of, struct findings *out, struct err *e)
{
    *out = (struct findings){0};
    if (c->ready != NULL) {
        *out = *c->ready;
        out->borrowed = true;
        return true;
    }
    if (!facts_load(c->store, c->settings, as_of, c->options->domains.items,
                    c->options->domains.count, &out->facts, e) ||
        !analyse(&out->facts, &out->all, e))
        return false;
    mute(c->settings, &out->facts, &out->all);
    return overview_make(&out->facts, &out->all, &out->overview, e);
}

bool
findings_load_facts(struct context *c, struct findings *out, struct err *e)
{
    int64_t as_of = findings_instant(c);

    *out = (struct findings){0};
    if (c->ready != NULL)
        return findings_load(c, as_of, out, e);
    return store_snapshot(c->store, as_of, e) &&
           facts_load(c->store, c->settings, as_of, c->options->domains.items,
                      c->options->domains.count, &out->facts, e);
}

void
findings_take_domain(struct context *c)
{
    if (c->options->line.arg_count && !c->options->domains.count)
        c->options->domains = (struct option_list){c->options->line.args, 1};
}

bool
findings_asks_for(const struct context *c, const char *domain)
{
    const struct option_list *wanted = &c->options->domains;

    for (size_t i = 0; i < wanted->count; i++)
        if (text_equal_nocase(wanted->items[i], domain))
            return true;
    return wanted->count == 0;
}

static bool
list_names(const struct option_list *wanted, const struct facts *f,
           const struct name_list *l)
{
    for (size_t i = 0; i < wanted->count; i++)
        for (size_t k = 0; k < l->count; k++)
            if (!strcmp(wanted->items[i], facts_text(f, l->items[k])))
                return true;
    return wanted->count == 0;
}

bool
findings_is_of(const struct context *c, const struct facts *f, const struct finding *x)
{
    return list_names(&c->options->domains, f, &x->domains) &&
           list_names(&c->options->senders, f, &x->senders);
}

void
findings_say_empty(struct context *c, const struct facts *f, const char *text)
{
    char nothing[160];

    (void)snprintf(nothing, sizeof nothing,
                   "no reports of the latest %d days can be believed: `tlsrpt summary` "
                   "has all others, --as-of looks back",
                   FACTS_DAYS);
    command_say_empty(c, f->tally_count == 0 ? nothing : text);
}

void
findings_clear(struct findings *f)
{
    if (f->borrowed)
        return;
    overview_clear(&f->overview);
    analyse_clear(&f->all);
    facts_clear(&f->facts);
}

/* ---- rows ------------------------------------------------------------------------- */

static const char *
list_cell(struct view *v, const struct facts *f, const struct name_list *l)
{
    struct buf *out = &v->cell;

    buf_reset(out);
    (void)buf_putc(out, '[');
    for (size_t i = 0; i < l->count; i++) {
        const char *text = facts_text(f, l->items[i]);

        (void)buf_puts(out, i ? ", " : "");
        (void)view_json_string(out, text, strlen(text));
    }
    v->failed |= !buf_putc(out, ']');
    return v->failed ? NULL : view_text(v, "%s", out->bytes);
}

static const char *
evidence_cell(struct view *v, const struct finding *x)
{
    return view_text(v,
                     "{\"senders_failing\": %d, \"senders_with_traffic\": %d, "
                     "\"addresses_failing\": %d, \"addresses_seen\": %d, "
                     "\"failures_without_place\": %" PRId64 ", \"unverified\": %s}",
                     x->senders_failing, x->senders_seen, x->places_failing,
                     x->places_seen, x->unplaced, x->unverified ? "true" : "false");
}

bool
findings_row(struct view *v, const struct facts *f, const struct finding *x,
             struct err *e)
{
    const char *row[] = {
        x->id,
        severity_text(x->severity),
        x->open ? "open" : "resolved",
        x->kind,
        fault_text(x->verdict),
        list_cell(v, f, &x->domains),
        list_cell(v, f, &x->senders),
        list_cell(v, f, &x->hosts),
        list_cell(v, f, &x->addresses),
        list_cell(v, f, &x->networks),
        view_day(v, f->first_day + x->first),
        view_day(v, f->first_day + x->last),
        x->onset_latest ? view_text(v, "%" PRId64, x->onset_earliest) : NULL,
        x->onset_latest ? view_text(v, "%" PRId64, x->onset_latest) : NULL,
        view_text(v, "%" PRId64, x->failed),
        view_text(v, "%" PRId64, x->sessions),
        view_text(v, "%" PRId64, x->refused),
        view_text(v, "%.2f", x->confidence),
        evidence_cell(v, x),
        x->known_until ? view_day(v, x->known_until) : NULL,
        x->summary,
        x->advice,
    };

    return view_row(v, row, e);
}

/* ---- the list ---------------------------------------------------------------------- */

const struct finding *
findings_find(const struct findings *f, const char *wanted)
{
    const struct finding *found = NULL;

    for (size_t i = 0; i < f->all.count; i++) {
        const char *text = f->all.rows[i].id;

        if (!strcmp(text, wanted) || (!found && strlen(wanted) >= LEAST_ID &&
                                      !strncmp(text, wanted, strlen(wanted))))
            found = &f->all.rows[i];
    }
    return found;
}

/* Was it an open alarm then? */
static bool
was_known(const struct findings *before, const struct finding *x)
{
    for (size_t i = 0; before && i < before->all.count; i++)
        if (before->all.rows[i].open && before->all.rows[i].severity >= x->severity &&
            !strcmp(before->all.rows[i].id, x->id))
            return true;
    return false;
}

bool
findings_wanted(const struct context *c, const struct findings *now,
                const struct findings *before, const struct finding *x)
{
    const struct options *o = c->options;

    return x->severity >= severity_find(o->min_severity, SEVERITY_INFO) &&
           (!o->state || !strcmp(o->state, "open") == x->open) &&
           findings_is_of(c, &now->facts, x) &&
           !(before && (!x->open || was_known(before, x)));
}

/* A paragraph for each. */
static void
tell(struct prose *p, const struct facts *f, const struct finding *x)
{
    char day[WHEN_DAY_SIZE], until[WHEN_DAY_SIZE];

    prose_heading(p, x->summary);
    prose_text(p, 2, x->advice);
    prose_fieldf(p, 2, severity_text(x->severity),
                 tone_of_word(severity_text(x->severity)), "%s%s%s%s",
                 x->known_until != 0 ? "muted until "
                 : x->open           ? "since "
                                     : "resolved; began ",
                 x->known_until != 0 ? when_print_day(x->known_until, until) : "",
                 x->known_until != 0 ? ", since " : "",
                 when_print_day(f->first_day + x->first, day));
    prose_fieldf(p, 2, "more", TONE_DIM, "tlsrpt findings %s", x->id);
}

/* Does a person read it, who did not ask for a table? */
static bool
is_told(const struct context *c)
{
    return c->options->format == VIEW_TABLE &&
           (c->options->line.given & (OPTION_FORMAT | OPTION_BRIEF)) == 0;
}

/* Nothing is open: of what that can be said. Green is said only of what was looked at. */
static void
say_nothing_open(struct context *c, const struct findings *now)
{
    const cli_set limits = OPTION_SENDER | OPTION_MIN_SEVERITY | OPTION_NEW_SINCE;
    bool resolved = c->options->state != NULL && strcmp(c->options->state, "open") != 0;
    char text[OVERVIEW_SAYS];

    if (c->options->format != VIEW_TABLE)
        return;
    if (now->facts.tally_count == 0)
        findings_say_empty(c, &now->facts, "");
    else if (resolved || (c->options->line.given & limits) != 0)
        (void)fputs("tlsrpt: no such finding\n", stderr);
    else {
        overview_say(&now->overview, text, sizeof text);
        (void)fprintf(stderr, "tlsrpt: %s: %s\n",
                      now->overview.all.week.sessions > 0 ? "all is well"
                                                          : "nothing is open",
                      text);
    }
}

bool
findings_show(struct context *c, const struct findings *now,
              const struct findings *before, struct err *e)
{
    enum severity alarming = severity_find(c->options->min_severity, SEVERITY_WARNING);
    bool told = is_told(c), ok;
    struct prose prose;
    size_t count = 0;

    if (told)
        prose_init(&prose, c->terminal, stdout);
    ok = told || view_begin(c->view, findings_columns, findings_column_count, e);
    for (size_t i = 0; ok && i < now->all.count; i++) {
        const struct finding *x = &now->all.rows[i];

        if (!findings_wanted(c, now, before, x))
            continue;
        count++;
        if (told)
            tell(&prose, &now->facts, x);
        else
            ok = findings_row(c->view, &now->facts, x, e);
        if ((c->options->line.given & OPTION_EXIT_CODE) != 0 && x->open &&
            x->known_until == 0 && x->severity >= alarming)
            c->exit_code = EXIT_FINDINGS;
    }
    ok = ok && (told ? prose_end(&prose, e) : view_end(c->view, e));
    if (told)
        prose_clear(&prose);
    if (ok && count == 0)
        say_nothing_open(c, now);
    return ok;
}
