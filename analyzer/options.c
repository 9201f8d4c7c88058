/* What each option does with its value, the table of them all, and what the database gets
 * of it. */
#include "analyzer/options.h"

#include "base/rows.h"
#include "base/span.h"
#include "base/text.h"
#include "base/when.h"
#include "schema/report/domain.h"
#include "schema/report/vocab.h"

#include <stddef.h>
#include <string.h>

enum {
    MAX_LIST = 1000, /* elements of --domain and its like */
    MAX_TIMEOUT_S = 3600,
};

/* Adds the parts between commas, as names are compared: lower case A-labels. */
static bool
append_parts(struct options *o, struct option_list *list, const char *value,
             struct err *e)
{
    const char **items;
    size_t n;
    char *part;

    for (;; value += n + 1) {
        n = strcspn(value, ",");
        if ((part = domain_normalise(&o->arena, value, n)) == NULL)
            return err_nomem(e);
        if (*part == '\0')
            return err_set(e, ERR_INPUT, "an empty name");
        if (list->count == MAX_LIST)
            return err_set(e, ERR_INPUT, "more than %d values for one option", MAX_LIST);
        items = rows_grow_in(&o->arena, list->items, list->count, sizeof *items, e);
        if (items == NULL)
            return false;
        items[list->count++] = part;
        list->items = items;
        if (value[n] == '\0')
            return true;
    }
}

static bool
set_list(void *values, const struct cli_option *row, const char *value, struct err *e)
{
    struct option_list *list = (void *)((char *)values + row->offset);

    if (!append_parts(values, list, value, e))
        return false;
    for (size_t i = 0; row->words != NULL && i < list->count; i++) {
        if (!cli_check_word(list->items[i], row->words, e))
            return false;
    }
    return true;
}

static bool
set_format(void *values, const struct cli_option *row, const char *value, struct err *e)
{
    struct options *o = values;

    return view_format_find(value, &o->format) || cli_check_word(value, row->words, e);
}

static bool
set_timeout(void *values, const struct cli_option *row, const char *value, struct err *e)
{
    struct options *o = values;

    (void)row;
    return cli_read_number(value, 1, MAX_TIMEOUT_S, &o->timeout_s, e);
}

#define AT(field) offsetof(struct options, field)

const struct cli_option option_rows[] = {
    {"since", '\0', "TIME", OPTION_SINCE,
     "only from this day on: 7d, yesterday, last-week, 2026-11-01", NULL, AT(since_text),
     cli_set_text},
    {"until", '\0', "TIME", OPTION_UNTIL, "only up to this day, it included", NULL,
     AT(until_text), cli_set_text},
    {"as-of", '\0', "TIME", OPTION_AS_OF, "only what had arrived by then", NULL,
     AT(as_of_text), cli_set_text},
    {"domain", '\0', "NAME", OPTION_DOMAIN, "only this policy domain (may be repeated)",
     NULL, AT(domains), set_list},
    {"sender", '\0', "NAME", OPTION_SENDER, "only this sending domain (may be repeated)",
     NULL, AT(senders), set_list},
    {"trust", '\0', "TIER", OPTION_TRUST,
     "only verified, operator, confirmed, unverified or ignored reports",
     "verified operator confirmed unverified ignored", AT(trust), set_list},
    {"status", '\0', "WORD", OPTION_STATUS,
     "only accepted, quarantined or ignored reports", "accepted quarantined ignored",
     AT(status), set_list},
    {"raw", '\0', NULL, OPTION_RAW, "write the bytes as they came", NULL, 0, NULL},
    {"exit-code", '\0', NULL, OPTION_EXIT_CODE, "exit with 1 when there is an alarm",
     NULL, 0, NULL},
    {"min-severity", '\0', "WORD", OPTION_MIN_SEVERITY,
     "only findings as grave as this: critical, warning, info", "critical warning info",
     AT(min_severity), cli_set_text},
    {"state", '\0', "WORD", OPTION_STATE, "only open or resolved findings",
     "open resolved", AT(state), cli_set_text},
    {"brief", '\0', NULL, OPTION_BRIEF, "one line for each finding", NULL, 0, NULL},
    {"origins", '\0', NULL, OPTION_ORIGINS, "which hosts post in whose name", NULL, 0,
     NULL},
    {"new-since", '\0', "TIME", OPTION_NEW_SINCE,
     "only findings that were not known at that time", NULL, AT(new_since_text),
     cli_set_text},
    {"textfile", '\0', "FILE", OPTION_TEXTFILE,
     "write this file, whole and at once, instead", NULL, AT(textfile), cli_set_text},
    {"warning", 'w', "RANGE", OPTION_WARNING, "WARNING outside of it: 10, 10:20, @10:20",
     NULL, AT(warning), cli_set_text},
    {"critical", 'c', "RANGE", OPTION_CRITICAL, "CRITICAL outside of it", NULL,
     AT(critical), cli_set_text},
    {"timeout", 't', "SECONDS", OPTION_TIMEOUT, "UNKNOWN when it takes longer, 10", NULL,
     AT(timeout_s), set_timeout},
    {"verbose", 'v', NULL, OPTION_VERBOSE, "say more; -vv: in more lines", NULL,
     AT(verbose), cli_set_count},
    {"records", '\0', NULL, OPTION_RECORDS, "print the TXT records to publish", NULL, 0,
     NULL},
    {"endpoint", '\0', "URI", OPTION_ENDPOINT, "where they lead reports by HTTPS", NULL,
     AT(endpoint), cli_set_text},
    {"mailto", '\0', "ADDRESS", OPTION_MAILTO, "where they lead reports by mail", NULL,
     AT(mailto), cli_set_text},
    {"connect-to", '\0', "ADDR:PORT", OPTION_CONNECT_TO,
     "connect there instead of to port 443 of any host", NULL, AT(connect_to),
     cli_set_text},
    {"ca", '\0', "FILE", OPTION_CA, "trust these authorities, too (PEM)", NULL,
     AT(ca_file), cli_set_file},
    {"format", '\0', "NAME", OPTION_FORMAT,
     "table (the default), json, ndjson, csv or csv-raw", "table json ndjson csv csv-raw",
     AT(format), set_format},
    {"config", 'c', "FILE", OPTION_CONFIG, "another configuration file", NULL,
     AT(config_file), cli_set_file},
    {"db", '\0', "URI", OPTION_DB, "another database (libpq URI)", NULL, AT(db_uri),
     cli_set_text},
    CLI_OWN_OPTIONS};

