/* What metrics count: see 0002_totals.sql. */
#include "schema/store/store_conn.h"

#include "schema_sql.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    COUNT_PARAMS = 5,
};

/* The columns after the first, as arrays in text form. */
static bool
put_arrays(struct buf arrays[], const struct intake_count counts[], size_t n)
{
    bool ok = true;

    for (size_t i = 0; i < n; i++) {
        char c = i == 0 ? '{' : ',';

        ok = buf_printf(&arrays[0], "%c%d", c, (int)counts[i].transport) && ok;
        ok = buf_printf(&arrays[1], "%c%d", c, (int)counts[i].tier) && ok;
        ok = buf_printf(&arrays[2], "%c\"%s\"", c, counts[i].outcome) && ok;
        ok = buf_printf(&arrays[3], "%c%" PRId64, c, counts[i].reports) && ok;
    }
    for (size_t i = 0; i < COUNT_PARAMS - 1; i++)
        ok = buf_putc(&arrays[i], '}') && ok;
    return ok;
}

bool
store_count(struct store *s, const char *collector, const struct intake_count counts[],
            size_t n, struct err *e)
{
    struct buf arrays[COUNT_PARAMS - 1];
    struct pg_param params[COUNT_PARAMS] = {{.value = collector}};
    bool ok;

    if (n == 0)
        return true;
    for (size_t i = 0; i < COUNT_PARAMS - 1; i++)
        buf_init(&arrays[i], 0);
    ok = put_arrays(arrays, counts, n) ? true : err_nomem(e);
    for (size_t i = 0; i < COUNT_PARAMS - 1; i++)
        params[i + 1].value = arrays[i].bytes;
    ok = ok && store_connect(s, e) && pg_script(s->pg, "BEGIN", NULL, 0, e) &&
         pg_query(
             s->pg,
             &(struct pg_statement){query_count_intake, params, COUNT_PARAMS, {0, 0, 0}},
             NULL, e) &&
         pg_commit(s->pg, e);
    if (!ok && s->pg != NULL)
        pg_rollback(s->pg);
    for (size_t i = 0; i < COUNT_PARAMS - 1; i++)
        buf_clear(&arrays[i]);
    return ok;
}

bool
store_fold(struct store *s, int64_t max_domains, int64_t max_senders, struct err *e)
{
    char domains[24], senders[24];
    const struct pg_param params[] = {{.value = domains}, {.value = senders}};
    bool ok;

    snprintf(domains, sizeof domains, "%" PRId64, max_domains);
    snprintf(senders, sizeof senders, "%" PRId64, max_senders);
    ok = store_connect(s, e) && pg_script(s->pg, "BEGIN", NULL, 0, e) &&
         pg_query(s->pg, &(struct pg_statement){query_fold_totals, params, 2, {1, 1, 1}},
                  NULL, e) &&
         pg_commit(s->pg, e);
    if (!ok && s->pg != NULL)
        pg_rollback(s->pg);
    return ok;
}
