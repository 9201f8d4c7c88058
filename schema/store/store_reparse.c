/* What a later version has understood leaves the quarantine's list, not its table: rows
 * are only ever added. */
#include "schema/store/store_conn.h"

#include "schema_sql.h"

bool
store_note_reparsed(struct store *s, const char *arrival_day, const char *body_hash,
                    struct err *e)
{
    const struct pg_param params[] = {{.value = arrival_day}, {.value = body_hash}};

    return store_connect(s, e) &&
           pg_query(s->pg,
                    &(struct pg_statement){query_reparse_note, params, 2, {0, 0, 0}},
                    NULL, e);
}
