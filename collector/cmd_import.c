/* The files' door: archives of mail and bare reports, as much of them as there is. */
#include "base/text.h"
#include "collector/command.h"
#include "collector/database.h"
#include "collector/import/import_progress.h"
#include "collector/ledger.h"
#include "schema/embedded/store_embedded.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    MAX_REFUSED_SHOWN = 20,
    MAX_DEFAULT_JOBS = 8,
    JOBS_FOR_DNS = 8, /* workers that mostly wait for an answer */
};

struct import {
    struct import_plan plan;
    struct import_crew *crew;
    struct progress progress;
    size_t refused, unreadable;
};

static volatile sig_atomic_t interrupted;

static void
interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

/* ---- what the walk and the crew tell ---- */

static void
complain(const struct import *im, const char *path, const char *what, const char *why)
{
    struct buf text;

    buf_init(&text, 0);
    (void)text_escape(&text, path, strlen(path));
    (void)buf_printf(&text, ": %s%s%s", what, why[0] == '\0' ? "" : ": ", why);
    progress_hide(&im->progress);
    if (!text.failed)
        (void)fprintf(stderr, "tlsrptd: %s\n", text.bytes);
    buf_clear(&text);
}

static void
hear_refused(void *ctx, const char *path, enum verdict verdict, const char *reason)
{
    struct import *im = ctx;

    if (im->refused++ < MAX_REFUSED_SHOWN)
        complain(im, path, verdict_find(verdict)->label, reason);
}

static void
hear_trouble(void *ctx, const char *path, const char *why)
{
    struct import *im = ctx;

    im->unreadable++;
    complain(im, path, "cannot be read", why);
}

static void
hear_waiting(void *ctx, const char *path)
{
    complain(ctx, path, "waits for somebody to write", "");
}

static bool
take_item(void *ctx, const struct import_item *item)
{
    struct import *im = ctx;
    struct import_tally tally;

    if (progress_is_due(&im->progress)) {
        import_crew_tally(im->crew, &tally);
        progress_show(&im->progress, &tally);
    }
    return import_crew_put(im->crew, item) && !interrupted;
}

static bool
is_uninterrupted(void *ctx)
{
    (void)ctx;
    return !interrupted;
}

/* ---- options ---- */

/* Are signatures verified? */
static bool
asks_dns(const struct import_plan *plan)
{
    return !plan->vouched && plan->mail.authserv_id == NULL && !plan->as_https;
}

static bool
make_plan(const struct options *o, const struct settings *s, struct import_plan *plan,
          struct err *e)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    plan->mail.settings = s;
    plan->vouched = command_has(o, OPTION_VOUCH);
    plan->as_https = o->as != NULL;
    plan->received = o->received;
    plan->peer = o->peer == NULL ? "" : o->peer;
    if (plan->vouched && plan->as_https)
        return err_set(e, ERR_INPUT, "--vouch and --as https exclude each other");
    if (plan->as_https && (o->peer == NULL || !command_has(o, OPTION_RECEIVED)))
        return err_set(e, ERR_INPUT, "--as https wants --received and --peer");
    if (o->peer != NULL && !plan->as_https)
        return err_set(e, ERR_INPUT, "--peer goes with --as https only");
    if (command_has(o, OPTION_TRUST_AUTHRES)) {
        plan->mail.authserv_id = s->mail.trusted_authserv_id;
        if (plan->mail.authserv_id == NULL)
            return err_set(e, ERR_CONFIG,
                           "--trust-authres needs trusted_authserv_id in section mail "
                           "of the configuration");
    }
    if (o->jobs > 0)
        plan->jobs = o->jobs;
    else if (asks_dns(plan))
        plan->jobs = JOBS_FOR_DNS;
    else
        plan->jobs = processors > MAX_DEFAULT_JOBS ? MAX_DEFAULT_JOBS
                     : processors < 1              ? 1
                                                   : (int)processors;
    return true;
}

/* ---- the run ---- */

