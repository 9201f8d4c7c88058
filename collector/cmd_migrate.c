/* The owner's work on a database: the tables, and what has to be done now and then. */
#include "base/count.h"
#include "collector/command.h"
#include "collector/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
        .about =
            "Makes next months' tables, applies the limits of the quarantine and of\n"
            "retention, brings the totals for metrics up to date.",
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

/* "90d" or "90"; 0 is for ever. */
static bool
parse_days(const char *option, const char *text, int64_t *days, struct err *e)
{
    enum {
        MAX_DAYS = 36500
    };
    char *end;

    if (text == NULL)
        return true;
    *days = strtoll(text, &end, 10);
    if (end == text || *days < 0 || *days > MAX_DAYS ||
        (*end != '\0' && strcmp(end, "d") != 0))
        return err_set(e, ERR_INPUT, "--%s %s: must be a number of days, as 400d", option,
                       text);
    return true;
}

int
cmd_prune(int argc, char **argv)
{
    const char *raw = NULL, *reports = NULL;
    bool dry_run = false;
    const struct command_option options[] = {
        {"keep-raw", "DAYS", "keep the bytes of reports so long (0: for ever)", &raw,
         NULL},
        {"keep-reports", "DAYS", "keep reports so long, then daily sums", &reports, NULL},
        {"dry-run", NULL, "drop nothing, say what would go", NULL, &dry_run},
    };
    const struct command_usage usage = {
        .synopsis = "prune [OPTION]...",
        .about = "Drops months that are older than is asked for, or configured; daily "
                 "sums stay.",
        .examples = "  tlsrptd prune --keep-raw 90d --keep-reports 400d --dry-run\n",
        .options = options,
        .option_count = COUNT_OF(options),
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
    ok = parse_days("keep-raw", raw, &limits.raw_days, &e) &&
         parse_days("keep-reports", reports, &limits.report_days, &e);
    if (ok && limits.raw_days == 0 && limits.report_days == 0)
        ok = err_set(&e, ERR_CONFIG,
                     "all is kept for ever: give --keep-raw or --keep-reports, or "
                     "configure retention { }");
    ok = ok && database_open(&s, STORE_OWNER, &db, &e) &&
         store_prune(db.uri.bytes, &limits, dry_run, say, NULL, &e);
    return finish(&s, &db, ok, &e);
}
