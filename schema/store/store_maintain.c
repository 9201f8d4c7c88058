/* The owner's work, now and then, step by step: each is a transaction of its own, under
 * the lock that keeps two hosts from maintaining one database at once. Whole months go,
 * the oldest first; 0003_retention.sql says how, and why nothing is lost or seen twice
 * meanwhile. */
#include "schema/store/store_conn.h"

#include "schema_sql.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct maintenance {
    struct pg *pg;
    store_say_fn *say;
    void *ctx;
    bool busy; /* another one is at it: the steps do nothing */
};

enum {
    STEP_PARAMS = 3
};

struct step {
    const char *sql; /* its first column, a number, is the result */
    const char *params[STEP_PARAMS];
    size_t param_count, columns;
};

/* Readers hold what a step locks only for their question: give up and let the next run do
 * it. */
static const char begin_step[] = "BEGIN; SET LOCAL lock_timeout = '10s'";

static void PRINTF_LIKE(2, 3) say_step(const struct maintenance *m, const char *fmt, ...)
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
        pg_script(m->pg, begin_step, NULL, 0, e) &&
        pg_query(m->pg, &(struct pg_statement){query_maintain_lock, NULL, 0, {1, 1, 1}},
                 &rows, e);

    m->busy = m->busy || (ok && strcmp(pg_value(rows, 0, 0), "t") != 0);
    pg_rows_free(rows);
    return ok;
}

/* Sets *n, to 0 when another one is at it. */
static bool
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

/* ---- months that have had their time ---- */

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
begin_prune(struct maintenance *m, const struct pg_rows *old, struct err *e)
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
        say_step(m, "%.7s: %" PRId64 " reports, %.1f MiB, %s%s", month, n, mib,
                 dry_run ? "would be " : "", kinds[kind].done);
    return true;
}

static bool
prune_run(struct maintenance *m, const struct store_limits *limits, bool dry_run,
          struct err *e)
{
    char days[2][24];
    const struct pg_param params[] = {{.value = days[0]}, {.value = days[1]}};
    struct pg_rows *old = NULL;
    int64_t kept = 0;
    bool ok;

    if (limits->report_days != 0 && limits->report_days < REPORT_LEAST_KEPT_DAYS)
        return err_set(e, ERR_CONFIG,
                       "reports must be kept for %d days at least, not %" PRId64
                       ": findings look back as far",
                       REPORT_LEAST_KEPT_DAYS, limits->report_days);
    if ((limits->raw_days == 0 && limits->report_days == 0) || m->busy)
        return true;
    (void)snprintf(days[0], sizeof days[0], "%" PRId64, limits->raw_days);
    (void)snprintf(days[1], sizeof days[1], "%" PRId64, limits->report_days);
    ok = pg_query(m->pg,
                  &(struct pg_statement){
                      query_prune_months, params, 2, {OLD_COLUMNS, 0, SIZE_MAX}},
                  &old, e) &&
         (dry_run || begin_prune(m, old, e));
    for (size_t i = 0; ok && !m->busy && i < pg_row_count(old); i++) {
        ok = prune_month(m, old, i, dry_run, e);
        kept += strtoll(pg_value(old, i, OLD_REPORTS), NULL, 10);
    }
    if (ok && dry_run && kept == 0)
        say_step(m, "no month with reports is old enough to go");
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

/* ---- what runs from a timer ---- */

static bool
evict(struct maintenance *m, const char *sql, const int64_t limits[], size_t limit_count,
      const char *why, struct err *e)
{
    char texts[STEP_PARAMS][24];
    struct step step = {sql, {NULL}, limit_count, 1};
    int64_t n;

    if ((limits[0] == 0 && sql != query_maintain_claims) || m->busy)
        return true;
    for (size_t i = 0; i < limit_count; i++) {
        snprintf(texts[i], sizeof texts[i], "%" PRId64, limits[i]);
        step.params[i] = texts[i];
    }
    if (!step_run(m, &step, &n, e))
        return err_prefix(e, "%s", why);
    if (n > 0)
        say_step(m, "%" PRId64 " dropped from the %s", n, why);
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
                  bytes[] = {limits->quarantine_bytes, limits->quarantine_source_bytes},
                  claims[] = {limits->claim_bytes, limits->claim_source_bytes,
                              limits->claim_days};
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
         evict(&m, query_maintain_evict_age, age, 1, "quarantine: limit of age", e) &&
         evict(&m, query_maintain_evict_bytes, bytes, 2, "quarantine: limit of bytes",
               e) &&
         evict(&m, query_maintain_claims, claims, 3, "unverified reports: limits", e) &&
         analyze(&m, e) &&
         (m.busy ||
          (step_run(&m, &fold, &ignored, e) && step_run(&m, &done, &ignored, e))) &&
         prune_run(&m, limits, false, e);
    if (ok && m.busy)
        say_step(&m, "another one is maintaining this database: nothing to do");
    store_close(s);
    return ok;
}

/* ---- what strangers left ---- */

bool
store_forget(const char *owner_uri, const struct store_forget *which, store_say_fn *say,
             void *ctx, struct err *e)
{
    char since[24];
    const struct pg_param params[] = {{.value = which->peer},
                                      {.value = which->sender},
                                      {.value = which->domain},
                                      {.value = which->since == 0 ? NULL : since},
                                      {.value = which->dry_run ? "f" : "t"}};
    struct maintenance m = {.say = say, .ctx = ctx};
    struct pg_rows *rows = NULL;
    struct store *s;
    bool ok;

    if (!store_open(owner_uri, STORE_OWNER, &s, e))
        return false;
    (void)snprintf(since, sizeof since, "%" PRId64, which->since);
    ok = pg_script(s->pg, "BEGIN", NULL, 0, e) &&
         pg_query(s->pg, &(struct pg_statement){query_forget, params, 5, {2, 1, 1}},
                  &rows, e) &&
         pg_commit(s->pg, e);
    if (ok)
        say_step(&m, "%s unverified reports, %.1f MiB, %sremoved", pg_value(rows, 0, 0),
                 strtod(pg_value(rows, 0, 1), NULL) / (1 << 20),
                 which->dry_run ? "would be " : "");
    pg_rows_free(rows);
    store_close(s);
    return ok;
}

/* ---- archives ---- */

static const struct pg_patience patience = {.connect_s = 10, .exchange_s = 60};

bool
store_make_month(const char *owner_uri, int32_t day, struct err *e)
{
    char number[16];
    const struct pg_param param = {.value = number};
    struct pg *pg = NULL;
    bool ok;

    (void)snprintf(number, sizeof number, "%" PRId32, day);
    ok = pg_open(owner_uri, patience, true, &pg, e) &&
         pg_query(pg, &(struct pg_statement){query_make_month, &param, 1, {1, 1, 1}},
                  NULL, e);
    pg_close(pg);
    return ok;
}
