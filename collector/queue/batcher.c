/* A report goes through two queues: to the readers as bytes, to the writers as rows. */
#include "collector/queue/batcher.h"

#include "base/count.h"
#include "collector/intake/stats.h"
#include "collector/queue/backlog.h"
#include "collector/queue/drain.h"
#include "collector/queue/readers.h"
#include "collector/queue/writers.h"

#include <stdlib.h>
#include <string.h>

enum {
    STACK_BYTES = 8 << 20, /* GMime recurses */
};

struct threads {
    pthread_t threads[BATCHER_MAX_THREADS];
    size_t count;
};

struct batcher {
    struct backlog backlog;
    struct threads readers, mail_readers, dear_readers, writers, spooler, watch;
};

bool
batcher_reserve(struct batcher *b, enum room_kind kind, size_t bytes)
{
    bool ok;

    (void)pthread_mutex_lock(&b->backlog.lock);
    ok = room_take(&b->backlog.room, kind, bytes);
    (void)pthread_mutex_unlock(&b->backlog.lock);
    return ok;
}

void
batcher_release(struct batcher *b, enum room_kind kind, size_t bytes)
{
    backlog_release(&b->backlog, kind, bytes);
}

void
batcher_end_of_body(struct batcher *b, size_t bytes)
{
    (void)pthread_mutex_lock(&b->backlog.lock);
    room_end(&b->backlog.room, bytes);
    (void)pthread_mutex_unlock(&b->backlog.lock);
}

void
batcher_usage(struct batcher *b, struct batcher_usage *out)
{
    (void)pthread_mutex_lock(&b->backlog.lock);
    *out = (struct batcher_usage){b->backlog.inside, b->backlog.room.used};
    (void)pthread_mutex_unlock(&b->backlog.lock);
}

/* The lock is held. */
static bool
is_full(const struct backlog *b)
{
    return b->inside >= (size_t)b->settings->intake.max_waiting_reports;
}

const char *
batcher_refuses(struct batcher *batcher, const struct peer *peer, bool waits)
{
    struct backlog *b = &batcher->backlog;
    struct peer network = peer_network(peer);
    bool spools = spool_has_room(b->spool, &network);
    const char *why = NULL;

    (void)pthread_mutex_lock(&b->lock);
    if (b->phase >= BACKLOG_STOPPING)
        why = "stopping";
    else if (!spools && b->away && !waits)
        why = b->spool == NULL ? "the database is away, and there is no spool"
                               : "the database is away, and the spool is full";
    else if (!spools && is_full(b))
        why = "too many reports are waiting";
    else if (b->room.used > b->room.max - ROOM_MAX_SMALL_BYTES)
        why = "too many bytes are waiting";
    (void)pthread_mutex_unlock(&b->lock);
    return why;
}

/* To be read, or, when too many wait for that, to disk. The lock is held. */
static bool
put(struct backlog *b, struct delivery *d)
{
    struct backlog_queue *q = d->kind == DELIVERY_MAIL ? &b->mails : &b->reports;

    if (b->phase >= BACKLOG_STOPPING || (q == &b->mails && b->mail == NULL))
        return false;
    if (is_full(b)) {
        if (!backlog_can_spool(b, d) || !lanes_put(&b->spooling.lanes, d))
            return false;
        q = &b->spooling;
    } else if (!backlog_put(b, q, d)) {
        return false;
    }
    b->inside++;
    /* Before the unlock: it may be done, and the batcher gone, right after. */
    (void)pthread_cond_signal(&q->filled);
    return true;
}

void
batcher_submit(struct batcher *batcher, struct delivery *d)
{
    struct backlog *b = &batcher->backlog;
    bool ok;

    arena_init(&d->arena, 0);
    d->submission_count = 0;
    d->charged_bytes = 0;
    d->understood = d->dear = false;
    d->network = peer_network_of(d->peer);
    /* A mail waits for DNS besides. */
    d->deadline_ms =
        clock_ms() + backlog_half_wait_ms(b) * (d->kind == DELIVERY_MAIL ? 2 : 1);
    backlog_push_back(d, "too many reports are waiting, try again later");
    (void)pthread_mutex_lock(&b->lock);
    ok = put(b, d);
    (void)pthread_mutex_unlock(&b->lock);
    if (ok)
        return;
    stats_count(d);
    d->done(d);
}

/* ---- start and stop ---- */

static bool
start_threads(struct batcher *b, struct threads *t, int64_t count, void *(*run)(void *),
              struct err *e)
{
    pthread_attr_t attr;
    int error = pthread_attr_init(&attr);

    if (error == 0)
        error = pthread_attr_setstacksize(&attr, STACK_BYTES);
    while (error == 0 && t->count < (size_t)count && t->count < BATCHER_MAX_THREADS) {
        error = pthread_create(&t->threads[t->count], &attr, run, &b->backlog);
        t->count += error == 0;
    }
    (void)pthread_attr_destroy(&attr);
    return error == 0 ||
           err_set(e, ERR_AGAIN, "cannot start a thread: %s", strerrordesc_np(error));
}

static bool
start(struct batcher *b, struct err *e)
{
    const struct settings *s = b->backlog.settings;

    return start_threads(b, &b->watch, 1, backlog_watch, e) &&
           (b->backlog.spool == NULL ||
            (drain_start(s, b->backlog.uri, b->backlog.spool, &b->backlog.drain, e) &&
             start_threads(b, &b->spooler, 1, backlog_spool, e))) &&
           start_threads(b, &b->readers, s->intake.workers, readers_of_reports, e) &&
           (b->backlog.mail == NULL ||
            start_threads(b, &b->mail_readers, s->mail.workers, readers_of_mails, e)) &&
           start_threads(b, &b->dear_readers, (s->intake.workers + 1) / 2,
                         readers_of_dear, e) &&
           start_threads(b, &b->writers, s->database.connections, writers_run, e);
}

bool
batcher_start(const struct settings *settings, const char *uri,
              const struct mail_context *mail, struct spool *spool, struct batcher **out,
              struct err *e)
{
    struct batcher *b = calloc(1, sizeof *b);

    if (b == NULL)
        return err_nomem(e);
    b->backlog.settings = settings;
    b->backlog.uri = uri;
    b->backlog.mail = mail;
    b->backlog.spool = spool;
    backlog_init(&b->backlog);
    if (start(b, e)) {
        *out = b;
        return true;
    }
    batcher_free(b);
    return false;
}

void
batcher_hurry(struct batcher *b)
{
    if (b == NULL)
        return;
    drain_hurry(b->backlog.drain);
    backlog_enter(&b->backlog, BACKLOG_LEAVING);
}

/* Each kind of thread ends when the one before it has; then what it left is final. */
void
batcher_free(struct batcher *b)
{
    if (b == NULL)
        return;
    batcher_hurry(b);

    const struct {
        enum backlog_phase phase;
        struct threads *last[2];
    } steps[] = {
        {BACKLOG_STOPPING, {&b->readers, &b->mail_readers}},
        {BACKLOG_CHEAP_READ, {&b->dear_readers}},
        {BACKLOG_READ, {&b->writers}},
        {BACKLOG_WRITTEN, {&b->watch}},
        {BACKLOG_DECIDED, {&b->spooler}},
    };

    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        backlog_enter(&b->backlog, steps[i].phase);
        for (size_t k = 0; k < COUNT_OF(steps[i].last); k++) {
            struct threads *t = steps[i].last[k];

            while (t != NULL && t->count > 0)
                (void)pthread_join(t->threads[--t->count], NULL);
        }
    }
    drain_free(b->backlog.drain);
    backlog_clear(&b->backlog);
    free(b);
}
