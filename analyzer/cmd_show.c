/* Finds what an id means, then shows it: in words, as the chosen format, or its bytes. */
#include "analyzer/command.h"
#include "analyzer/pruned.h"
#include "analyzer/show.h"
#include "base/text.h"
#include "base/when.h"

#include "schema_sql.h"

#include <string.h>

enum {
    ID_LENGTH = 25, /* YYYYMMDD-0123456789abcdef */
    DAY_DIGITS = 8,
    MOST_NAMED = 5, /* of the ids that a beginning may mean */
    WHEN_DATE_LENGTH = 10,
};

/* What the beginning of an id may mean, and the parameters of the queries for the one. */
struct found {
    const char *params[3];
    char day[WHEN_DAY_SIZE];
    size_t count;
    char ids[MOST_NAMED + 1][ID_LENGTH + 1];
    bool is_report[MOST_NAMED + 1];
};

struct shown {
    struct context *context;
    struct prose *prose; /* NULL: the view */
    size_t count;
};

static bool
keep_found(void *ctx, const char *const values[], size_t n, struct err *e)
{
    struct found *f = ctx;

    (void)n;
    (void)e;
    if (f->count > MOST_NAMED)
        return true;
    (void)snprintf(f->ids[f->count], sizeof f->ids[0], "%s", values[0]);
    f->is_report[f->count++] = strcmp(values[1], "report") == 0;
    return true;
}

/* The day of an id that has all its digits, as PostgreSQL reads it; else `no_limit`. */
static const char *
day_of_id(const char *id, const char *no_limit, char day[WHEN_DAY_SIZE])
{
    if (strspn(id, "0123456789") < DAY_DIGITS)
        return no_limit;
    (void)snprintf(day, WHEN_DAY_SIZE, "%.4s-%.2s-%.2s", id, id + 4, id + 6);
    return day;
}

static bool
is_id(const char *id)
{
    size_t digits = strspn(id, "0123456789");
    char day[WHEN_DAY_SIZE];
    int64_t instant;
    unsigned form;

    if (strlen(id) > ID_LENGTH || digits == 0 || digits > DAY_DIGITS)
        return false;
    if (digits < DAY_DIGITS)
        return id[digits] == '\0';
    return when_parse_rfc3339(day_of_id(id, "", day), WHEN_DATE_LENGTH, &instant,
                              &form) &&
           (id[digits] == '\0' ||
            (id[digits] == '-' &&
             id[digits + 1 + strspn(id + digits + 1, "0123456789abcdef")] == '\0'));
}

static bool
say_ambiguous(const struct found *f, const char *id, struct err *e)
{
    struct buf names;

    buf_init(&names, 0);
    for (size_t i = 0; i < f->count && i < MOST_NAMED; i++)
        (void)buf_printf(&names, "%s%s", i == 0 ? "" : ", ", f->ids[i]);
    (void)err_set(e, ERR_INPUT, "\"%s\" may be %s%s", id,
                  names.failed ? "?" : names.bytes,
                  f->count > MOST_NAMED ? " and others" : "");
    buf_clear(&names);
    return false;
}

/* The one thing that is meant. */
static bool
find(struct context *c, struct found *f, struct err *e)
{
    char id[ID_LENGTH + 1] = "", low[WHEN_DAY_SIZE], high[WHEN_DAY_SIZE];
    const char *given = c->options->line.args[0];
    const char *params[4], *limits[OPTIONS_PARAMS];

    *f = (struct found){0};
    if (!options_params(c->options, limits, e))
        return false;
    (void)snprintf(id, sizeof id, "%s", given);
    text_lower(id);
    if (strlen(given) > ID_LENGTH || !is_id(id))
        return err_set(e, ERR_INPUT,
                       "\"%.40s\" is no id: `tlsrpt reports` lists them, as "
                       "20261101-0123456789abcdef",
                       given);
    params[0] = id;
    params[1] = day_of_id(id, "-infinity", low);
    params[2] = day_of_id(id, "infinity", high);
    params[3] = limits[4];
    if (!store_query(c->store, query_show_find, params, 4, 2, keep_found, f, e))
        return false;
    if (f->count == 0)
        return pruned_check_id(c->store, id, e) &&
               err_set(e, ERR_INPUT, "nothing is kept as \"%s\": see `tlsrpt reports`",
                       id);
    f->params[0] = f->ids[0];
    f->params[1] = day_of_id(f->ids[0], "", f->day);
    f->params[2] = limits[4];
    return f->count == 1 ? true : say_ambiguous(f, id, e);
}

