/* See findings.h. */
#include "analyzer/findings.h"

#include "analyzer/facts_load.h"
#include "base/text.h"
#include "base/when.h"

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
const size_t findings_column_count = sizeof findings_columns / sizeof *findings_columns;

int64_t
findings_instant(const struct context *c)
{
    return c->options->as_of == INT64_MAX ? c->options->now : c->options->as_of;
}

const char *
finding_id(const struct finding *f, char out[48])
{
    (void)snprintf(out, 48, "%s%s%s", f->id, f->episode[0] ? "-" : "", f->episode);
    return out;
}

/* known "ID" { until = "2026-12-31" }: listed, marked, alarms nobody until then. */
static void
mute(const struct settings *s, const struct facts *f, struct analysis *a)
{
    const struct known_finding *known = s->known.items;
    char id[48];

    for (size_t i = 0; i < s->known.count; i++) {
        int64_t until = INT64_MAX;
        unsigned form;

        if (known[i].until &&
            !when_parse_rfc3339(known[i].until, strlen(known[i].until), &until, &form))
            continue;
        for (size_t k = 0; k < a->count; k++)
            if (!strcmp(finding_id(&a->rows[k], id), known[i].id) &&
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
list_cell(struct buf *out, const struct facts *f, const struct name_list *l)
{
    buf_reset(out);
    (void)buf_putc(out, '[');
    for (size_t i = 0; i < l->count; i++) {
        const char *text = facts_text(f, l->items[i]);

        (void)buf_puts(out, i ? ", " : "");
        (void)view_json_string(out, text, strlen(text));
    }
    (void)buf_putc(out, ']');
    return out->bytes;
}

static const char *
evidence_cell(struct buf *out, const struct finding *x)
{
    buf_reset(out);
    (void)buf_printf(out,
                     "{\"senders_failing\": %d, \"senders_with_traffic\": %d, "
                     "\"addresses_failing\": %d, \"addresses_seen\": %d, "
                     "\"failures_without_place\": %lld, \"unverified\": %s}",
                     x->senders_failing, x->senders_seen, x->places_failing,
                     x->places_seen, (long long)x->unplaced,
                     x->unverified ? "true" : "false");
    return out->bytes;
}

enum {
    LISTS = 5,
    NUMBERS = 6,
    NUMBER_SIZE = 24,
};

bool
findings_row(struct view *v, const struct facts *f, const struct finding *x,
             struct err *e)
{
    const struct name_list *lists[LISTS] = {&x->domains, &x->senders, &x->hosts,
                                            &x->addresses, &x->networks};
    const int64_t counts[NUMBERS] = {x->onset_earliest, x->onset_latest, x->failed,
                                     x->sessions,       x->refused,      0};
    char id[48], first[WHEN_DAY_SIZE], last[WHEN_DAY_SIZE], known[WHEN_DAY_SIZE];
    char numbers[NUMBERS][NUMBER_SIZE], confidence[NUMBER_SIZE];
    struct buf cells[LISTS + 1];
    const char *list[LISTS], *evidence;
    bool ok;

    for (size_t i = 0; i <= LISTS; i++)
        buf_init(&cells[i], 0);
    for (size_t i = 0; i < LISTS; i++)
        list[i] = list_cell(&cells[i], f, lists[i]);
    evidence = evidence_cell(&cells[LISTS], x);
    for (size_t i = 0; i < NUMBERS; i++)
        (void)snprintf(numbers[i], NUMBER_SIZE, "%lld", (long long)counts[i]);
    (void)snprintf(confidence, sizeof confidence, "%.2f", x->confidence);
    {
        const char *row[] = {
            finding_id(x, id),
            severity_text(x->severity),
            x->open ? "open" : "resolved",
            x->kind,
            fault_text(x->verdict),
            list[0],
            list[1],
            list[2],
            list[3],
            list[4],
            when_print_day(f->first_day + x->first, first),
            when_print_day(f->first_day + x->last, last),
            x->onset_latest ? numbers[0] : NULL,
            x->onset_latest ? numbers[1] : NULL,
            numbers[2],
            numbers[3],
            numbers[4],
            confidence,
            evidence,
            x->known_until ? when_print_day(x->known_until, known) : NULL,
            x->summary,
            x->advice,
        };

        ok = evidence ? view_row(v, row, e) : err_nomem(e);
    }
    for (size_t i = 0; i <= LISTS; i++)
        buf_clear(&cells[i]);
    return ok;
}