static bool
read_time(const char *option, const char *text, int64_t base, struct span *out,
          struct err *e)
{
    return text == NULL || span_parse(text, base, out, e) || err_prefix(e, "%s", option);
}

/* Times are read last: they are relative to --as-of, wherever that stands. */
static bool
read_times(struct options *o, struct err *e)
{
    struct span as_of = {.last = INT64_MAX}, since = {.first = INT64_MIN};
    struct span until = {.last = INT64_MAX}, new_since = {.first = INT64_MIN};
    int64_t base;

    if (!read_time("--as-of", o->as_of_text, o->now, &as_of, e))
        return false;
    base = o->as_of_text == NULL ? o->now : as_of.last;
    if (!read_time("--since", o->since_text, base, &since, e) ||
        !read_time("--until", o->until_text, base, &until, e) ||
        !read_time("--new-since", o->new_since_text, base, &new_since, e))
        return false;
    o->as_of = as_of.last;
    o->since = since.first;
    o->until = until.last;
    o->new_since = new_since.first;
    return o->since <= o->until || err_set(e, ERR_INPUT, "--until lies before --since");
}

bool
options_parse(struct options *o, const struct cli_program *p, int count,
              const char *const words[], int64_t now, struct err *e)
{
    *o = (struct options){.now = now};
    arena_init(&o->arena, 0);
    return cli_read(p, count, words, &o->arena, o, &o->line, e) && read_times(o, e);
}

void
options_clear(struct options *o)
{
    arena_clear(&o->arena);
}

/* ---- for the database ---------------------------------------------------------------
 */

/* A text array as PostgreSQL reads it; NULL (no error) for an empty list. */
static bool
print_array(struct options *o, const struct option_list *list, const char **out,
            struct err *e)
{
    struct buf b;

    *out = NULL;
    if (list->count == 0)
        return true;
    buf_init(&b, 0);
    for (size_t i = 0; i < list->count; i++)
        (void)text_element(&b, list->items[i]);
    (void)buf_putc(&b, '}');
    if (!b.failed)
        *out = arena_strdup(&o->arena, b.bytes);
    buf_clear(&b);
    return *out == NULL ? err_nomem(e) : true;
}

/* The numbers of the statuses; NULL (no error) when all are wanted. */
static bool
print_statuses(struct options *o, const char **out, struct err *e)
{
    char *numbers, *next;

    *out = NULL;
    if (o->status.count == 0)
        return true;
    /* "{" and, for each, a digit and a comma or the closing brace */
    if ((numbers = arena_alloc(&o->arena, 2 * o->status.count + 2)) == NULL)
        return err_nomem(e);
    next = numbers;
    for (size_t i = 0; i < o->status.count; i++) {
        int s = STATUS_ACCEPTED;

        while (s < STATUS_IGNORED &&
               strcmp(o->status.items[i], status_text((enum status)s)) != 0)
            s++;
        *next++ = i == 0 ? '{' : ',';
        *next++ = (char)('0' + s);
    }
    *next = '}';
    *out = numbers;
    return true;
}

/* The day of an instant, or what PostgreSQL takes for no limit. */
static const char *
print_limit(struct options *o, int64_t instant)
{
    char *day;

    if (instant == INT64_MIN)
        return "-infinity";
    if (instant == INT64_MAX)
        return "infinity";
    if ((day = arena_alloc(&o->arena, WHEN_DAY_SIZE)) == NULL)
        return NULL;
    return when_print_day(when_day_of_instant(instant), day);
}

bool
options_params(struct options *o, const char *params[OPTIONS_PARAMS], struct err *e)
{
    params[0] = print_limit(o, o->since);
    params[1] = print_limit(o, o->until);
    params[6] = o->after_received;
    params[7] = o->after_id;
    params[8] = o->limit;
    if (params[0] == NULL || params[1] == NULL)
        return err_nomem(e);
    return print_array(o, &o->domains, &params[2], e) &&
           print_array(o, &o->senders, &params[3], e) &&
           print_array(o, &o->trust, &params[4], e) && print_statuses(o, &params[5], e);
}
