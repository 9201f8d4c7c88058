/* What each option does with its value, and the table of them all. */
#include "analyzer/options.h"
#include "base/count.h"
#include "base/rows.h"
#include "schema/report/domain.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_LIST = 1000, /* elements of --domain and its like */
    MAX_TIMEOUT_S = 3600,
};

static bool
append(struct options *o, struct option_list *list, const char *text, struct err *e)
{
    const char **items;

    if (list->count == MAX_LIST)
        return err_set(e, ERR_INPUT, "more than %d values for one option", MAX_LIST);
    items = rows_grow_in(&o->arena, list->items, list->count, sizeof *items, e);
    if (items == NULL)
        return false;
    items[list->count++] = text;
    list->items = items;
    return true;
}

/* Adds the parts between commas, as names are compared: lower case A-labels. */
static bool
append_parts(struct options *o, struct option_list *list, const char *value,
             struct err *e)
{
    size_t n;
    char *part;

    for (;; value += n + 1) {
        n = strcspn(value, ",");
        if ((part = domain_normalise(&o->arena, value, n)) == NULL)
            return err_nomem(e);
        if (*part == '\0')
            return err_set(e, ERR_INPUT, "an empty name");
        if (!append(o, list, part, e))
            return false;
        if (value[n] == '\0')
            return true;
    }
}

/* Is the text one of `words` (separated by blanks)? Else says what would be. */
static bool
is_word_of(const char *text, const char *words, struct err *e)
{
    size_t n = strlen(text), len;

    for (const char *w = words; *w != '\0'; w += len + (w[len] == ' ')) {
        len = strcspn(w, " ");
        if (len == n && strncmp(w, text, n) == 0)
            return true;
    }
    return err_set(e, ERR_INPUT, "\"%s\" is none of: %s", text, words);
}

/* Where the row's value goes. */
static void *
place(struct options *o, const struct option_row *row)
{
    return (char *)o + row->offset;
}

static bool
set_text(struct options *o, const struct option_row *row, const char *value,
         struct err *e)
{
    *(const char **)place(o, row) = value;
    return row->words == NULL || is_word_of(value, row->words, e);
}

static bool
set_list(struct options *o, const struct option_row *row, const char *value,
         struct err *e)
{
    struct option_list *list = place(o, row);

    if (!append_parts(o, list, value, e))
        return false;
    for (size_t i = 0; row->words != NULL && i < list->count; i++) {
        if (!is_word_of(list->items[i], row->words, e))
            return false;
    }
    return true;
}

static bool
set_format(struct options *o, const struct option_row *row, const char *value,
           struct err *e)
{
    return view_format_find(value, &o->format) || is_word_of(value, row->words, e);
}

static bool
set_seconds(struct options *o, const struct option_row *row, const char *value,
            struct err *e)
{
    char *end;
    long seconds = strtol(value, &end, 10);

    *(int *)place(o, row) = (int)seconds;
    return (end != value && *end == '\0' && seconds > 0 && seconds <= MAX_TIMEOUT_S) ||
           err_set(e, ERR_INPUT, "\"%s\" is no number of seconds from 1 to %d", value,
                   MAX_TIMEOUT_S);
}

static bool
count(struct options *o, const struct option_row *row, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    ++*(int *)place(o, row);
    return true;
}

#define AT(field) offsetof(struct options, field)

const struct option_row option_rows[] = {
    {"since", '\0', "TIME", OPTION_SINCE,
     "only from this day on: 7d, 36h, yesterday, 2026-11-01", NULL, AT(since_text),
     set_text},
    {"until", '\0', "TIME", OPTION_UNTIL, "only up to this day, it included", NULL,
     AT(until_text), set_text},
    {"as-of", '\0', "TIME", OPTION_AS_OF, "only what had arrived by then", NULL,
     AT(as_of_text), set_text},
    {"domain", '\0', "NAME", OPTION_DOMAIN, "only this policy domain (may be repeated)",
     NULL, AT(domains), set_list},
    {"sender", '\0', "NAME", OPTION_SENDER, "only this sending domain (may be repeated)",
     NULL, AT(senders), set_list},
    {"trust", '\0', "TIER", OPTION_TRUST,
     "only verified, operator, unverified or ignored reports",
     "verified operator unverified ignored", AT(trust), set_list},
    {"status", '\0', "WORD", OPTION_STATUS,
     "only accepted, quarantined or ignored reports", "accepted quarantined ignored",
     AT(status), set_list},
    {"raw", '\0', NULL, OPTION_RAW, "write the bytes as they came", NULL, 0, NULL},
    {"exit-code", '\0', NULL, OPTION_EXIT_CODE, "exit with 1 when there is an alarm",
     NULL, 0, NULL},
    {"min-severity", '\0', "WORD", OPTION_MIN_SEVERITY,
     "only findings as grave as this: critical, warning, info", "critical warning info",
     AT(min_severity), set_text},
    {"state", '\0', "WORD", OPTION_STATE, "only open or resolved findings",
     "open resolved", AT(state), set_text},
    {"new-since", '\0', "TIME", OPTION_NEW_SINCE,
     "only findings that were not known at that time", NULL, AT(new_since_text),
     set_text},
    {"textfile", '\0', "FILE", OPTION_TEXTFILE,
     "write this file, whole and at once, instead", NULL, AT(textfile), set_text},
    {"warning", 'w', "RANGE", OPTION_WARNING, "WARNING outside of it: 10, 10:20, @10:20",
     NULL, AT(warning), set_text},
    {"critical", 'c', "RANGE", OPTION_CRITICAL, "CRITICAL outside of it", NULL,
     AT(critical), set_text},
    {"timeout", 't', "SECONDS", OPTION_TIMEOUT, "UNKNOWN when it takes longer, 10", NULL,
     AT(timeout_s), set_seconds},
    {"verbose", 'v', NULL, OPTION_VERBOSE, "say more; -vv: in more lines", NULL,
     AT(verbose), count},
    {"records", '\0', NULL, OPTION_RECORDS, "print the TXT records to publish", NULL, 0,
     NULL},
    {"endpoint", '\0', "URI", OPTION_ENDPOINT, "where they lead reports by HTTPS", NULL,
     AT(endpoint), set_text},
    {"mailto", '\0', "ADDRESS", OPTION_MAILTO, "where they lead reports by mail", NULL,
     AT(mailto), set_text},
    {"connect-to", '\0', "ADDR:PORT", OPTION_CONNECT_TO,
     "connect there instead of to port 443 of any host", NULL, AT(connect_to), set_text},
    {"ca", '\0', "FILE", OPTION_CA, "trust these authorities, too (PEM)", NULL,
     AT(ca_file), set_text},
    {"format", '\0', "NAME", OPTION_FORMAT,
     "table (the default), json, ndjson, csv or csv-raw", "table json ndjson csv csv-raw",
     AT(format), set_format},
    {"config", 'c', "FILE", OPTION_CONFIG, "another configuration file", NULL,
     AT(config_file), set_text},
    {"db", '\0', "URI", OPTION_DB, "another database (libpq URI)", NULL, AT(db_uri),
     set_text},
    {"help", 'h', NULL, OPTION_HELP, "this help", NULL, 0, NULL},
    {"version", 'V', NULL, OPTION_VERSION, "the version of this program", NULL, 0, NULL},
};

const size_t option_row_count = COUNT_OF(option_rows);
