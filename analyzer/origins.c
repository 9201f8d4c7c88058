#include "analyzer/origins.h"

#include "base/count.h"
#include "base/rows.h"
#include "schema/report/sender.h"
#include "schema_sql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct column columns[] = {
    {"sender", "SENDER", COLUMN_TEXT, 0, COLOUR_NONE},
    {"hosts", "HOSTS", COLUMN_TEXT, 0, COLOUR_NONE},
    {"reports", "REPORTS", COLUMN_COUNT, 0, COLOUR_NONE},
    {"matched", "MATCHED", COLUMN_COUNT, 0, COLOUR_NONE},
    {"differed", "DIFFERED", COLUMN_COUNT, 0, COLOUR_FAILURES},
    {"first_day", "FIRST DAY", COLUMN_DAY, 2, COLOUR_NONE},
    {"last_day", "LAST DAY", COLUMN_DAY, 1, COLOUR_NONE},
    {"line", "TLSRPT.CONF", COLUMN_TEXT, -1, COLOUR_NONE},
};

const char *
origins_pattern(struct arena *a, const char *host)
{
    const char *registered = sender_registered(a, host), *below = strchr(host, '.');

    if (registered == NULL || below == NULL || strcmp(registered, host) == 0)
        return registered == NULL ? NULL : host;
    return arena_printf(a, "*%s", below);
}

static bool
add_origin(void *ctx, const char *const v[], size_t n, struct err *e)
{
    struct origins *all = ctx;
    struct origin *grown = rows_grow(all->rows, all->count, sizeof *grown, e), *to;
    struct origin one = {.sender = arena_strdup(all->arena, v[0]),
                         .hosts = arena_strdup(all->arena, v[1]),
                         .first_day = arena_strdup(all->arena, v[5]),
                         .last_day = arena_strdup(all->arena, v[6]),
                         .reports = strtoll(v[2], NULL, 10),
                         .matched = strtoll(v[3], NULL, 10),
                         .differed = strtoll(v[4], NULL, 10)};

    (void)n;
    if (grown == NULL)
        return false;
    all->rows = grown;
    if (one.hosts != NULL)
        one.hosts = origins_pattern(all->arena, one.hosts);
    if (one.sender == NULL || one.hosts == NULL || one.first_day == NULL ||
        one.last_day == NULL)
        return err_nomem(e);
    for (to = grown + all->count; to > grown && strcmp(to[-1].sender, one.sender) == 0;) {
        if (strcmp((--to)->hosts, one.hosts) != 0)
            continue;
        to->reports += one.reports;
        to->matched += one.matched;
        to->differed += one.differed;
        if (strcmp(one.first_day, to->first_day) < 0)
            to->first_day = one.first_day;
        if (strcmp(one.last_day, to->last_day) > 0)
            to->last_day = one.last_day;
        return true;
    }
    grown[all->count++] = one;
    return true;
}

bool
origins_find(struct context *c, const char *const params[], struct origins *out,
             struct err *e)
{
    *out = (struct origins){&c->options->arena, NULL, 0};
    return store_query(c->store, query_origins, params, OPTIONS_FIGURE_PARAMS, 7,
                       add_origin, out, e);
}

void
origins_clear(struct origins *o)
{
    free(o->rows);
    *o = (struct origins){0};
}

bool
origin_is_borne_out(const struct origin *o)
{
    return o->matched >= ORIGINS_ENOUGH && o->differed == 0 &&
           sender_has_owner(o->sender);
}

static bool
show_origin(struct view *v, const struct origin *o, struct err *e)
{
    const char *cells[] = {
        o->sender,
        o->hosts,
        view_text(v, "%" PRId64, o->reports),
        view_text(v, "%" PRId64, o->matched),
        view_text(v, "%" PRId64, o->differed),
        o->first_day,
        o->last_day,
        origin_is_borne_out(o) ? view_text(v, "https_sender \"%s\" { hosts = {\"%s\"} }",
                                           o->sender, o->hosts)
                               : NULL,
    };

    return view_row(v, cells, e);
}

bool
origins_show(struct context *c, struct err *e)
{
    const char *params[OPTIONS_PARAMS];
    struct origins all = {0};
    bool ok = options_params(c->options, params, e) && origins_find(c, params, &all, e) &&
              view_begin(c->view, columns, COUNT_OF(columns), e);

    for (size_t i = 0; ok && i < all.count; i++)
        ok = show_origin(c->view, &all.rows[i], e);
    ok = ok && view_end(c->view, e);
    if (ok && all.count == 0)
        command_say_empty(c, "no report was posted from a host that DNS confirms and no "
                             "https_sender line names");
    origins_clear(&all);
    return ok;
}
