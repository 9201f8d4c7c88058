/* The owner's work on a database: the tables, and what has to be done now and then. */
#include "collector/command.h"
#include "collector/database.h"

#include <stdio.h>
#include <sysexits.h>

static void
say(void *ctx, const char *line)
{
    (void)ctx;
    (void)puts(line);
}

static int
finish(struct settings *s, struct database *db, bool ok, const struct err *e)
{
    database_close(db);
    settings_clear(s);
    return ok ? EX_OK : command_fail(e);
}

int
cmd_migrate(int argc, char **argv)
{
    static const struct command_usage usage = {
        .synopsis = "migrate [OPTION]...",
        .about = "Creates the tables and roles in a database, or brings them up to this "
                 "version.",
        .examples =
            "  tlsrptd migrate --db postgresql://tlsrpt_owner@db.example/tlsrpt\n",
    };
    struct database db = {0};
    struct settings s;
    struct err e = {0};
    int first, code;
    bool ok;

    if ((code = command_parse(&usage, argc, argv, &first, &s)) >= 0)
        return code;
    ok = database_open(&s, STORE_OWNER, &db, &e) &&
         store_migrate(db.uri.bytes, say, NULL, &e);
    return finish(&s, &db, ok, &e);
}

int
cmd_maintain(int argc, char **argv)
{
    static const struct command_usage usage = {
        .synopsis = "maintain [OPTION]...",
        .about = "Makes next months' tables, applies the limits of the quarantine, sums "
                 "up for metrics.",
        .examples = "  tlsrptd maintain   (hourly, as the owner of the database)\n",
    };
    struct database db = {0};
    struct store_limits limits;
    struct settings s;
    struct err e = {0};
    int first, code;
    bool ok;

    if ((code = command_parse(&usage, argc, argv, &first, &s)) >= 0)
        return code;
    limits = database_limits(&s);
    ok = database_open(&s, STORE_OWNER, &db, &e) &&
         store_maintain(db.uri.bytes, &limits, say, NULL, &e);
    return finish(&s, &db, ok, &e);
}