static bool
show_row(void *ctx, const char *const values[], size_t n, struct err *e)
{
    struct shown *s = ctx;

    s->count++;
    if (s->prose == NULL)
        return view_row(s->context->view, values, e);
    return n == show_column_count ? show_report(s->prose, values, e)
                                  : show_held(s->prose, values, e);
}

/* Finds it, then runs its query: its report's, its quarantine's. */
static bool
show(struct context *c, struct prose *prose, struct err *e)
{
    struct shown shown = {c, prose, 0};
    struct found found;

    if (!find(c, &found, e))
        return false;
    if (prose == NULL &&
        !view_begin(c->view, found.is_report[0] ? show_columns : held_columns,
                    found.is_report[0] ? show_column_count : held_column_count, e))
        return false;
    return found.is_report[0]
               ? store_query(c->store, query_show_report, found.params, 3,
                             show_column_count, show_row, &shown, e)
               : store_query(c->store, query_show_quarantine, found.params, 2,
                             held_column_count + 1, show_row, &shown, e);
}

bool
show_in_words(struct context *c, struct prose *p, struct err *e)
{
    return show(c, p, e) && prose_end(p, e);
}

static bool
take_bytes(void *ctx, const char *const values[], size_t n, struct err *e)
{
    (void)n;
    return show_bytes(values[0], ctx, e);
}

bool
show_raw_bytes(struct context *c, struct buf *out, struct err *e)
{
    struct found found;

    return find(c, &found, e) &&
           store_query(c->store, query_show_raw, found.params, 3, 1, take_bytes, out,
                       e) &&
           (out->len > 0 ||
            err_set(e, ERR_INPUT,
                    "its bytes were dropped, as older than retention { raw_days }"));
}

static bool
show_run(struct context *c, struct err *e)
{
    struct prose prose;
    struct buf bytes;
    bool ok;

    if ((c->options->line.given & OPTION_RAW) != 0) {
        if (c->terminal->is_terminal)
            return err_set(e, ERR_INPUT,
                           "the bytes are not fit for a terminal: add > FILE or | zcat");
        buf_init(&bytes, 0);
        ok = show_raw_bytes(c, &bytes, e) &&
             view_write(c->view, bytes.bytes, bytes.len, e);
        buf_clear(&bytes);
        return ok;
    }
    if (c->options->format != VIEW_TABLE)
        return show(c, NULL, e) && view_end(c->view, e);
    prose_init(&prose, c->terminal, stdout);
    ok = show_in_words(c, &prose, e);
    prose_clear(&prose);
    return ok;
}

const struct command cmd_show = {
    .name = "show",
    .line = "One report in full: what it says, how far it is believed, and why",
    .args = "ID",
    .examples = "  tlsrpt show 20261101-3fa9\n"
                "  tlsrpt show 20261101-3fa9 --raw | zcat | jq .\n"
                "  tlsrpt show 20261101-3fa9 --format json\n",
    .notes =
        "The ids are those of `tlsrpt reports`; the beginning is enough where it is\n"
        "the only one. What is quarantined or ignored is shown as it begins. A report\n"
        "that came in several tiers is shown once for each, the best first: --trust\n"
        "picks one.\n",
    .options = OPTIONS_COMMON | OPTION_TRUST | OPTION_RAW,
    .run = show_run,
};
