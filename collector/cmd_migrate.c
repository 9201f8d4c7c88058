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
finish(struct database *db, bool ok, const struct err *e)
{
    database_close(db);
    return ok ? EX_OK : command_fail(e);
}

static int
migrate(const struct options *o, const struct settings *s)
{
    struct database db = {0};
    struct err e = {0};
    bool ok = database_open(s, STORE_OWNER, &db, &e) &&
              store_migrate(db.uri.bytes, say, NULL, &e);

    (void)o;
    return finish(&db, ok, &e);
}

const struct command cmd_migrate = {
    .name = "migrate",
    .line = "Creates the tables of a database, or brings them up to this version",
    .examples = "  tlsrptd migrate --db postgresql://tlsrpt_owner@db.example/tlsrpt\n",
    .options = OPTIONS_COMMON,
    .run = migrate,
};

static int
maintain(const struct options *o, const struct settings *s)
{
    const struct store_limits limits = database_limits(s);
    struct database db = {0};
    struct err e = {0};
    bool ok = database_open(s, STORE_OWNER, &db, &e) &&
              store_maintain(db.uri.bytes, &limits, say, NULL, &e);

    (void)o;
    return finish(&db, ok, &e);
}

const struct command cmd_maintain = {
    .name = "maintain",
    .line = "Makes months ahead, applies the limits of what is kept",
    .notes = "Those are the limits of the quarantine and of retention. The totals "
             "for metrics are\nbrought up to date, too.\n",
    .examples = "  tlsrptd maintain   (hourly, as the owner of the database)\n",
    .options = OPTIONS_COMMON,
    .run = maintain,
};

static int
prune(const struct options *o, const struct settings *s)
{
    struct store_limits limits = database_limits(s);
    struct database db = {0};
    struct err e = {0};
    bool ok = true;

    if (command_has(o, OPTION_KEEP_RAW))
        limits.raw_days = o->raw_days;
    if (command_has(o, OPTION_KEEP_REPORTS))
        limits.report_days = o->report_days;
    if (limits.raw_days == 0 && limits.report_days == 0)
        ok = err_set(&e, ERR_CONFIG,
                     "all is kept for ever: give --keep-raw or --keep-reports, or "
                     "configure retention { }");
    ok =
        ok && database_open(s, STORE_OWNER, &db, &e) &&
        store_prune(db.uri.bytes, &limits, command_has(o, OPTION_DRY_RUN), say, NULL, &e);
    return finish(&db, ok, &e);
}

const struct command cmd_prune = {
    .name = "prune",
    .line = "Drops old months, older than is asked for or configured",
    .notes = "Their daily sums stay.\n",
    .examples = "  tlsrptd prune --keep-raw 90d --keep-reports 400d --dry-run\n",
    .options = OPTIONS_COMMON | OPTION_KEEP_RAW | OPTION_KEEP_REPORTS | OPTION_DRY_RUN,
    .run = prune,
};

static int
forget(const struct options *o, const struct settings *s)
{
    const struct store_forget which = {.peer = o->network,
                                       .sender = o->sender,
                                       .domain = o->domain,
                                       .since = o->since,
                                       .dry_run = command_has(o, OPTION_DRY_RUN)};
    struct database db = {0};
    struct err e = {0};
    bool ok = true;

    if (!command_has(o, OPTION_TRUST))
        ok = err_set(&e, ERR_INPUT, "say what to forget: --trust unverified");
    ok = ok && database_open(s, STORE_OWNER, &db, &e) &&
         store_forget(db.uri.bytes, &which, say, NULL, &e);
    return finish(&db, ok, &e);
}

const struct command cmd_forget = {
    .name = "forget",
    .line = "Removes what strangers left: unverified reports",
    .notes = "Those that all the options given fit. Totals for metrics keep what they "
             "counted.\n",
    .examples = "  tlsrptd forget --trust unverified --peer 203.0.113.0/24 --dry-run\n",
    .options = OPTIONS_COMMON | OPTION_TRUST | OPTION_NETWORK | OPTION_SENDER |
               OPTION_DOMAIN | OPTION_SINCE | OPTION_DRY_RUN,
    .run = forget,
};
