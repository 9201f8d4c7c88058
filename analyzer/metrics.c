/* Families are a table; their rows come from one query, numbered as they stand here. */
#include "analyzer/metrics.h"

#include "base/count.h"
#include "schema_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_LABELS = 5,
    QUERY_LABELS = 3,
    QUERY_COLUMNS = 5,
    MAX_BOUNDS = 32,
};

struct family {
    enum ometric_type type;
    const char *name, *unit, *help;
    const char *labels[MAX_LABELS];
};

enum {
    FAMILY_LAG = 6
};

#define FAMILY(type_, name_, unit_, help_, ...)                                          \
    {                                                                                    \
        OMETRIC_##type_, (name_), (unit_), (help_),                                      \
        {                                                                                \
            __VA_ARGS__                                                                  \
        }                                                                                \
    }

/* As metrics.sql numbers them. */
static const struct family families[] = {
    FAMILY(COUNTER, "tlsrpt_sessions", NULL,
           "Sessions that reports count, of the leading policy type of each.",
           "policy_domain", "result", "trust"),
    FAMILY(COUNTER, "tlsrpt_failures", NULL,
           "Failed sessions that verified, operator and confirmed reports describe.",
           "policy_domain", "result_type"),
    FAMILY(COUNTER, "tlsrpt_reports", NULL, "Reports by what became of them.",
           "transport", "trust", "outcome"),
    FAMILY(GAUGE, "tlsrpt_last_complete_day_timestamp_seconds", "seconds",
           "Start of the latest UTC day whose reports had a whole day to come in.", NULL),
    FAMILY(GAUGE, "tlsrpt_last_complete_day_sessions", NULL, "Sessions of that day.",
           "policy_domain", "result", "trust"),
    FAMILY(GAUGE, "tlsrpt_last_report_timestamp_seconds", "seconds",
           "When the latest believed report of a sender came.", "sender"),
    [FAMILY_LAG] = FAMILY(HISTOGRAM, "tlsrpt_report_lag_seconds", "seconds",
                          "From the end of a report's window to its arrival.", NULL),
    FAMILY(GAUGE, "tlsrpt_quarantine_reports", NULL,
           "Inputs kept that could not be understood, or may not be believed.", "status"),
    FAMILY(GAUGE, "tlsrpt_quarantine_size_bytes", "bytes", "Bytes of these inputs.",
           "status"),
    FAMILY(GAUGE, "tlsrpt_maintenance_timestamp_seconds", "seconds",
           "When the database was last maintained.", NULL),
    FAMILY(GAUGE, "tlsrpt_totals_timestamp_seconds", "seconds",
           "When the running totals last took in what had come.", NULL),
    FAMILY(GAUGE, "tlsrpt_totals_waiting_reports", NULL,
           "Reports that the running totals have not taken in.", NULL),
};

/* What the program knows itself. */
enum own {
    FINDING_OPEN,
    FINDING_WORST,
    FINDINGS_MUTED,
    FINDINGS_AT,
    DATABASE_UP,
    BUILD
};

static const struct family own_families[] = {
    [FINDING_OPEN] =
        FAMILY(GAUGE, "tlsrpt_finding_open", NULL, "Open findings that are not muted.",
               "kind", "verdict", "severity"),
    [FINDING_WORST] =
        FAMILY(INFO, "tlsrpt_finding", NULL, "The worst of the open findings.", "id",
               "kind", "verdict", "severity", "url"),
    [FINDINGS_MUTED] = FAMILY(GAUGE, "tlsrpt_findings_muted", NULL,
                              "Open findings that are muted.", NULL),
    [FINDINGS_AT] = FAMILY(GAUGE, "tlsrpt_findings_timestamp_seconds", "seconds",
                           "When the reports were last analysed.", NULL),
    [DATABASE_UP] =
        FAMILY(GAUGE, "tlsrpt_database_up", NULL, "Can the database be read?", NULL),
    [BUILD] = FAMILY(INFO, "tlsrpt_build", NULL, "The program that tells this.",
                     "program", "version"),
};

static const char *const no_labels[MAX_LABELS];

static void
begin(struct ometric *m, const struct family *f)
{
    ometric_family(m, f->type, f->name, f->unit, f->help);
}

static void
sample(struct ometric *m, const struct family *f, const char *const values[],
       const char *value)
{
    struct ometric_label labels[MAX_LABELS];
    size_t n = 0;

    for (; n < MAX_LABELS && f->labels[n] != NULL; n++)
        labels[n] = (struct ometric_label){f->labels[n], values[n] ? values[n] : ""};
    if (strchr(value, '.') != NULL)
        ometric_number(m, labels, n, strtod(value, NULL));
    else
        ometric_integer(m, labels, n, strtoll(value, NULL, 10)); /* or the largest */
}

static void
single(struct ometric *m, const struct family *f, const char *const values[],
       int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    begin(m, f);
    sample(m, f, values, text);
}

/* ---- what is stored --------------------------------------------------------------- */

struct rows {
    struct ometric *m;
    size_t family; /* the one begun; SIZE_MAX: none */
    double bounds[MAX_BOUNDS], sum;
    int64_t cumulative[MAX_BOUNDS], count;
    size_t bound_count;
};

