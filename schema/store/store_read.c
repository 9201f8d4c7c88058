/* Reading: one transaction, one state of the database, one instant for all of an answer.
 */
#include "base/when.h"
#include "schema/store/store_conn.h"

#include "schema_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_PARAMS = 32
};

/* The role may have no settings of its own (--db alone), so they are made here; all of
 * them end with the transaction. */
static const char begin[] =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    "SET LOCAL search_path = tlsrpt, pg_catalog;"
    "SET LOCAL timezone = 'UTC';"
    "SET LOCAL datestyle = 'ISO, YMD';"
    "SET LOCAL bytea_output = 'hex';"
    "SET LOCAL jit = off;" /* dozens of partitions compile for seconds */
    "SET LOCAL extra_float_digits = 1";

/* Before the snapshot: a month that is being summed up is seen whole, or its sums are. */
static const char lock[] = "LOCK TABLE ONLY daily_policy IN ACCESS SHARE MODE";

static bool
take_snapshot(struct store *s, int64_t as_of, struct err *e)
{
    char seconds[24], day[WHEN_DAY_SIZE];
    struct pg_param param = {.value = as_of == INT64_MAX ? NULL : seconds};
    struct pg_rows *rows = NULL;
    const char *before, *arrived;

    snprintf(seconds, sizeof seconds, "%" PRId64, as_of);
    if (!pg_query(s->pg, &(struct pg_statement){query_snapshot, &param, 1, {3, 1, 1}},
                  &rows, e))
        return false;
    before = pg_value(rows, 0, 1);
    arrived = pg_value(rows, 0, 2);
    s->pruned.day = before == NULL ? INT32_MIN : (int32_t)strtol(before, NULL, 10);
    s->pruned.arrived = arrived == NULL ? INT64_MIN : strtoll(arrived, NULL, 10);
    pg_rows_free(rows);
    return before == NULL || as_of >= (int64_t)s->pruned.day * WHEN_DAY_S ||
           err_set(e, ERR_INPUT,
                   "nothing can be said as of so long ago: reports of the days before "
                   "%s were summed up and dropped",
                   when_print_day(s->pruned.day, day));
}

struct store_pruned
store_pruned(const struct store *s)
{
    return s->pruned;
}

bool
store_snapshot(struct store *s, int64_t as_of, struct err *e)
{
    if (!store_connect(s, e))
        return false;
    pg_rollback(s->pg);
    /* Who reads the quarantine again may read little else, and needs no figures. */
    s->snapshot = pg_script(s->pg, begin, NULL, 0, e) &&
                  (s->role == STORE_REPARSE || pg_script(s->pg, lock, NULL, 0, e)) &&
                  take_snapshot(s, as_of, e);
    return s->snapshot;
}

void
store_end(struct store *s)
{
    if (s->pg != NULL)
        pg_rollback(s->pg);
    s->snapshot = false;
}

/* NOLINTBEGIN(readability-function-size): each of the eight is needed */
bool
store_query(struct store *s, const char *sql, const char *const params[],
            size_t param_count, size_t columns, store_row_fn *row, void *ctx,
            struct err *e)
{
    struct pg_param values[MAX_PARAMS] = {0};

    if (!s->snapshot || param_count > MAX_PARAMS)
        return err_set(e, ERR_BUG,
                       "a query without a snapshot or with too many parameters");
    for (size_t i = 0; i < param_count; i++)
        values[i].value = params[i];
    return pg_stream(
        s->pg, &(struct pg_statement){sql, values, param_count, {columns, 0, SIZE_MAX}},
        row, ctx, e);
}
/* NOLINTEND(readability-function-size) */

bool
store_judge(struct store *s, const char *sql, const char *const params[],
            size_t param_count, store_row_fn *row, void *ctx, struct err *e)
{
    struct pg_param values[MAX_PARAMS] = {0};

    if (!store_connect(s, e))
        return false;
    pg_rollback(s->pg);
    s->snapshot = false;
    for (size_t i = 0; i < param_count && i < MAX_PARAMS; i++)
        values[i].value = params[i];
    return pg_stream(s->pg,
                     &(struct pg_statement){sql, values, param_count, {4, 0, SIZE_MAX}},
                     row, ctx, e);
}

bool
store_durability(struct store *s, store_row_fn *row, void *ctx, struct err *e)
{
    return store_judge(s, query_durability, NULL, 0, row, ctx, e);
}
