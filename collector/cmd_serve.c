/* The daemon: its order of start is that of dependency, its order of stop the reverse. */
#include "base/clock.h"
#include "base/log.h"
#include "base/service.h"
#include "collector/command.h"
#include "collector/database.h"
#include "collector/doors.h"
#include "collector/http/http_tls.h"
#include "collector/intake/stats.h"
#include "collector/ledger.h"
#include "collector/status.h"
#include "collector/user.h"
#include "schema/embedded/store_embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

enum {
    MAINTAIN_EVERY_S = 3600,
    STATS_EVERY_S = 3600,
    STOP_DNS_MS = 2000,       /* for what is under way */
    DURABILITY_EVERY_S = 300, /* until it was seen */
};

struct daemon {
    const struct settings *settings;
    struct doors *doors;
    struct database database;
    struct resolver *resolver;
    struct origin *origin;
    struct mail_context mail;
    struct spool *spool;
    struct batcher *batcher;
    struct ledger *ledger;
    struct status_door *status;
    int64_t next_maintain_s, next_stats_s, next_durability_s;
    bool durability_told;
    int ready_fd;
};

static void
say_line(void *ctx, const char *line)
{
    (void)ctx;
    log_info("maintain", LOG_S("says", line));
}

/* Only the embedded database is the daemon's to maintain. */
static void
maintain(struct daemon *d)
{
    const struct settings *s = d->settings;
    const struct store_limits limits = database_limits(s);
    struct err e = {0};
    struct buf uri;

    if (d->database.embedded == NULL || clock_s() < d->next_maintain_s)
        return;
    d->next_maintain_s = clock_s() + MAINTAIN_EVERY_S;
    buf_init(&uri, 0);
    if (!embedded_uri(s->state_dir, STORE_OWNER, &uri) ||
        !store_maintain(uri.bytes, &limits, say_line, NULL, &e))
        log_error("cannot maintain", LOG_S("error", e.text));
    buf_clear(&uri);
}

static bool
say_unsafe(void *ctx, const char *const values[], size_t n, struct err *e)
{
    (void)ctx;
    (void)n;
    (void)e;
    log_warning("unsafe database", LOG_S("what", values[2]), LOG_S("fix", values[3]));
    return true;
}

/* Once, as soon as the database answers. */
static void
warn_durability(struct daemon *d)
{
    struct err e = {0};

    if (d->durability_told || clock_s() < d->next_durability_s)
        return;
    d->next_durability_s = clock_s() + DURABILITY_EVERY_S;
    d->durability_told = database_durability(d->database.uri.bytes, say_unsafe, NULL, &e);
}

static void
reload(const struct settings *s)
{
    struct err e = {0};

    if (s->https.certificate == NULL)
        return;
    if (http_tls_load(s->https.certificate, s->https.key, clock_s(), &e))
        log_info("certificate loaded", LOG_S("file", s->https.certificate));
    else
        log_error("the old certificate stays in use", LOG_S("error", e.text));
}

/* ---- start ---- */

/* Debian's soft limit, 1024, is for programs that select(2); this one counts its
 * connections itself. */
static void
allow_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

