#include "collector/queue/drain.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "collector/intake/bundle.h"
#include "collector/intake/stats.h"
#include "schema/store/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    BATCH_REPORTS = 100,     /* taken out for one COMMIT */
    BATCH_BYTES = 4 << 20,   /* of them */
    BATCH_MEMORY = 32 << 20, /* that they take once decoded */
    BATCH_CPU_US = 1000000,  /* in which they are */
    NICE = 10,               /* what comes now goes before */
    CONNECT_S = 2,
    PAUSE_MS = 500,       /* when the database will not have them */
    LIMIT_MS = 3000,      /* for a batch, at first */
    MAX_LIMIT_MS = 60000, /* and when it needs more */
    LINES_A_MINUTE = 10,
};

struct drain {
    const struct settings *settings;
    const char *uri;
    struct spool *spool;
    pthread_t thread;
    pthread_mutex_t lock; /* of these three */
    pthread_cond_t changed;
    bool woken, leaving;

    /* the thread's own */
    struct store *store;
    int64_t limit_ms;
    struct spooled items[BATCH_REPORTS];
    size_t count;
    size_t dropped; /* of the batch, for being none of ours */
    int64_t stored; /* since the spool was empty */
};

/* Through the same intake as when it came. */
static bool
prepare(struct drain *d, struct spooled *item)
{
    static struct log_limit limit = LOG_LIMIT(LINES_A_MINUTE);
    struct delivery *delivery = &item->delivery;
    int64_t suppressed;

    intake_prepare(d->settings, delivery);
    if (delivery->verdict == VERDICT_PENDING)
        return true;
    intake_finish(delivery);
    /* The settings have changed since; it was acknowledged, so it is kept. What nobody
     * had read is not, when it is none of ours. */
    if (delivery->verdict != VERDICT_AGAIN && delivery->understood) {
        spool_set_aside(d->spool, item, delivery->reason);
    } else if (delivery->verdict != VERDICT_AGAIN) {
        stats_count(delivery);
        if (log_allow(&limit, &suppressed))
            log_info(verdict_find(delivery->verdict)->label, LOG_S("door", "spool"),
                     LOG_S("peer", delivery->peer), LOG_S("reason", delivery->reason),
                     LOG_I("suppressed", suppressed));
        spool_remove(d->spool, item);
        d->dropped++;
    }
    buf_clear(&item->file);
    return false;
}

static void
take_out(struct drain *d, struct bundle *bundle)
{
    size_t bytes = 0, memory = 0;
    int64_t until_us = clock_cpu_us() + BATCH_CPU_US;

    d->count = d->dropped = 0;
    while (d->count < BATCH_REPORTS && bundle->count < BATCH_REPORTS &&
           bytes < BATCH_BYTES && memory < BATCH_MEMORY &&
           (d->count + d->dropped == 0 || clock_cpu_us() < until_us) &&
           spool_next(d->spool, &d->items[d->count])) {
        struct spooled *item = &d->items[d->count];

        if (!prepare(d, item))
            continue;
        d->count++;
        bundle_add_all(bundle, &item->delivery);
        bytes += item->file.len;
        memory += intake_memory(&item->delivery);
    }
}

/* Forgets what is committed; returns how many that are. */
static int64_t
finish(struct drain *d)
{
    int64_t kept = 0;

    for (size_t i = 0; i < d->count; i++) {
        struct spooled *item = &d->items[i];
        enum verdict v;

        intake_finish(&item->delivery);
        v = item->delivery.verdict;
        if (v == VERDICT_STORED || v == VERDICT_DUPLICATE || v == VERDICT_QUARANTINED) {
            stats_count(&item->delivery);
            FAULT("drain-before-unlink");
            spool_remove(d->spool, item);
            kept++;
        }
        buf_clear(&item->file);
    }
    d->stored += kept;
    return kept;
}

/* A batch; false when it is better to wait before the next. */
static bool
drain_some(struct drain *d)
{
    static struct log_limit limit = LOG_LIMIT(LINES_A_MINUTE);
    struct bundle bundle = {0};
    struct err e = {0};
    int64_t suppressed;
    bool ok;

    if (d->store == NULL &&
        !store_open_within(d->uri, STORE_COLLECTOR, CONNECT_S, &d->store, &e))
        return false;
    take_out(d, &bundle);
    if (d->count == 0)
        return d->dropped > 0;
    store_limit(d->store, d->limit_ms);
    FAULT("drain-before-put");
    ok = bundle_is_whole(&bundle, &e) &&
         store_put(d->store, bundle.items, bundle.count, &e);
    FAULT("drain-after-put");
    bundle_clear(&bundle);
    if (!ok && log_allow(&limit, &suppressed))
        log_warning("cannot drain the spool", LOG_S("error", e.text),
                    LOG_I("suppressed", suppressed));
    if (store_lost(d->store)) {
        store_close(d->store);
        d->store = NULL;
        spool_rewind(d->spool);
        d->limit_ms *= d->limit_ms < MAX_LIMIT_MS ? 2 : 1;
    } else {
        d->limit_ms = LIMIT_MS;
    }
    return finish(d) > 0;
}

static bool
has_work(struct drain *d)
{
    struct spool_usage usage;

    spool_usage(d->spool, &usage);
    if (usage.files > usage.aside)
        return true;
    if (d->stored > 0)
        log_info("spool drained", LOG_I("reports", d->stored));
    d->stored = 0;
    store_close(d->store);
    d->store = NULL;
    return false;
}

static void *
run(void *arg)
{
    struct drain *d = arg;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    (void)pthread_mutex_lock(&d->lock);
    while (!d->leaving) {
        bool work, go_on;

        d->woken = false;
        (void)pthread_mutex_unlock(&d->lock);
        work = has_work(d);
        go_on = work && drain_some(d);
        (void)pthread_mutex_lock(&d->lock);
        if (!go_on && !d->leaving && (work || !d->woken))
            (void)clock_wait(&d->changed, &d->lock,
                             work ? clock_ms() + PAUSE_MS : INT64_MAX);
    }
    (void)pthread_mutex_unlock(&d->lock);
    store_close(d->store);
    return NULL;
}

bool
drain_start(const struct settings *s, const char *uri, struct spool *spool,
            struct drain **out, struct err *e)
{
    struct drain *d = calloc(1, sizeof *d);
    int error;

    if (d == NULL)
        return err_nomem(e);
    d->settings = s;
    d->uri = uri;
    d->spool = spool;
    d->limit_ms = LIMIT_MS;
    (void)pthread_mutex_init(&d->lock, NULL);
    clock_cond_init(&d->changed);
    if ((error = pthread_create(&d->thread, NULL, run, d)) != 0) {
        free(d);
        return err_set(e, ERR_AGAIN, "cannot start a thread: %s", strerrordesc_np(error));
    }
    *out = d;
    return true;
}

static void
tell(struct drain *d, bool *flag)
{
    (void)pthread_mutex_lock(&d->lock);
    *flag = true;
    (void)pthread_cond_signal(&d->changed);
    (void)pthread_mutex_unlock(&d->lock);
}

void
drain_wake(struct drain *d)
{
    tell(d, &d->woken);
}

void
drain_hurry(struct drain *d)
{
    if (d != NULL)
        tell(d, &d->leaving);
}

void
drain_free(struct drain *d)
{
    if (d == NULL)
        return;
    drain_hurry(d);
    (void)pthread_join(d->thread, NULL);
    (void)pthread_cond_destroy(&d->changed);
    (void)pthread_mutex_destroy(&d->lock);
    free(d);
}