static int
finish(struct import *im, bool dry_run)
{
    struct import_tally tally;
    struct err e = {0};
    struct buf text;
    bool ok = import_crew_finish(im->crew, &tally, &e);

    progress_hide(&im->progress);
    if (im->refused > MAX_REFUSED_SHOWN)
        (void)fprintf(stderr, "tlsrptd: and %zu more\n", im->refused - MAX_REFUSED_SHOWN);
    buf_init(&text, 0);
    if (progress_summary(&tally, progress_elapsed_ms(&im->progress), dry_run, &text))
        (void)fputs(text.bytes, stdout);
    buf_clear(&text);
    if (!ok)
        return command_fail(&e);
    if (interrupted) {
        (void)fputs("tlsrptd: interrupted, run it again for the rest\n", stderr);
        return EX_TEMPFAIL;
    }
    if (tally.verdicts[VERDICT_AGAIN] > 0)
        return EX_TEMPFAIL;
    return im->unreadable > 0 ? EX_DATAERR : EX_OK;
}

static int
read_all(struct import *im, const struct cli *line)
{
    const struct import_sink sink = {
        take_item,    hear_trouble,
        hear_waiting, is_uninterrupted,
        im,           (size_t)im->plan.mail.settings->mail.max_message_bytes};
    const struct sigaction stop = {.sa_handler = interrupt,
                                   .sa_flags = (int)SA_RESETHAND}; /* twice: at once */
    struct err e = {0};
    bool go_on = true;

    im->plan.refused = hear_refused;
    im->plan.ctx = im;
    progress_start(&im->progress);
    if (!import_crew_start(&im->plan, &im->crew, &e))
        return command_fail(&e);
    (void)sigaction(SIGINT, &stop, NULL);
    (void)sigaction(SIGTERM, &stop, NULL);
    for (size_t i = 0; i < line->arg_count && im->progress.terminal; i++)
        im->progress.total_bytes += import_measure(line->args[i]);
    for (size_t i = 0; i < line->arg_count && go_on; i++)
        go_on = import_walk(line->args[i], &sink);
    return finish(im, im->plan.store_uri == NULL);
}

/* Months older than a collector may make are made by the owner, where we can be it. */
static const char *
owner_uri(const struct settings *s, struct buf *room)
{
    if (s->database.uri != NULL)
        return s->database.owner_uri;
    return embedded_uri(s->state_dir, STORE_OWNER, room) ? room->bytes : NULL;
}

/* What the plan needs beyond the options: a resolver where signatures are verified, a
 * database unless nothing is kept. */
static int
run(const struct options *o, const struct settings *s)
{
    bool dry_run = command_has(o, OPTION_DRY_RUN);
    struct import im = {0};
    struct database db = {0};
    struct ledger *ledger = NULL;
    struct buf owner;
    struct err e = {0};
    int code;

    buf_init(&owner, 0);
    if (!make_plan(o, s, &im.plan, &e) ||
        (asks_dns(&im.plan) &&
         !resolver_open(s->resolver.forwarders.items, s->resolver.forwarders.count,
                        &im.plan.mail.resolver, &e)) ||
        (!dry_run &&
         (!database_open(s, STORE_COLLECTOR, &db, &e) ||
          !ledger_start(s, db.uri.bytes, LEDGER_IMPORT_EVERY_S, &ledger, &e)))) {
        code = command_fail(&e);
        if (e.kind == ERR_INPUT)
            code = EX_USAGE;
    } else {
        im.plan.store_uri = dry_run ? NULL : db.uri.bytes;
        im.plan.owner_uri = owner_uri(s, &owner);
        code = read_all(&im, &o->line);
    }
    buf_clear(&owner);
    ledger_stop(ledger);
    database_close(&db);
    resolver_close(im.plan.mail.resolver);
    return code;
}

const struct command cmd_import = {
    .name = "import",
    .line = "Takes reports out of files and old mail",
    .args = "PATH...",
    .notes = "A PATH is a mail, an mbox, a Maildir, a .json, .json.gz or .zip file, "
             "a directory of\nthem, or - for standard input. Running it again "
             "counts nothing twice.\n",
    .examples = "  tlsrptd import ~/Maildir\n"
                "  tlsrptd import --vouch archive.mbox\n"
                "  tlsrptd import --dry-run reports/\n",
    .options = OPTIONS_COMMON | OPTION_VOUCH | OPTION_TRUST_AUTHRES | OPTION_RECEIVED |
               OPTION_AS | OPTION_PEER | OPTION_JOBS | OPTION_DRY_RUN,
    .run = run,
};
