/* How far each mailbox was fetched, and whether it can be: see the table "mailbox". */
#include "schema/store/store_conn.h"

#include "schema_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One statement in a transaction of its own. */
static bool
run(struct store *s, const struct pg_statement *q, struct pg_rows **rows, struct err *e)
{
    bool ok = store_connect(s, e) && pg_script(s->pg, "BEGIN", NULL, 0, e) &&
              pg_query(s->pg, q, rows, e) && pg_commit(s->pg, e);

    if (!ok && s->pg != NULL)
        pg_rollback(s->pg);
    return ok;
}

bool
store_mailbox_get(struct store *s, const char *place, struct store_mailbox *out,
                  struct err *e)
{
    const struct pg_param param = {.value = place};
    struct pg_rows *rows = NULL;

    *out = (struct store_mailbox){0};
    if (!run(s, &(struct pg_statement){query_mailbox_get, &param, 1, {3, 1, 1}}, &rows,
             e)) {
        pg_rows_free(rows);
        return false;
    }
    if (pg_value(rows, 0, 0) != NULL) {
        out->uidvalidity = strtoll(pg_value(rows, 0, 0), NULL, 10);
        out->uid_done = strtoll(pg_value(rows, 0, 1), NULL, 10);
        (void)snprintf(out->again, sizeof out->again, "%s", pg_value(rows, 0, 2));
    }
    pg_rows_free(rows);
    return true;
}

bool
store_mailbox_put(struct store *s, const char *place, const struct store_mailbox *m,
                  struct err *e)
{
    char validity[24], done[24];
    const struct pg_param params[] = {
        {.value = place}, {.value = validity}, {.value = done}, {.value = m->again}};

    (void)snprintf(validity, sizeof validity, "%" PRId64, m->uidvalidity);
    (void)snprintf(done, sizeof done, "%" PRId64, m->uid_done);
    return run(s, &(struct pg_statement){query_mailbox_put, params, 4, {1, 1, 1}}, NULL,
               e);
}

bool
store_mailbox_tell(struct store *s, const char *place, const char *name,
                   const char *fault, struct err *e)
{
    const struct pg_param params[] = {
        {.value = place}, {.value = name}, {.value = fault}};

    return run(s, &(struct pg_statement){query_mailbox_tell, params, 3, {1, 1, 1}}, NULL,
               e);
}
