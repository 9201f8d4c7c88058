/* What is in doubt after a lost connection counts as written: a refusal too few is better
 * than a counter that doubles. What was stored is counted by the batch that stored it. */
#include "collector/ledger.h"

#include "base/clock.h"
#include "base/log.h"
#include "collector/intake/stats.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PROBE_S = 5,
    LAST_PROBE_S = 1,
    STALE_S = 3 * PROBE_S, /* after which an answer is no news */
    CONNECT_S = 2,
    STOP_S = 8,           /* from ledger_hurry() on */
    LAST_STOP_S = 1,      /* at the least, for the last words */
    MANY_REPORTS = 10000, /* so many are not left to wait: every scrape would read them */
    HOST_SIZE = 256,
    CELLS = STATS_TRANSPORTS * STATS_TIERS * VERDICT_COUNT,
};

struct book {
    int64_t max_domains, max_senders;                           /* of metrics */
    struct store *store;                                        /* NULL: none yet */
    int64_t told[STATS_TRANSPORTS][STATS_TIERS][VERDICT_COUNT]; /* what was written */
};

struct ledger {
    struct book book; /* the thread's own */
    char *uri;
    int every_s;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t stopped;
    bool leaving, stopping, ended;
    int64_t stop_ms; /* once leaving: nobody waits longer */
    int64_t heard_s; /* CLOCK_MONOTONIC; 0: never */
    struct err error;
};

/* ---- writing ---- */

/* What was not told yet. */
static size_t
list_counts(const struct book *b, struct intake_count counts[CELLS])
{
    size_t n = 0;

    for (int t = TRANSPORT_HTTPS; t < STATS_TRANSPORTS; t++)
        for (int tier = 0; tier < STATS_TIERS; tier++)
            for (int v = 0; v < VERDICT_COUNT; v++) {
                int64_t more =
                    stats_get((enum transport)t, (enum tier)tier, (enum verdict)v) -
                    b->told[t][tier][v];

                if (more > 0)
                    counts[n++] =
                        (struct intake_count){(enum transport)t, (enum tier)tier,
                                              verdict_find((enum verdict)v)->label, more};
            }
    return n;
}

static bool
write_book(struct book *b, struct err *e)
{
    struct intake_count counts[CELLS];
    size_t n = list_counts(b, counts);
    char host[HOST_SIZE] = "";
    bool ok;

    (void)gethostname(host, sizeof host - 1);
    ok = store_count(b->store, host, counts, n, e);
    for (size_t i = 0; i < n && (ok || store_lost(b->store)); i++)
        for (int v = 0; v < VERDICT_COUNT; v++)
            if (strcmp(counts[i].outcome, verdict_find((enum verdict)v)->label) == 0)
                b->told[counts[i].transport][counts[i].tier][v] += counts[i].reports;
    return ok && store_fold(b->store, b->max_domains, b->max_senders, e);
}

void
ledger_write(const struct settings *settings, const char *uri, enum store_role role)
{
    struct book b = {.max_domains = settings->metrics.max_domains,
                     .max_senders = settings->metrics.max_senders};

    if (store_open(uri, role, &b.store, NULL))
        (void)write_book(&b, NULL);
    store_close(b.store);
}

/* ---- the thread ---- */

/* A connection may be gone, and the database there; at the end nobody waits for it. */
static bool
ask(struct ledger *l, bool last, struct err *e)
{
    int64_t patience_ms = INT64_C(1000) * (last ? LAST_PROBE_S : PROBE_S);

    if (l->book.store != NULL && store_ping(l->book.store, patience_ms, NULL))
        return true;
    if (last && l->book.store != NULL)
        return err_set(e, ERR_AGAIN, "the database does not answer");
    store_close(l->book.store);
    l->book.store = NULL;
    return store_open_within(l->uri, STORE_COLLECTOR, CONNECT_S, &l->book.store, e);
}

/* True when it is time to stop. */
static bool
pause_thread(struct ledger *l)
{
    int64_t until_ms = clock_ms_in(l->every_s < PROBE_S ? l->every_s : PROBE_S);
    bool stopping, waits = true;

    (void)pthread_mutex_lock(&l->lock);
    while (!l->stopping && (waits || l->leaving))
        waits = clock_wait(&l->stopped, &l->lock, l->leaving ? INT64_MAX : until_ms);
    stopping = l->stopping;
    (void)pthread_mutex_unlock(&l->lock);
    return stopping;
}

