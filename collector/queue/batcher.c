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
    MAX_THREADS = 64,      /* of each kind */
};

struct threads {
    pthread_t threads[MAX_THREADS];
    size_t count;
};

struct batcher {
    struct backlog backlog;
    struct threads readers, mail_readers, writers, spooler, watch;
};

bool
batcher_reserve(struct batcher *b, size_t bytes)
{
    bool ok;

    (void)pthread_mutex_lock(&b->backlog.lock);
    ok = backlog_take_bytes(&b->backlog, bytes);
    (void)pthread_mutex_unlock(&b->backlog.lock);
    return ok;
}

void
batcher_release(struct batcher *b, size_t bytes)
{
    backlog_release(&b->backlog, bytes);
}

/* The lock is held. */
static bool
has_room(const struct backlog *b)
{
    return b->phase < BACKLOG_STOPPING &&
           b->inside < (size_t)b->settings->intake.max_waiting_reports;
}

bool
batcher_has_room(struct batcher *b)
{
    bool ok;

    (void)pthread_mutex_lock(&b->backlog.lock);
    ok = has_room(&b->backlog);
    (void)pthread_mutex_unlock(&b->backlog.lock);
    return ok;
}

void
batcher_usage(struct batcher *b, struct batcher_usage *out)
{
    (void)pthread_mutex_lock(&b->backlog.lock);
    *out = (struct batcher_usage){b->backlog.inside, b->backlog.bytes_used};
    (void)pthread_mutex_unlock(&b->backlog.lock);
}

void
batcher_submit(struct batcher *batcher, struct delivery *d)
{
    struct backlog *b = &batcher->backlog;
    struct backlog_queue *q = d->kind == DELIVERY_MAIL ? &b->mails : &b->reports;
    bool mail = d->kind == DELIVERY_MAIL, room;

    arena_init(&d->arena, 0);
    d->submission_count = 0;
    d->charged_bytes = 0;
    d->understood = false;
    backlog_push_back(d, "too many reports are waiting, try again later");
    (void)pthread_mutex_lock(&b->lock);
    room = has_room(b) && (!mail || b->mail != NULL);
    if (room) {
        b->inside++;
        /* A mail waits for DNS besides. */
        d->deadline_ms = clock_ms() + backlog_half_wait_ms(b) * (mail ? 2 : 1);
        backlog_put(b, q, d);
        /* Before the unlock: it may be done, and the batcher gone, right after. */
        (void)pthread_cond_signal(&q->filled);
    }
    (void)pthread_mutex_unlock(&b->lock);
    if (room)
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
    while (error == 0 && t->count < (size_t)count && t->count < MAX_THREADS) {
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
