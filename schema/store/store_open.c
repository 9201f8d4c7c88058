/* Opening: is it the right kind of database, and do program and schema fit? */
#include "schema/store/store_conn.h"
#include "schema/store/version.h"

#include "base/clock.h"
#include "schema_sql.h"

#include <stdlib.h>
#include <string.h>

enum {
    CONNECT_S = 10,
    WRITER_WAIT_S = 60, /* beyond the 30 s that put_batch.sql gives a statement */
};

static const char *const role_names[STORE_ROLES] = {
    [STORE_OWNER] = "tlsrpt_owner",
    [STORE_COLLECTOR] = "tlsrpt_collector",
    [STORE_REPARSE] = "tlsrpt_reparse",
    [STORE_READER] = "tlsrpt_reader",
};

const char *
store_role_name(enum store_role role)
{
    return role_names[role];
}

static bool
check_fit(struct pg *pg, struct err *e)
{
    struct pg_rows *rows = NULL;
    bool ok;

    if (!pg_query(pg, &(struct pg_statement){query_program_fit, NULL, 0, {2, 1, 1}},
                  &rows, e)) {
        if (pg_sqlstate_is(pg, "3F") || pg_sqlstate_is(pg, "42883")) {
            err_clear(e);
            err_set(e, ERR_CONFIG,
                    "the database has no tables of ours: run `tlsrptd migrate`");
        }
        return false;
    }
    ok = version_fits(TLSRPT_VERSION, pg_value(rows, 0, 0), pg_value(rows, 0, 1), e);
    pg_rows_free(rows);
    return ok;
}

bool
store_connect(struct store *s, struct err *e)
{
    /* A reader may take as long as its question needs, and so may the owner. */
    bool waits = s->role == STORE_READER || s->role == STORE_OWNER;

    if (s->pg != NULL && !pg_lost(s->pg))
        return true;
    if (s->until_ms != 0 && clock_ms() >= s->until_ms)
        return err_set(e, ERR_AGAIN, "database: no answer in time");
    pg_close(s->pg);
    s->snapshot = false;
    if (!pg_open(s->uri, (struct pg_patience){s->connect_s, waits ? 0 : WRITER_WAIT_S},
                 s->role != STORE_READER, &s->pg, e))
        return false;
    /* A pooler takes the connection whatever is behind it: the first answer counts. */
    pg_limit(s->pg, clock_ms() + (int64_t)s->connect_s * 1000);
    if (strcmp(pg_server_setting(s->pg, "server_encoding"), "UTF8") != 0) {
        err_set(e, ERR_CONFIG, "the database has the encoding %s, and must have UTF8",
                pg_server_setting(s->pg, "server_encoding"));
        goto fail;
    }
    if (s->role == STORE_OWNER || check_fit(s->pg, e)) {
        pg_limit(s->pg, s->until_ms);
        return true;
    }
fail:
    pg_close(s->pg);
    s->pg = NULL;
    return false;
}

bool
store_open(const char *uri, enum store_role role, struct store **out, struct err *e)
{
    return store_open_within(uri, role, CONNECT_S, out, e);
}

bool
store_open_within(const char *uri, enum store_role role, int connect_s,
                  struct store **out, struct err *e)
{
    struct store *s = calloc(1, sizeof *s);

    *out = NULL;
    if (s == NULL || (s->uri = strdup(uri)) == NULL) {
        store_close(s);
        return err_nomem(e);
    }
    s->role = role;
    s->connect_s = connect_s;
    for (int i = 0; i < STORE_TABLES; i++)
        buf_init(&s->copies[i], 0);
    if (!store_connect(s, e)) {
        store_close(s);
        return false;
    }
    *out = s;
    return true;
}

void
store_until(struct store *s, int64_t until_ms)
{
    s->until_ms = until_ms;
    if (s->pg != NULL)
        pg_limit(s->pg, until_ms);
}

void
store_within(struct store *s, int64_t ms)
{
    store_until(s, ms == 0 ? 0 : clock_ms() + ms);
}

bool
store_ping(struct store *s, int64_t ms, struct err *e)
{
    bool ok;

    store_until(s, clock_ms() + ms);
    ok = store_connect(s, e) && check_fit(s->pg, e);
    store_until(s, 0);
    return ok;
}

void
store_limit(struct store *s, int64_t ms)
{
    s->put_ms = ms;
}

bool
store_lost(const struct store *s)
{
    return s->pg == NULL || pg_lost(s->pg);
}

void
store_close(struct store *s)
{
    if (s == NULL)
        return;
    for (int i = 0; i < STORE_TABLES; i++)
        buf_clear(&s->copies[i]);
    pg_close(s->pg);
    free(s->uri);
    free(s);
}
