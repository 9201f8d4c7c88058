/* What each option does with its value, and the table of them all. */
#include "analyzer/options.h"
#include "base/span.h"
#include "schema/domain.h"

#include <string.h>

enum {
    MAX_LIST = 1000 /* elements of --domain and its like */
};

static bool
append(struct options *o, struct option_list *list, const char *text, struct err *e)
{
    const char **items;

    if (list->count == MAX_LIST)
        return err_set(e, ERR_INPUT, "more than %d values for one option", MAX_LIST);
    if ((items = arena_array(&o->arena, list->count + 1, sizeof *items)) == NULL)
        return err_nomem(e);
    if (list->count > 0)
        memcpy(items, list->items, list->count * sizeof *items);
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

static bool
set_words(struct options *o, struct option_list *list, const char *value,
          const char *words, struct err *e)
{
    if (!append_parts(o, list, value, e))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        if (!is_word_of(list->items[i], words, e))
            return false;
    }
    return true;
}

static bool
set_db(struct options *o, const char *value, struct err *e)
{
    (void)e;
    o->db_uri = value;
    return true;
}

static bool
set_config(struct options *o, const char *value, struct err *e)
{
    (void)e;
    o->config_file = value;
    return true;
}

static bool
set_format(struct options *o, const char *value, struct err *e)
{
    return view_format_find(value, &o->format) ||
           is_word_of(value, "table json ndjson csv", e);
}

static bool
set_since(struct options *o, const char *value, struct err *e)
{
    (void)e;
    o->since_text = value;
    return true;
}

static bool
set_until(struct options *o, const char *value, struct err *e)
{
    (void)e;
    o->until_text = value;
    return true;
}

static bool
set_as_of(struct options *o, const char *value, struct err *e)
{
    struct span span;

    if (!span_parse(value, o->now, &span, e))
        return false;
    o->as_of = span.last;
    return true;
}

static bool
set_domain(struct options *o, const char *value, struct err *e)
{
    return append_parts(o, &o->domains, value, e);
}

static bool
set_sender(struct options *o, const char *value, struct err *e)
{
    return append_parts(o, &o->senders, value, e);
}

static bool
set_trust(struct options *o, const char *value, struct err *e)
{
    return set_words(o, &o->trust, value, "verified operator unverified ignored", e);
}

static bool
set_status(struct options *o, const char *value, struct err *e)
{
    return set_words(o, &o->status, value, "accepted quarantined ignored", e);
}

static bool
set_raw(struct options *o, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    o->raw = true;
    return true;
}

static bool
set_exit_code(struct options *o, const char *value, struct err *e)
{
    (void)value;
    (void)e;
    o->exit_code = true;
    return true;
}

static bool
set_min_severity(struct options *o, const char *value, struct err *e)
{
    o->min_severity = value;
    return is_word_of(value, "critical warning info", e);
}

static bool
set_state(struct options *o, const char *value, struct err *e)
{
    o->state = value;
    return is_word_of(value, "open resolved", e);
}

static bool
set_new_since(struct options *o, const char *value, struct err *e)
{
    (void)e;
    o->new_since_text = value;
    return true;
}

static bool
set_nothing(struct options *o, const char *value, struct err *e)
{
    (void)o;
    (void)value;
    (void)e;
    return true;
}

const struct option_row option_rows[] = {
    {"since", '\0', "TIME", OPTION_SINCE,
     "only from this day on: 7d, 36h, yesterday, 2026-11-01", set_since},
    {"until", '\0', "TIME", OPTION_UNTIL, "only up to this day, it included", set_until},
    {"as-of", '\0', "TIME", OPTION_AS_OF, "only what had arrived by then", set_as_of},
    {"domain", '\0', "NAME", OPTION_DOMAIN, "only this policy domain (may be repeated)",
     set_domain},
    {"sender", '\0', "NAME", OPTION_SENDER, "only this sending domain (may be repeated)",
     set_sender},
    {"trust", '\0', "TIER", OPTION_TRUST,
     "only verified, operator, unverified or ignored reports", set_trust},
    {"status", '\0', "WORD", OPTION_STATUS,
     "only accepted, quarantined or ignored reports", set_status},
    {"raw", '\0', NULL, OPTION_RAW, "write the bytes as they came", set_raw},
    {"exit-code", '\0', NULL, OPTION_EXIT_CODE, "exit with 1 when there are findings",
     set_exit_code},
    {"min-severity", '\0', "WORD", OPTION_MIN_SEVERITY,
     "only findings as grave as this: critical, warning, info", set_min_severity},
    {"state", '\0', "WORD", OPTION_STATE, "only open or resolved findings", set_state},
    {"new-since", '\0', "TIME", OPTION_NEW_SINCE,
     "only findings that were not known at that time", set_new_since},
    {"format", '\0', "NAME", OPTION_FORMAT, "table (the default), json, ndjson or csv",
     set_format},
    {"config", 'c', "FILE", OPTION_CONFIG, "another configuration file", set_config},
    {"db", '\0', "URI", OPTION_DB, "another database (libpq URI)", set_db},
    {"help", 'h', NULL, OPTION_HELP, "this help", set_nothing},
    {"version", 'V', NULL, OPTION_VERSION, "the version of this program", set_nothing},
};

const size_t option_row_count = sizeof option_rows / sizeof *option_rows;
