/* See findings.h. */
#include "analyzer/findings.h"

#include "analyzer/facts_load.h"
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
    {"known_until", NULL, COLUMN_DAY, 0, COLOUR_NONE},
    {"summary", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"advice", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
};
const size_t findings_column_count = COUNT_OF(findings_columns);

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
                until / WHEN_DAY_S >= f->first_day + f->today)
                a->rows[k].known_until = until == INT64_MAX ? when_day_of(9999, 12, 31)
                                                            : when_day_of_instant(until);
    }
}

bool
findings_load(struct context *c, int64_t as_of, struct findings *out, struct err *e)
{
    *out = (struct findings){0};
    if (!facts_load(c->store, c->settings, as_of, c->options->domains.items,
                    c->options->domains.count, &out->facts, e) ||
        !analyse(&out->facts, &out->all, e))
        return false;
    mute(c->settings, &out->facts, &out->all);
    return true;
}

bool
findings_load_facts(struct context *c, struct facts *out, struct err *e)
{
    int64_t as_of = findings_instant(c);

    *out = (struct facts){0};
    return store_snapshot(c->store, as_of, e) &&
           facts_load(c->store, c->settings, as_of, c->options->domains.items,
                      c->options->domains.count, out, e);
}

void
findings_take_domain(struct context *c)
{
    if (c->options->arg_count && !c->options->domains.count)
        c->options->domains = (struct option_list){c->options->args, 1};
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
