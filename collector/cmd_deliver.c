/* One mail on standard input, from a pipe transport of Postfix or Exim, sieve or
 * procmail: to the daemon where there is one, else straight into the database. Whoever
 * called keeps the mail unless this ends with 0. */
#include "base/listener.h"
#include "collector/command.h"
#include "collector/database.h"
#include "collector/intake/bundle.h"
#include "collector/intake/mail_intake.h"
#include "collector/intake/stats.h"
#include "collector/ledger.h"
#include "collector/lmtp/lmtp_send.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 64 * 1024,
};

/* Reads all of it, even what is too big to be kept: then *too_big. */
static bool
read_mail(struct buf *mail, bool *too_big, struct err *e)
{
    char block[BLOCK_BYTES];
    ssize_t n;

    *too_big = false;
    while ((n = read(STDIN_FILENO, block, sizeof block)) != 0) {
        if (n < 0 && errno != EINTR)
            return err_set(e, ERR_AGAIN, "cannot read standard input: %s",
                           strerror(errno));
        if (n > 0 && !*too_big && !buf_append(mail, block, (size_t)n))
            *too_big = true;
    }
    return true;
}

/* An MTA may put the envelope's sender before the mail, as an mbox does. */
static size_t
from_line_bytes(const struct buf *mail)
{
    const char *lf;

    if (mail->len < 5 || memcmp(mail->bytes, "From ", 5) != 0)
        return 0;
    lf = memchr(mail->bytes, '\n', mail->len);
    return lf == NULL ? 0 : (size_t)(lf - mail->bytes) + 1;
}

/* ---- without a daemon ---- */

static bool
keep(const struct database *db, struct delivery *d, struct err *e)
{
    struct bundle bundle = {0};
    struct store *store = NULL;
    bool ok;

    bundle_add_all(&bundle, d);
    ok = bundle_is_whole(&bundle, e) &&
         store_open(db->uri.bytes, STORE_COLLECTOR, &store, e) &&
         store_put(store, bundle.items, bundle.count, e);
    store_close(store);
    bundle_clear(&bundle);
    return ok;
}

/* Needs no thread of its own for GMime: the first one has the stack of the process. */
static int
deliver_here(const struct settings *s, const char *mail, size_t n)
{
    struct mail_context context = {.settings = s,
                                   .authserv_id = s->mail.trusted_authserv_id};
    struct delivery d = {
        .kind = DELIVERY_MAIL,
        .transport = TRANSPORT_DELIVER,
        .bytes = mail,
        .byte_count = n,
        .received = (int64_t)time(NULL),
        .peer = "",
        .peer_name = "",
    };
    struct err e = {0};
    struct database db = {0};

    if (!resolver_open(s->resolver.forwarders.items, s->resolver.forwarders.count,
                       &context.resolver, &e)) {
        (void)command_fail(&e);
        return EX_TEMPFAIL;
    }
    mail_prepare(&context, &d, d.received);
    if (d.submission_count > 0) {
        if (database_open(s, STORE_COLLECTOR, &db, &e))
            (void)keep(&db, &d, &e);
        if (e.kind != ERR_NONE)
            (void)command_fail(&e);
    }
    intake_finish(&d);
    stats_count(&d);
    if (db.uri.len > 0)
        ledger_write(s, db.uri.bytes, STORE_COLLECTOR);
    database_close(&db);
    resolver_close(context.resolver);
    (void)fprintf(stderr, "tlsrptd: %s%s%s\n", verdict_find(d.verdict)->label,
                  d.reason[0] == '\0' ? "" : ": ", d.reason);
    return verdict_find(d.verdict)->exit_code;
}

/* ---- the daemon ---- */

/* -1 when none can be reached: then the mail had better be kept from here. */
static int
hand_over(const struct settings *s, const char *mail, size_t n)
{
    struct err e = {0};
    struct buf path;
    int fd = -1, code = EX_OK;

    buf_init(&path, 0);
    if (!buf_printf(&path, "%s/" LMTP_DELIVER_SOCKET, s->state_dir) ||
        !listener_connect(path.bytes, &fd, &e)) {
        code = -1;
    } else if (!lmtp_send(fd, mail, n, &e)) {
        (void)command_fail(&e);
        code = EX_TEMPFAIL;
    }
    buf_clear(&path);
    return code;
}

static int
run(const struct options *o, const struct settings *s)
{
    struct err e = {0};
    struct buf mail;
    size_t skip;
    bool too_big;
    int code;

    (void)o;
    buf_init(&mail, (size_t)s->mail.max_message_bytes);
    if (!read_mail(&mail, &too_big, &e)) {
        (void)command_fail(&e);
        code = EX_TEMPFAIL;
    } else if (too_big) {
        (void)fputs("tlsrptd: too-big: the mail was not kept\n", stderr);
        code = EX_OK;
    } else {
        skip = from_line_bytes(&mail);
        code = hand_over(s, mail.bytes + skip, mail.len - skip);
        if (code < 0)
            code = deliver_here(s, mail.bytes + skip, mail.len - skip);
    }
    buf_clear(&mail);
    return code;
}

const struct command cmd_deliver = {
    .name = "deliver",
    .line = "Takes one mail from standard input",
    .notes = "The exit code is 0 when it is dealt with and 75 when it should be "
             "tried again, be it\nfor wrong use: no mail must bounce for that.\n",
    .examples = "  tlsrptd deliver < report.eml\n"
                "  tlsrpt: \"|/usr/sbin/tlsrptd deliver\"    (in /etc/aliases)\n",
    .options = OPTIONS_COMMON,
    .run = run,
    .wrong_code = EX_TEMPFAIL,
};
