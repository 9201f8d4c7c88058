/* One look through the mailboxes, from cron or by hand. What the daemon does all the time
 * is done here once, by the same road. */
#include "collector/command.h"
#include "collector/database.h"
#include "collector/imap/imap.h"
#include "collector/ledger.h"

#include <signal.h>
#include <stdio.h>
#include <sysexits.h>

static void
tell(const char *name, const struct imap_tally *tally, const struct imap_fault *f)
{
    (void)printf("%s: %zu mails", name, tally->all);
    for (int v = VERDICT_STORED; v < VERDICT_COUNT; v++)
        if (tally->mails[v] > 0)
            (void)printf(", %zu %s", tally->mails[v],
                         v == VERDICT_UNRECOGNIZED
                             ? "without a report"
                             : verdict_find((enum verdict)v)->label);
    (void)putchar('\n');
    if (f->state != IMAP_WORKS)
        (void)fprintf(stderr, "tlsrptd: imap \"%s\": %s\n", name, f->why);
}

/* Says itself what failed: an error of each mailbox. */
static int
fetch(const struct settings *s, struct imap *imap, const char *name, bool from_start)
{
    struct mail_context mail = {.settings = s,
                                .authserv_id = s->mail.trusted_authserv_id};
    struct batcher *batcher = NULL;
    struct database db = {0};
    struct err e = {0};
    bool told = false;

    if (database_open(s, STORE_COLLECTOR, &db, &e) &&
        resolver_open(s->resolver.forwarders.items, s->resolver.forwarders.count,
                      &mail.resolver, &e) &&
        batcher_start(s, db.uri.bytes, &mail, NULL, &batcher, &e))
        told = imap_look(imap, name, from_start, batcher, db.uri.bytes, tell, &e) ||
               imap != NULL;
    batcher_free(batcher);
    if (db.uri.len > 0)
        ledger_write(s, db.uri.bytes, STORE_COLLECTOR);
    resolver_close(mail.resolver);
    database_close(&db);
    if (e.kind == ERR_NONE)
        return EX_OK;
    return told ? err_exit_code(&e) : command_fail(&e);
}

static int
run(const struct options *o, const struct settings *s)
{
    const char *name = o->line.arg_count > 0 ? o->line.args[0] : NULL;
    struct imap *imap = NULL;
    struct err e = {0};
    int code;

    (void)signal(SIGPIPE, SIG_IGN);
    if (imap_open(s, &imap, &e))
        code = fetch(s, imap, name, command_has(o, OPTION_ALL));
    else
        code = command_fail(&e);
    imap_free(imap);
    return code;
}

const struct command cmd_fetch = {
    .name = "fetch",
    .line = "Looks through the configured mailboxes once",
    .args = "[NAME]",
    .notes = "NAME is that of one section imap. `tlsrptd serve` does the same all the "
             "time.\n",
    .examples = "  tlsrptd fetch\n  tlsrptd fetch provider\n",
    .options = OPTIONS_COMMON | OPTION_ALL,
    .run = run,
};
