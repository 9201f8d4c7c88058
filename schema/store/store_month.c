/* An archive may go back further than a collector may make room for. */
#include "schema/store/store_conn.h"

#include "schema_sql.h"

#include <inttypes.h>
#include <stdio.h>

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