static void
end_family(struct rows *r)
{
    if (r->family != FAMILY_LAG)
        return;
    ometric_histogram(r->m, NULL, 0,
                      &(struct ometric_histogram){
                          .bounds = r->bounds,
                          .cumulative = r->cumulative,
                          .bound_count = r->bound_count - 1,
                          .count = r->count,
                          .sum = r->sum,
                      });
}

static bool
take_row(void *ctx, const char *const v[], size_t n, struct err *e)
{
    struct rows *r = ctx;
    size_t family = strtoul(v[0], NULL, 10);

    (void)n;
    if (family >= COUNT_OF(families))
        return err_set(e, ERR_BUG, "metrics.sql has a family too many");
    if (family != r->family) {
        end_family(r);
        begin(r->m, &families[family]);
        r->family = family;
    }
    if (family == FAMILY_LAG && r->bound_count < MAX_BOUNDS) {
        /* buckets come in order, that of infinity last */
        r->count += strtoll(v[4], NULL, 10);
        r->sum += strtod(v[2], NULL);
        r->bounds[r->bound_count] = strtod(v[1], NULL);
        r->cumulative[r->bound_count++] = r->count;
    } else if (family != FAMILY_LAG)
        sample(r->m, &families[family], v + 1, v[QUERY_LABELS + 1]);
    return true;
}

/* ---- findings --------------------------------------------------------------------- */

/* A sender can give a result type any name. */
static const char *
kind_label(const char *kind)
{
    static const char *const ours[] = {KIND_MX_NOT_COVERED, KIND_POLICY_DRIFT,
                                       KIND_REPORT_GAP,     KIND_INTAKE_SILENT,
                                       KIND_REPORT_LOOP,    KIND_NEWCOMER};

    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (strcmp(kind, ours[i]) == 0)
            return ours[i];
    return result_type_text(result_type_parse(kind));
}

static bool
is_counted(const struct finding *x)
{
    return x->open && x->known_until == 0;
}

static bool
same_labels(const struct finding *a, const struct finding *b)
{
    return a->verdict == b->verdict && a->severity == b->severity &&
           kind_label(a->kind) == kind_label(b->kind);
}

/* One sample for each combination there is, at its first finding. */
static void
write_open(struct ometric *m, const struct analysis *all)
{
    begin(m, &own_families[FINDING_OPEN]);
    for (size_t i = 0; i < all->count; i++) {
        const struct finding *x = &all->rows[i];
        const char *const labels[] = {kind_label(x->kind), fault_text(x->verdict),
                                      severity_text(x->severity)};
        bool first = is_counted(x);
        char text[24];
        int n = 0;

        for (size_t k = 0; k < i && first; k++)
            first = !is_counted(&all->rows[k]) || !same_labels(&all->rows[k], x);
        for (size_t k = i; k < all->count && first; k++)
            n += is_counted(&all->rows[k]) && same_labels(&all->rows[k], x);
        (void)snprintf(text, sizeof text, "%d", n);
        if (first)
            sample(m, &own_families[FINDING_OPEN], labels, text);
    }
}

static void
write_worst(struct ometric *m, const struct settings *s, const struct analysis *all)
{
    const char *public_url = s->web.public_url;
    char url[512];
    int n = 0;

    begin(m, &own_families[FINDING_WORST]);
    for (size_t i = 0; i < all->count && n < METRICS_FINDINGS; i++) {
        const struct finding *x = &all->rows[i];
        const char *const labels[] = {x->id, kind_label(x->kind), fault_text(x->verdict),
                                      severity_text(x->severity), url};

        if (!is_counted(x))
            continue;
        (void)snprintf(url, sizeof url, "%s%s/finding/%s",
                       public_url ? public_url : "http://127.0.0.1:8460",
                       public_url ? "" : s->web.base_path, x->id);
        sample(m, &own_families[FINDING_WORST], labels, "1");
        n++;
    }
}

static void
write_findings(struct ometric *m, const struct metrics_source *source)
{
    const struct analysis *all = &source->findings->all;
    int64_t muted = 0;

    for (size_t i = 0; i < all->count; i++)
        muted += all->rows[i].open && all->rows[i].known_until != 0;
    write_open(m, all);
    write_worst(m, source->settings, all);
    single(m, &own_families[FINDINGS_MUTED], no_labels, muted);
    single(m, &own_families[FINDINGS_AT], no_labels, source->as_of);
}

/* ---- all of it -------------------------------------------------------------------- */

bool
metrics_write(const struct metrics_source *source, enum ometric_format format,
              struct buf *out, struct err *down, struct err *e)
{
    static const char *const program[MAX_LABELS] = {"tlsrpt", TLSRPT_VERSION};
    struct ometric m;
    struct rows stored = {.m = &m, .family = SIZE_MAX};
    bool up;

    ometric_init(&m, format, out);
    up = source->store != NULL && store_snapshot(source->store, INT64_MAX, down) &&
         store_query(source->store, query_metrics, NULL, 0, QUERY_COLUMNS, take_row,
                     &stored, down);
    if (up)
        end_family(&stored);
    else
        buf_reset(out); /* half an answer is none */
    if (up && source->findings != NULL)
        write_findings(&m, source);
    single(&m, &own_families[DATABASE_UP], no_labels, up);
    single(&m, &own_families[BUILD], program, 1);
    return ometric_end(&m) || err_nomem(e);
}
