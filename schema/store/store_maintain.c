/* What has to be done now and then by the owner. */
#include "schema/store/store_step.h"

#include "schema_sql.h"

#include <inttypes.h>
#include <stdio.h>

static bool
evict(struct maintenance *m, const char *sql, const int64_t limits[], size_t limit_count,
      const char *why, struct err *e)
{
    char texts[STEP_PARAMS][24];
    struct step step = {sql, {NULL}, limit_count, 1};
    int64_t n;

    if (limits[0] == 0 || m->busy)
        return true;
    for (size_t i = 0; i < limit_count; i++) {
        snprintf(texts[i], sizeof texts[i], "%" PRId64, limits[i]);
        step.params[i] = texts[i];
    }
    if (!step_run(m, &step, &n, e))
        return err_prefix(e, "quarantine limit of %s", why);
    if (n > 0)
        step_say(m, "%" PRId64 " dropped from the quarantine: limit of %s", n, why);
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
    const int64_t age[] = {limits->quarantine_days},
                  bytes[] = {limits->quarantine_bytes, limits->quarantine_source_bytes};
    static const struct step months = {query_maintain_months, {"0"}, 1, 2},
                             done = {query_maintain_done, {NULL}, 0, 1};
    char domains[24], senders[24];
    const struct step fold = {query_fold_totals, {domains, senders}, 2, 1};
    struct maintenance m = {.say = say_line, .ctx = ctx};
    struct store *s;
    int64_t ignored;
    bool ok;

    if (!store_open(owner_uri, STORE_OWNER, &s, e))
        return false;
    m.pg = s->pg;
    (void)snprintf(domains, sizeof domains, "%" PRId64, limits->metric_domains);
    (void)snprintf(senders, sizeof senders, "%" PRId64, limits->metric_senders);
    ok = step_run(&m, &months, &ignored, e) &&
         evict(&m, query_maintain_evict_age, age, 1, "age", e) &&
         evict(&m, query_maintain_evict_bytes, bytes, 2, "bytes", e) && analyze(&m, e) &&
         (m.busy ||
          (step_run(&m, &fold, &ignored, e) && step_run(&m, &done, &ignored, e))) &&
         prune_run(&m, limits, false, e);
    if (ok && m.busy)
        step_say(&m, "another one is maintaining this database: nothing to do");
    store_close(s);
    return ok;
}