static void
announce(struct ledger *l, bool *flag)
{
    (void)pthread_mutex_lock(&l->lock);
    *flag = true;
    (void)pthread_cond_broadcast(&l->stopped);
    (void)pthread_mutex_unlock(&l->lock);
}

static void *
run(void *arg)
{
    struct ledger *l = arg;
    int64_t next_s = clock_s();
    int64_t batches, reports, folded = 0;
    bool failing = false, last = false, written;

    for (;;) {
        struct err e = {0};
        bool up = ask(l, last, &e);

        (void)pthread_mutex_lock(&l->lock);
        l->heard_s = up ? clock_s() : 0;
        l->error = e;
        (void)pthread_mutex_unlock(&l->lock);
        stats_batches(&batches, &reports);
        if (up && (last || clock_s() >= next_s || reports - folded >= MANY_REPORTS)) {
            written = write_book(&l->book, &e);
            if (!written && !failing) /* told once, until it works again */
                log_warning("cannot count", LOG_S("error", e.text));
            failing = !written;
            next_s = clock_s() + l->every_s;
            folded = reports;
        }
        if (last)
            break;
        last = pause_thread(l);
    }
    store_close(l->book.store);
    announce(l, &l->ended);
    return NULL;
}

static void
ledger_free(struct ledger *l)
{
    (void)pthread_cond_destroy(&l->stopped);
    (void)pthread_mutex_destroy(&l->lock);
    free(l->uri);
    free(l);
}

bool
ledger_start(const struct settings *settings, const char *uri, int every_s,
             struct ledger **out, struct err *e)
{
    struct ledger *l = calloc(1, sizeof *l);

    if (l == NULL || (l->uri = strdup(uri)) == NULL) {
        free(l);
        return err_nomem(e);
    }
    l->book.max_domains = settings->metrics.max_domains;
    l->book.max_senders = settings->metrics.max_senders;
    l->every_s = every_s;
    (void)err_set(&l->error, ERR_AGAIN, "not asked yet");
    (void)pthread_mutex_init(&l->lock, NULL);
    clock_cond_init(&l->stopped);
    if (pthread_create(&l->thread, NULL, run, l) != 0) {
        ledger_free(l);
        return err_set(e, ERR_AGAIN, "cannot start a thread");
    }
    *out = l;
    return true;
}

void
ledger_hurry(struct ledger *l)
{
    if (l == NULL)
        return;
    l->stop_ms = clock_ms_in(STOP_S);
    announce(l, &l->leaving);
}

/* In time for whoever waits for the process to end; false when it must be left alone with
 * a database that does not answer. */
static bool
join_soon(struct ledger *l)
{
    int64_t at_least_ms = clock_ms_in(LAST_STOP_S);
    int64_t until_ms = l->stop_ms > at_least_ms ? l->stop_ms : at_least_ms;
    bool ended;

    (void)pthread_mutex_lock(&l->lock);
    while (!l->ended && clock_wait(&l->stopped, &l->lock, until_ms))
        continue;
    ended = l->ended;
    (void)pthread_mutex_unlock(&l->lock);
    return ended && pthread_join(l->thread, NULL) == 0;
}

void
ledger_stop(struct ledger *l)
{
    if (l == NULL)
        return;
    announce(l, &l->stopping);
    if (!l->leaving)
        (void)pthread_join(l->thread, NULL);
    else if (!join_soon(l)) {
        log_warning("cannot count", LOG_S("error", "the database does not answer"));
        return;
    }
    ledger_free(l);
}

bool
ledger_database_up(struct ledger *l, char *reason, size_t size)
{
    bool up;

    (void)pthread_mutex_lock(&l->lock);
    up = l->heard_s != 0 && clock_s() - l->heard_s <= STALE_S;
    (void)snprintf(reason, size, "%s",
                   up                          ? ""
                   : l->error.kind != ERR_NONE ? l->error.text
                                               : "database: no answer");
    (void)pthread_mutex_unlock(&l->lock);
    return up;
}
