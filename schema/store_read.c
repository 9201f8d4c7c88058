/* Reading: one transaction, one state of the database, one instant for all of an answer.
 */
#include "schema/store_conn.h"

#include "schema_sql.h"

#include <inttypes.h>
#include <stdio.h>

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

bool
store_snapshot(struct store *s, int64_t as_of, struct err *e)
{
    char seconds[24];
    struct pg_param param = {.value = as_of == INT64_MAX ? NULL : seconds};

    snprintf(seconds, sizeof seconds, "%" PRId64, as_of);
    if (!store_connect(s, e))
        return false;
    pg_rollback(s->pg);
    s->snapshot =
        pg_script(s->pg, begin, NULL, 0, e) &&
        pg_query(s->pg, &(struct pg_statement){query_snapshot, &param, 1, {1, 1, 1}},
                 NULL, e);
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
store_durability(struct store *s, store_row_fn *row, void *ctx, struct err *e)
{
    return store_snapshot(s, INT64_MAX, e) &&
           store_query(s, query_durability, NULL, 0, 4, row, ctx, e);
}
