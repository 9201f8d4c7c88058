#include "schema/store/store_step.h"

#include "schema_sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Readers hold what a step locks only for their question: give up and let the next run do
 * it. */
static const char begin[] = "BEGIN; SET LOCAL lock_timeout = '10s'";

void
step_say(const struct maintenance *m, const char *fmt, ...)
{
    char line[160];
    va_list args;

    if (m->say == NULL)
        return;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    m->say(m->ctx, line);
}

static bool
take_lock(struct maintenance *m, struct err *e)
{
    struct pg_rows *rows = NULL;
    bool ok =
        pg_script(m->pg, begin, NULL, 0, e) &&
        pg_query(m->pg, &(struct pg_statement){query_maintain_lock, NULL, 0, {1, 1, 1}},
                 &rows, e);

    m->busy = m->busy || (ok && strcmp(pg_value(rows, 0, 0), "t") != 0);
    pg_rows_free(rows);
    return ok;
}

bool
step_run(struct maintenance *m, const struct step *step, int64_t *n, struct err *e)
{
    struct pg_param params[STEP_PARAMS];
    struct pg_rows *rows = NULL;
    bool ok = take_lock(m, e);

    *n = 0;
    for (size_t i = 0; i < step->param_count; i++)
        params[i] = (struct pg_param){.value = step->params[i]};
    if (ok && !m->busy) {
        ok = pg_query(m->pg,
                      &(struct pg_statement){
                          step->sql, params, step->param_count, {step->columns, 1, 1}},
                      &rows, e);
        if (ok)
            *n = strtoll(pg_value(rows, 0, 0), NULL, 10);
        pg_rows_free(rows);
    }
    ok = ok && pg_commit(m->pg, e);
    pg_rollback(m->pg);
    return ok;
}
