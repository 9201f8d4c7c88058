#include "schema/embedded/store_dump.h"

#include "schema/embedded/store_cluster.h"
#include "schema/store/store_conn.h"

#include "schema_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOOL_WORDS = 8
};

/* Of the newest PostgreSQL here, which understands older servers, too. argv[0] is its
 * name, argv[1] is -d, argv[2] where the URI goes. */
static bool
run_tool(char *argv[TOOL_WORDS], const char *uri, const int files[3], struct err *e)
{
    struct cluster c = {0};
    char program[PATH_MAX + 16];
    bool ok;

    if (cluster_find_programs(&c, 0) == 0)
        return err_set(e, ERR_CONFIG,
                       "no %s found: install PostgreSQL (Debian: apt install postgresql)",
                       argv[0]);
    if ((argv[2] = strdup(uri)) == NULL)
        return err_nomem(e);
    (void)snprintf(program, sizeof program, "%s/%s", c.bin, argv[0]);
    argv[0] = program;
    ok = cluster_run("/", argv, files) ||
         err_set(e, ERR_AGAIN, "%s failed", strrchr(program, '/') + 1);
    free(argv[2]);
    return ok;
}

bool
dump_write(const char *owner_uri, int fd, struct err *e)
{
    char *argv[TOOL_WORDS] = {(char[]){"pg_dump"}, (char[]){"-d"}, NULL, (char[]){"-Fc"},
                              (char[]){"-ntlsrpt"}};

    return run_tool(argv, owner_uri, (const int[]){-1, fd, -1}, e);
}

/* Empties a database that holds nothing but our tables without reports. */
static bool
clear(const char *owner_uri, struct err *e)
{
    struct pg_rows *rows = NULL;
    struct store *s;
    bool ok;

    if (!store_open(owner_uri, STORE_OWNER, &s, e))
        return false;
    ok = pg_script(s->pg,
                   "BEGIN; LOCK TABLE tlsrpt.believed_report, tlsrpt.claimed_report, "
                   "tlsrpt.quarantine IN ACCESS "
                   "EXCLUSIVE MODE",
                   NULL, 0, e) &&
         pg_query(s->pg, &(struct pg_statement){query_restore_check, NULL, 0, {1, 1, 1}},
                  &rows, e);
    if (ok && pg_value(rows, 0, 0) != NULL)
        ok = err_set(e, ERR_REFUSED, "%s", pg_value(rows, 0, 0));
    ok = ok && pg_script(s->pg, "DROP SCHEMA tlsrpt CASCADE; COMMIT", NULL, 0, e);
    pg_rows_free(rows);
    store_close(s);
    return ok;
}

bool
dump_read(const char *owner_uri, int fd, store_say_fn *say, void *ctx, struct err *e)
{
    char *argv[TOOL_WORDS] = {(char[]){"pg_restore"}, (char[]){"-d"}, NULL,
                              (char[]){"--single-transaction"}};
    bool ok;

    /* Migrating first makes the roles, or says who must. */
    if (!store_migrate(owner_uri, NULL, NULL, e) || !clear(owner_uri, e))
        return false;
    ok = run_tool(argv, owner_uri, (const int[]){fd, -1, -1}, e);
    return store_migrate(owner_uri, ok ? say : NULL, ctx, e) && ok;
}
