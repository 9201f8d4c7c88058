/* Forward only, all in one transaction: either the database fits this program afterwards,
 * or nothing has changed. */
#include "schema/store/store_conn.h"
#include "schema/store/version.h"

#include "schema_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MONTHS_BACK "13"

enum {
    MAX_TRIES = 20
};

struct migration_run {
    struct pg *pg;
    store_say_fn *say;
    void *ctx;
};

static void
say(const struct migration_run *m, const char *what, const char *name)
{
    char line[160];

    if (m->say == NULL)
        return;
    snprintf(line, sizeof line, "%s%s", what, name);
    m->say(m->ctx, line);
}

/* The schema and, where we may, the roles. A DBA has to help where we may not. */
static bool
make_schema(const struct migration_run *m, struct err *e)
{
    struct pg_rows *rows = NULL;

    if (!pg_query(m->pg, &(struct pg_statement){query_migrate_roles, NULL, 0, {0, 0, 0}},
                  NULL, e) ||
        !pg_query(m->pg,
                  &(struct pg_statement){
                      query_migrate_roles_missing, NULL, 0, {1, 0, STORE_ROLES}},
                  &rows, e))
        return false;
    if (pg_row_count(rows) > 0)
        say(m,
            "roles are missing, and may not be created here; to have them, let a "
            "superuser run "
            "these lines, then migrate again:",
            "");
    for (size_t i = 0; i < pg_row_count(rows); i++) {
        char line[120];

        snprintf(line, sizeof line, "    CREATE ROLE %s LOGIN;", pg_value(rows, i, 0));
        say(m, line, "");
    }
    pg_rows_free(rows);
    return pg_query(
        m->pg, &(struct pg_statement){query_migrate_schema, NULL, 0, {0, 0, 0}}, NULL, e);
}

/* A newer program's migrations are not ours to judge. If there is something to do, nobody
 * writes any more. */
static bool
check_not_newer(const struct migration_run *m, struct err *e)
{
    const int newest = migrations[migration_count - 1].version;
    struct pg_rows *rows = NULL;
    const char *program;
    bool ok = true;
    long version;

    if (!pg_query(m->pg, &(struct pg_statement){query_migrate_newest, NULL, 0, {2, 1, 1}},
                  &rows, e))
        return false;
    program = pg_value(rows, 0, 0);
    version = strtol(pg_value(rows, 0, 1), NULL, 10);
    if (program != NULL && version > newest)
        ok = err_set(e, ERR_CONFIG,
                     "the database was migrated by version %s, and this is %s: upgrade "
                     "the program",
                     program, TLSRPT_VERSION);
    pg_rows_free(rows);
    return ok &&
           (version == newest ||
            pg_query(m->pg,
                     &(struct pg_statement){query_migrate_still, NULL, 0, {0, 0, 0}},
                     NULL, e));
}

static bool
run_one(const struct migration_run *m, const struct migration *migration, struct err *e)
{
    char version[12];
    const struct pg_param params[] = {{.value = version},
                                      {.value = migration->name},
                                      {.value = migration->sql},
                                      {.value = TLSRPT_VERSION}};
    const struct pg_param text[] = {{.value = version}, {.value = migration->sql}};
    struct pg_rows *rows = NULL;
    bool ran, same;

    snprintf(version, sizeof version, "%d", migration->version);
    if (!pg_query(m->pg, &(struct pg_statement){query_migrate_check, text, 2, {1, 0, 1}},
                  &rows, e))
        return false;
    ran = pg_row_count(rows) == 1;
    same = ran && strcmp(pg_value(rows, 0, 0), "same") == 0;
    pg_rows_free(rows);
    if (ran && !same)
        return err_set(
            e, ERR_CONFIG,
            "migration %s has run with another text than this program's: the database "
            "was made by another build",
            migration->name);
    if (ran)
        return true;
    say(m, "migration ", migration->name);
    if (!pg_script(m->pg, migration->sql, NULL, 0, e) ||
        !pg_query(m->pg,
                  &(struct pg_statement){query_migrate_record, params, 4, {0, 0, 0}},
                  NULL, e))
        return err_prefix(e, "migration %s", migration->name);
    return true;
}

static bool
record_fit(const struct migration_run *m, struct err *e)
{
    struct pg_param fit[] = {{.value = VERSION_OLDEST}, {.value = TLSRPT_VERSION}};
    struct pg_rows *rows = NULL;
    bool ok;

    if (!pg_query(m->pg, &(struct pg_statement){query_program_fit, NULL, 0, {2, 1, 1}},
                  &rows, e))
        return false;
    /* An older program may find nothing to do in a newer one's database; it takes nothing
     * back. */
    for (size_t i = 0; i < 2; i++) {
        const char *known = pg_value(rows, 0, i);

        if (known != NULL && version_compare(known, fit[i].value) > 0)
            fit[i].value = known;
    }
    ok = pg_query(m->pg, &(struct pg_statement){query_migrate_fit, fit, 2, {0, 0, 0}},
                  NULL, e);
    pg_rows_free(rows);
    return ok;
}

static bool
migrate(const struct migration_run *m, struct err *e)
{
    static const struct pg_param back = {.value = MONTHS_BACK};

    if (!pg_script(m->pg, "BEGIN; SELECT pg_advisory_xact_lock(1953264754, 1)", NULL, 0,
                   e) ||
        !make_schema(m, e) || !check_not_newer(m, e))
        return false;
    for (size_t i = 0; i < migration_count; i++)
        if (!run_one(m, &migrations[i], e))
            return false;
    return record_fit(m, e) &&
           pg_query(m->pg,
                    &(struct pg_statement){query_migrate_grants, NULL, 0, {0, 0, 0}},
                    NULL, e) &&
           pg_query(m->pg,
                    &(struct pg_statement){query_maintain_months, &back, 1, {2, 1, 1}},
                    NULL, e) &&
           pg_commit(m->pg, e);
}

bool
store_migrate(const char *owner_uri, store_say_fn *say_line, void *ctx, struct err *e)
{
    struct migration_run m = {.say = say_line, .ctx = ctx};
    struct store *s;
    bool ok;

    if (!store_open(owner_uri, STORE_OWNER, &s, e))
        return false;
    m.pg = s->pg;
    /* Collectors that write meanwhile may be in the way, and we in theirs. */
    for (int tries = 1; !(ok = migrate(&m, e)) && tries < MAX_TRIES && !pg_lost(m.pg) &&
                        pg_sqlstate_is(m.pg, "40");
         tries++) {
        err_clear(e);
        pg_rollback(m.pg);
        say(&m, "others were in the way: once more", "");
    }
    if (ok)
        say(&m, "the database fits version " TLSRPT_VERSION, "");
    store_close(s);
    return ok;
}
