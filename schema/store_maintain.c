/* What has to be done now and then by the owner. Each step is a transaction of its own,
 * so that the locks of one do not wait for another. */
#include "schema/store_conn.h"

#include "schema_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Readers hold what a step locks only for their question: give up and let the next run do
 * it. */
static const char begin[] = "BEGIN; SET LOCAL lock_timeout = '10s'";

enum {
    MAX_NUMBERS = 2
};

struct step {
    const char *sql;
    int64_t numbers[MAX_NUMBERS]; /* of a limit, 0 in the first is none */
    size_t number_count, columns;
};

struct maintenance {
    struct pg *pg;
    store_say_fn *say;
    void *ctx;
    bool busy; /* another one is at it */
};

static void
say(const struct maintenance *m, const char *line)
{
    if (m->say != NULL)
        m->say(m->ctx, line);
}

/* One statement with numbers as parameters; its first column, a number too, goes to *n.
 */
static bool
run_step(struct maintenance *m, const struct step *step, int64_t *n, struct err *e)
{
    char texts[MAX_NUMBERS][24];
    struct pg_param params[MAX_NUMBERS];
    struct pg_rows *rows = NULL;
    bool ok;

    *n = 0;
    for (size_t i = 0; i < step->number_count; i++) {
        snprintf(texts[i], sizeof texts[i], "%" PRId64, step->numbers[i]);
        params[i] = (struct pg_param){.value = texts[i]};
    }
    ok = pg_script(m->pg, begin, NULL, 0, e) &&
         pg_query(m->pg, &(struct pg_statement){query_maintain_lock, NULL, 0, {1, 1, 1}},
                  &rows, e);
    if (ok && strcmp(pg_value(rows, 0, 0), "t") != 0)
        m->busy = true;
    pg_rows_free(rows);
    rows = NULL;
    if (ok && !m->busy) {
        ok = pg_query(m->pg,
                      &(struct pg_statement){
                          step->sql, params, step->number_count, {step->columns, 1, 1}},
                      &rows, e);
        if (ok)
            *n = strtoll(pg_value(rows, 0, 0), NULL, 10);
        pg_rows_free(rows);
    }
    ok = ok && pg_commit(m->pg, e);
    pg_rollback(m->pg);
    return ok;
}

static bool
evict(struct maintenance *m, const struct step *step, const char *why, struct err *e)
{
    char line[120];
    int64_t n;

    if (step->numbers[0] == 0 || m->busy)
        return true;
    if (!run_step(m, step, &n, e))
        return err_prefix(e, "quarantine limit of %s", why);
    if (n > 0) {
        snprintf(line, sizeof line,
                 "%" PRId64 " dropped from the quarantine: limit of %s", n, why);
        say(m, line);
    }
    return true;
}

/* Autovacuum never looks at a partitioned table as a whole. */
static bool
analyze(struct maintenance *m, struct err *e)
{
    struct pg_rows *rows = NULL;
    bool ok;

    if (m->busy)
        return true;
    ok = pg_query(m->pg,
                  &(struct pg_statement){query_maintain_analyze_due, NULL, 0, {1, 1, 1}},
                  &rows, e);
    if (ok && pg_value(rows, 0, 0)[0] != '\0')
        ok = pg_script(m->pg, pg_value(rows, 0, 0), NULL, 0, e);
    pg_rows_free(rows);
    return ok;
}

bool
store_maintain(const char *owner_uri, const struct store_limits *limits,
               store_say_fn *say_line, void *ctx, struct err *e)
{
    const struct step months = {query_maintain_months, {0}, 1, 2},
                      age = {query_maintain_evict_age, {limits->quarantine_days}, 1, 1},
                      bytes = {query_maintain_evict_bytes,
                               {limits->quarantine_bytes,
                                limits->quarantine_source_bytes},
                               2,
                               1},
                      fold = {query_fold_totals,
                              {limits->metric_domains, limits->metric_senders},
                              2,
                              1},
                      done = {query_maintain_done, {0}, 0, 1};
    struct maintenance m = {.say = say_line, .ctx = ctx};
    struct store *s;
    int64_t ignored;
    bool ok;

    if (!store_open(owner_uri, STORE_OWNER, &s, e))
        return false;
    m.pg = s->pg;
    ok = run_step(&m, &months, &ignored, e) && evict(&m, &age, "age", e) &&
         evict(&m, &bytes, "bytes", e) && analyze(&m, e) &&
         (m.busy ||
          (run_step(&m, &fold, &ignored, e) && run_step(&m, &done, &ignored, e)));
    if (ok && m.busy)
        say(&m, "another one is maintaining this database: nothing to do");
    store_close(s);
    return ok;
}
