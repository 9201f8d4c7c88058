/* Whole months go, the oldest first; 0003_retention.sql says how, and why nothing is lost
 * or seen twice meanwhile. */
#include "schema/store/store_step.h"

#include "schema_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The columns of prune_months.sql. */
enum {
    OLD_WHAT,
    OLD_MONTH,
    OLD_BYTES,
    OLD_REPORTS,
    OLD_COLUMNS
};

enum {
    KIND_RAW,
    KIND_REPORTS,
    KINDS
};

static const struct {
    const char *what, *sql, *done;
} kinds[KINDS] = {
    [KIND_RAW] = {"raw", query_prune_raw, "dropped: only the bytes as they came"},
    [KIND_REPORTS] = {"reports", query_prune_reports, "summed up and dropped"},
};

static size_t
kind_of(const struct pg_rows *old, size_t row)
{
    return strcmp(pg_value(old, row, OLD_WHAT), kinds[KIND_RAW].what) == 0 ? KIND_RAW
                                                                           : KIND_REPORTS;
}

/* Says which months are over, in a transaction of its own. A collector that looked up its
 * batch before it could know begins to write at once: let it, for it would wait for the
 * drop with its hands on what is dropped. */
static bool
begin(struct maintenance *m, const struct pg_rows *old, struct err *e)
{
    struct step step = {query_prune_begin, {NULL}, 1, 1};
    int64_t n;

    for (size_t row = 0; row < pg_row_count(old); row++)
        if (kind_of(old, row) == KIND_REPORTS)
            step.params[0] = pg_value(old, row, OLD_MONTH);
    if (step.params[0] == NULL)
        return true;
    if (!step_run(m, &step, &n, e))
        return false;
    (void)nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    return true;
}

/* One row of prune_months.sql. An empty month is dropped without a word. */
static bool
prune_month(struct maintenance *m, const struct pg_rows *old, size_t row, bool dry_run,
            struct err *e)
{
    const char *month = pg_value(old, row, OLD_MONTH);
    int64_t n = strtoll(pg_value(old, row, OLD_REPORTS), NULL, 10);
    double mib = strtod(pg_value(old, row, OLD_BYTES), NULL) / (1 << 20);
    size_t kind = kind_of(old, row);
    const struct step step = {kinds[kind].sql, {month}, 1, 1};

    if (!dry_run && !step_run(m, &step, &n, e))
        return err_prefix(e, "%.7s", month);
    if (!m->busy && n > 0)
        step_say(m, "%.7s: %" PRId64 " reports, %.1f MiB, %s%s", month, n, mib,
                 dry_run ? "would be " : "", kinds[kind].done);
    return true;
}

bool
prune_run(struct maintenance *m, const struct store_limits *limits, bool dry_run,
          struct err *e)
{
    char days[2][24];
    const struct pg_param params[] = {{.value = days[0]}, {.value = days[1]}};
    struct pg_rows *old = NULL;
    int64_t kept = 0;
    bool ok;

    if (limits->report_days != 0 && limits->report_days < STORE_LEAST_REPORT_DAYS)
        return err_set(e, ERR_CONFIG,
                       "reports must be kept for %d days at least, not %" PRId64
                       ": findings look back as far",
                       STORE_LEAST_REPORT_DAYS, limits->report_days);
    if ((limits->raw_days == 0 && limits->report_days == 0) || m->busy)
        return true;
    (void)snprintf(days[0], sizeof days[0], "%" PRId64, limits->raw_days);
    (void)snprintf(days[1], sizeof days[1], "%" PRId64, limits->report_days);
    ok = pg_query(m->pg,
                  &(struct pg_statement){
                      query_prune_months, params, 2, {OLD_COLUMNS, 0, SIZE_MAX}},
                  &old, e) &&
         (dry_run || begin(m, old, e));
    for (size_t i = 0; ok && !m->busy && i < pg_row_count(old); i++) {
        ok = prune_month(m, old, i, dry_run, e);
        kept += strtoll(pg_value(old, i, OLD_REPORTS), NULL, 10);
    }
    if (ok && dry_run && kept == 0)
        step_say(m, "no month with reports is old enough to go");
    pg_rows_free(old);
    return ok;
}

bool
store_prune(const char *owner_uri, const struct store_limits *limits, bool dry_run,
            store_say_fn *say, void *ctx, struct err *e)
{
    struct maintenance m = {.say = say, .ctx = ctx};
    struct store *s;
    bool ok;

    if (!store_open(owner_uri, STORE_OWNER, &s, e))
        return false;
    m.pg = s->pg;
    ok = prune_run(&m, limits, dry_run, e);
    if (ok && m.busy)
        ok = err_set(e, ERR_AGAIN, "another one is maintaining this database");
    store_close(s);
    return ok;
}
