/* The files' door: archives of mail and bare reports, as much of them as there is. */
#include "base/count.h"
#include "base/text.h"
#include "base/when.h"
#include "collector/command.h"
#include "collector/database.h"
#include "collector/import/import_progress.h"
#include "collector/ledger.h"
#include "schema/embedded/store_embedded.h"

#include <arpa/inet.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    MAX_REFUSED_SHOWN = 20,
    MAX_DEFAULT_JOBS = 8,
    JOBS_FOR_DNS = 8, /* workers that mostly wait for an answer */
};

struct options {
    const char *jobs, *as, *received, *peer;
    bool dry_run, vouch, trust_authres;
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

static bool
parse_as_https(const struct options *o, struct import_plan *plan, struct err *e)
{
    unsigned char address[sizeof(struct in6_addr)];
    unsigned form;

    if (o->received != NULL &&
        !when_parse_rfc3339(o->received, strlen(o->received), &plan->received, &form))
        return err_set(e, ERR_INPUT, "--received is \"%s\", must be like %s", o->received,
                       "2026-03-01T06:00:00Z");
    if (o->as == NULL)
        return o->peer == NULL ||
               err_set(e, ERR_INPUT, "--peer goes with --as https only");
    if (strcmp(o->as, "https") != 0)
        return err_set(e, ERR_INPUT, "--as is \"%s\", can only be https", o->as);
    if (o->received == NULL || o->peer == NULL)
        return err_set(e, ERR_INPUT, "--as https wants --received and --peer");
    if (inet_pton(AF_INET, o->peer, address) != 1 &&
        inet_pton(AF_INET6, o->peer, address) != 1)
        return err_set(e, ERR_INPUT, "--peer is \"%s\", must be an address", o->peer);
    plan->as_https = true;
    plan->peer = o->peer;
    return true;
}

static bool
parse_jobs(const struct options *o, struct import_plan *plan, struct err *e)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN), jobs;
    bool asks_dns = !plan->as_https && !o->vouch && !o->trust_authres;
    char *end;

    if (o->jobs == NULL) {
        plan->jobs = processors > MAX_DEFAULT_JOBS ? MAX_DEFAULT_JOBS : (int)processors;
        if (plan->jobs < 1)
            plan->jobs = 1;
        if (asks_dns)
            plan->jobs = JOBS_FOR_DNS;
        return true;
    }
    jobs = strtol(o->jobs, &end, 10);
    if (*end != '\0' || jobs < 1 || jobs > IMPORT_MAX_JOBS)
        return err_set(e, ERR_INPUT, "--jobs is \"%s\", must be 1 to %d", o->jobs,
                       IMPORT_MAX_JOBS);
    plan->jobs = (int)jobs;
    return true;
}

static bool
make_plan(const struct options *o, const struct settings *s, struct import_plan *plan,
          struct err *e)
{
    plan->peer = "";
    plan->vouched = o->vouch;
    plan->mail.settings = s;
    if (o->vouch && o->as != NULL)
        return err_set(e, ERR_INPUT, "--vouch and --as https exclude each other");
    if (o->trust_authres) {
        plan->mail.authserv_id = s->mail.trusted_authserv_id;
        if (plan->mail.authserv_id == NULL)
            return err_set(e, ERR_CONFIG,
                           "--trust-authres needs trusted_authserv_id in section mail "
                           "of the configuration");
    }
    return parse_as_https(o, plan, e) && parse_jobs(o, plan, e);
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
run(struct import *im, char **paths, int count)
{
    const struct import_sink sink = {
        take_item, hear_trouble, is_uninterrupted, im,
        (size_t)im->plan.mail.settings->mail.max_message_bytes};
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
    for (int i = 0; i < count && im->progress.terminal; i++)
        im->progress.total_bytes += import_measure(paths[i]);
    for (int i = 0; i < count && go_on; i++)
        go_on = import_walk(paths[i], &sink);
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
run_with(struct import *im, const struct options *o, char **paths, int count)
{
    const struct settings *s = im->plan.mail.settings;
    struct database db = {0};
    struct ledger *ledger = NULL;
    struct buf owner;
    struct err e = {0};
    int code;

    buf_init(&owner, 0);
    if (!o->vouch && !o->trust_authres && !im->plan.as_https &&
        !resolver_open(s->resolver.forwarders.items, s->resolver.forwarders.count,
                       &im->plan.mail.resolver, &e))
        return command_fail(&e);
    if (!o->dry_run &&
        (!database_open(s, STORE_COLLECTOR, &db, &e) ||
         !ledger_start(s, db.uri.bytes, LEDGER_IMPORT_EVERY_S, &ledger, &e))) {
        code = command_fail(&e);
    } else {
        im->plan.store_uri = o->dry_run ? NULL : db.uri.bytes;
        im->plan.owner_uri = owner_uri(s, &owner);
        code = run(im, paths, count);
    }
    buf_clear(&owner);
    ledger_stop(ledger);
    database_close(&db);
    resolver_close(im->plan.mail.resolver);
    return code;
}

int
cmd_import(int argc, char **argv)
{
    struct options o = {0};
    const struct command_option options[] = {
        {"vouch", NULL, "you answer for them: tier operator, no signature is asked for",
         NULL, &o.vouch},
        {"trust-authres", NULL, "believe your server's Authentication-Results instead",
         NULL, &o.trust_authres},
        {"received", "INSTANT", "when reports that are no mail had come", &o.received,
         NULL},
        {"as", "https", "replay a post, with --received and --peer", &o.as, NULL},
        {"peer", "ADDRESS", "who had posted it", &o.peer, NULL},
        {"jobs", "N", "workers", &o.jobs, NULL},
        {"dry-run", NULL, "keep nothing, only say what would be kept", NULL, &o.dry_run},
    };
    const struct command_usage usage = {
        .synopsis = "import [OPTION]... PATH...",
        .about = "Takes the reports out of mails, mboxes, Maildirs, .json, .json.gz and "
                 ".zip files,\ndirectories of them, or standard input (-). Running it "
                 "again counts nothing twice.",
        .examples = "  tlsrptd import ~/Maildir\n"
                    "  tlsrptd import --vouch archive.mbox\n"
                    "  tlsrptd import --dry-run reports/\n",
        .options = options,
        .option_count = COUNT_OF(options),
        .min_operands = 1,
        .max_operands = INT_MAX,
    };
    struct import im = {0};
    struct settings s;
    struct err e = {0};
    int first, code;

    if ((code = command_parse(&usage, argc, argv, &first, &s)) >= 0)
        return code;
    if (!make_plan(&o, &s, &im.plan, &e)) {
        code = command_fail(&e);
        if (e.kind == ERR_INPUT)
            code = EX_USAGE;
    } else {
        code = run_with(&im, &o, argv + first, argc - first);
    }
    settings_clear(&s);
    return code;
}