/* What root alone may open, then root is left behind. */
static bool
open_as_root(struct daemon *d, const char *ready_file, struct err *e)
{
    const struct settings *s = d->settings;

    if (!doors_open(s, &d->doors, e) ||
        (s->https.certificate != NULL &&
         !http_tls_load(s->https.certificate, s->https.key, clock_s(), e)))
        return false;
    if (ready_file != NULL &&
        (d->ready_fd = open(ready_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) <
            0)
        return err_set(e, ERR_CONFIG, "cannot write %s: %s", ready_file,
                       strerrordesc_np(errno));
    return user_become(s, e);
}

/* Without DNS reports still come in, and are believed less. */
static void
start_resolver(struct daemon *d)
{
    const struct settings_list *forwarders = &d->settings->resolver.forwarders;
    struct err e = {0};

    if (!resolver_open(forwarders->items, forwarders->count, &d->resolver, &e) ||
        !origin_new(d->resolver, &d->origin, &e))
        log_error("no DNS", LOG_S("error", e.text));
    d->mail = (struct mail_context){
        .settings = d->settings,
        .resolver = d->resolver,
        .authserv_id = d->settings->mail.trusted_authserv_id,
    };
}

static bool
start(struct daemon *d, const char *ready_file, struct err *e)
{
    const struct settings *s = d->settings;
    struct err no_spool = {0};

    if (!open_as_root(d, ready_file, e) ||
        !database_open(s, STORE_COLLECTOR, &d->database, e))
        return false;
    maintain(d);
    start_resolver(d);
    /* without a spool posts are put off while the database is away */
    if (s->https.spool && !spool_open(s, &d->spool, &no_spool))
        log_error("no spool", LOG_S("error", no_spool.text));
    if (!batcher_start(s, d->database.uri.bytes, &d->mail, d->spool, &d->batcher, e) ||
        !ledger_start(s, d->database.uri.bytes, LEDGER_EVERY_S, &d->ledger, e) ||
        !doors_start(d->doors, d->batcher, d->origin, e) ||
        !status_start(&(struct status_source){s, d->batcher, d->ledger, d->spool},
                      &d->status, e))
        return false;
    if (s->domains.count == 0)
        log_warning("no domains are configured, so reports about any are taken");
    if (d->ready_fd >= 0)
        doors_print(d->doors, d->ready_fd);
    log_info("ready", LOG_S("version", TLSRPT_VERSION));
    service_notify("READY=1");
    warn_durability(d);
    return true;
}

/* ---- run and stop ---- */

static void
block_signals(sigset_t *set)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(set);
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, set, NULL);
}

static void
watch(struct daemon *d, const sigset_t *set)
{
    static const struct timespec second = {.tv_sec = 1};
    int number;

    d->next_stats_s = clock_s() + STATS_EVERY_S;
    while ((number = sigtimedwait(set, NULL, &second)) != SIGTERM && number != SIGINT) {
        struct err e = {0};

        if (number == SIGHUP || http_tls_changed()) {
            service_reloading();
            reload(d->settings);
            service_notify("READY=1");
        }
        if (d->database.embedded != NULL && !embedded_keep(d->database.embedded, &e))
            log_error("embedded database", LOG_S("error", e.text));
        maintain(d);
        warn_durability(d);
        if (clock_s() >= d->next_stats_s) {
            d->next_stats_s = clock_s() + STATS_EVERY_S;
            stats_log();
        }
    }
    service_notify("STOPPING=1");
    log_info("stopping", LOG_S("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
}

static void
stop(struct daemon *d)
{
    status_drain(d->status);
    resolver_hurry(d->resolver, STOP_DNS_MS);
    batcher_hurry(d->batcher);
    ledger_hurry(d->ledger);
    if (!doors_stop(d->doors)) {
        log_error("requests do not end, leaving them unanswered");
        _exit(EX_TEMPFAIL);
    }
    status_stop(d->status);
    batcher_free(d->batcher);
    ledger_stop(d->ledger);
    spool_close(d->spool);
    resolver_close(d->resolver); /* answers what origins still wait for */
    origin_free(d->origin);
    doors_free(d->doors);
    http_tls_free();
    database_close(&d->database);
    if (d->ready_fd >= 0)
        (void)close(d->ready_fd);
    stats_log();
}

static int
run(const struct options *o, const struct settings *s)
{
    struct daemon d = {.settings = s, .ready_fd = -1};
    enum log_level level;
    struct err e = {0};
    sigset_t set;
    int code = EX_OK;

    if (log_level_find(s->log_level, &level))
        log_set_level(level);
    service_open();
    block_signals(&set);
    allow_files();
    if (start(&d, o->ready_file, &e))
        watch(&d, &set);
    else
        code = command_fail(&e);
    stop(&d);
    return code;
}

const struct command cmd_serve = {
    .name = "serve",
    .line = "Receives reports and keeps them, until SIGTERM",
    .notes = "SIGHUP loads the certificate anew.\n",
    .examples = "  tlsrptd serve -c /etc/tlsrpt/tlsrpt.conf\n"
                "  tlsrptd serve --db postgresql://tlsrpt_collector@db.example/tlsrpt\n",
    .options = OPTIONS_COMMON | OPTION_READY_FILE,
    .run = run,
};
