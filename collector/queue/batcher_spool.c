/* The road around the database: what it cannot take now goes to the spool, and what lies
 * there goes to it later, in batches of its own, over a connection of its own, so that
 * live posts never wait behind old ones. */
#include "base/fault.h"
#include "base/log.h"
#include "collector/intake/stats.h"
#include "collector/queue/batcher_inside.h"
#include "schema/store/store.h"

enum {
    SPOOL_BATCH = 64,        /* written for one sync of the directory */
    DRAIN_REPORTS = 100,     /* taken out for one COMMIT */
    DRAIN_BYTES = 4 << 20,   /* of them */
    DRAIN_MEMORY = 32 << 20, /* that they take once decoded */
    DRAIN_PAUSE_MS = 500,    /* when the database will not have them */
    DRAIN_LIMIT_MS = 3000,   /* for a batch, at first */
    LINES_A_MINUTE = 10,
    DRAIN_MAX_LIMIT_MS = 60000 /* and when it needs more */
};

/* ---- in ---- */

bool
batcher_can_spool(const struct batcher *b, const struct delivery *d)
{
    return b->spool != NULL && d->understood && d->transport == TRANSPORT_HTTPS;
}

bool
batcher_to_spool(struct batcher *b, struct delivery *d)
{
    if (!batcher_can_spool(b, d))
        return false;
    (void)pthread_mutex_lock(&b->lock);
    lanes_put(&b->spooling, d);
    (void)pthread_cond_signal(&b->to_spool);
    (void)pthread_mutex_unlock(&b->lock);
    return true;
}

/* The lock is held. */
static size_t
collect(struct batcher *b, struct delivery *items[])
{
    size_t n = 0;

    while (n < SPOOL_BATCH && (items[n] = lanes_take(&b->spooling)) != NULL)
        n++;
    return n;
}

void *
batcher_spool(void *arg)
{
    struct batcher *b = arg;
    struct delivery *items[SPOOL_BATCH];
    size_t n;

    (void)pthread_mutex_lock(&b->lock);
    while ((n = collect(b, items)) > 0 || !b->decided) {
        if (n == 0) {
            (void)pthread_cond_wait(&b->to_spool, &b->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&b->lock);
        spool_put(b->spool, items, n);
        batcher_end(b, items, n);
        (void)pthread_mutex_lock(&b->lock);
        (void)pthread_cond_broadcast(&b->ending); /* there is something to drain */
    }
    (void)pthread_mutex_unlock(&b->lock);
    return NULL;
}

/* ---- out ---- */

struct drain {
    struct batcher *b;
    struct store *store;
    int64_t limit_ms;
    struct spooled items[DRAIN_REPORTS];
    struct submission *submissions[DRAIN_REPORTS];
    size_t count;
    int64_t stored; /* since the spool was empty */
};

/* Through the same intake as when it came. */
static bool
prepare(struct drain *drain, struct spooled *item)
{
    struct delivery *d = &item->delivery;

    intake_prepare(drain->b->settings, d);
    if (d->verdict == VERDICT_PENDING)
        return true;
    intake_finish(d);
    /* The settings have changed since; it was acknowledged, so it is kept. */
    if (d->verdict != VERDICT_AGAIN)
        spool_set_aside(drain->b->spool, item, d->reason);
    buf_clear(&item->file);
    return false;
}

static size_t
take_out(struct drain *drain)
{
    size_t bytes = 0, memory = 0;

    drain->count = 0;
    while (drain->count < DRAIN_REPORTS && bytes < DRAIN_BYTES && memory < DRAIN_MEMORY) {
        struct spooled *item = &drain->items[drain->count];

        if (!spool_next(drain->b->spool, item))
            break;
        if (!prepare(drain, item))
            continue;
        drain->submissions[drain->count++] = item->delivery.submissions;
        bytes += item->file.len;
        memory += intake_memory(&item->delivery);
    }
    return drain->count;
}

static bool
is_kept(enum verdict v)
{
    return v == VERDICT_STORED || v == VERDICT_DUPLICATE || v == VERDICT_QUARANTINED;
}

/* Forgets what is committed; returns how many that are. */
static int64_t
finish(struct drain *drain)
{
    int64_t kept = 0;

    for (size_t i = 0; i < drain->count; i++) {
        struct spooled *item = &drain->items[i];

        intake_finish(&item->delivery);
        if (is_kept(item->delivery.verdict)) {
            stats_count(&item->delivery);
            FAULT("drain-before-unlink");
            spool_remove(drain->b->spool, item);
            kept++;
        }
        buf_clear(&item->file);
    }
    drain->stored += kept;
    return kept;
}

/* A batch; false when it is better to wait before the next. */
static bool
drain_some(struct drain *drain)
{
    static struct log_limit limit = LOG_LIMIT(LINES_A_MINUTE);
    struct err e = {0};
    int64_t suppressed;
    bool ok;

    if (drain->store == NULL && !store_open_within(drain->b->uri, STORE_COLLECTOR,
                                                   BATCHER_CONNECT_S, &drain->store, &e))
        return false;
    if (take_out(drain) == 0)
        return false;
    store_limit(drain->store, drain->limit_ms);
    FAULT("drain-before-put");
    ok = store_put(drain->store, drain->submissions, drain->count, &e);
    FAULT("drain-after-put");
    if (!ok && log_allow(&limit, &suppressed))
        log_warning("cannot drain the spool", LOG_S("error", e.text),
                    LOG_I("suppressed", suppressed));
    if (store_lost(drain->store)) {
        store_close(drain->store);
        drain->store = NULL;
        spool_rewind(drain->b->spool);
        drain->limit_ms *= drain->limit_ms < DRAIN_MAX_LIMIT_MS ? 2 : 1;
    } else {
        drain->limit_ms = DRAIN_LIMIT_MS;
    }
    return finish(drain) > 0;
}

static bool
has_work(struct drain *drain)
{
    struct spool_usage usage;

    spool_usage(drain->b->spool, &usage);
    if (usage.files > usage.aside)
        return true;
    if (drain->stored > 0)
        log_info("spool drained", LOG_I("reports", drain->stored));
    drain->stored = 0;
    store_close(drain->store);
    drain->store = NULL;
    return false;
}

void *
batcher_drain(void *arg)
{
    struct drain drain = {.b = arg, .limit_ms = DRAIN_LIMIT_MS};
    struct batcher *b = arg;

    (void)pthread_mutex_lock(&b->lock);
    while (!b->leaving) {
        bool work, go_on;

        (void)pthread_mutex_unlock(&b->lock);
        work = has_work(&drain);
        go_on = work && drain_some(&drain);
        (void)pthread_mutex_lock(&b->lock);
        if (!go_on && !b->leaving)
            (void)clock_wait(&b->ending, &b->lock,
                             work ? clock_ms() + DRAIN_PAUSE_MS : INT64_MAX);
    }
    (void)pthread_mutex_unlock(&b->lock);
    store_close(drain.store);
    return NULL;
}
