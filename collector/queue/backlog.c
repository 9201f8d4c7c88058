#include "collector/queue/backlog.h"

#include "base/count.h"
#include "base/log.h"
#include "collector/intake/stats.h"
#include "collector/queue/drain.h"

#include <string.h>

enum {
    CONDITIONS = 8,
    REFUSALS_A_MINUTE = 30,
    SPOOL_BATCH = 64, /* written for one sync of the directory */
};

static void
each_condition(struct backlog *b, void (*fn)(pthread_cond_t *condition))
{
    pthread_cond_t *const conditions[CONDITIONS] = {
        &b->reports.filled,  &b->mails.filled, &b->dear.filled, &b->rows.filled,
        &b->spooling.filled, &b->freed,        &b->expiring,    &b->ending,
    };

    for (size_t i = 0; i < CONDITIONS; i++)
        fn(conditions[i]);
}

static void
destroy(pthread_cond_t *condition)
{
    (void)pthread_cond_destroy(condition);
}

static void
broadcast(pthread_cond_t *condition)
{
    (void)pthread_cond_broadcast(condition);
}

void
backlog_init(struct backlog *b)
{
    const struct settings *s = b->settings;

    b->room.max = (size_t)s->intake.max_waiting_bytes;
    b->room.largest_body = room_step((size_t)s->https.max_body_bytes + 1);
    b->room.largest_mail = room_step((size_t)s->mail.max_message_bytes + 1);
    (void)pthread_mutex_init(&b->lock, NULL);
    each_condition(b, clock_cond_init);
}

void
backlog_clear(struct backlog *b)
{
    struct backlog_queue *const queues[] = {&b->reports, &b->mails, &b->dear, &b->rows,
                                            &b->spooling};

    for (size_t i = 0; i < COUNT_OF(queues); i++)
        lanes_clear(&queues[i]->lanes);
    each_condition(b, destroy);
    (void)pthread_mutex_destroy(&b->lock);
}

void
backlog_enter(struct backlog *b, enum backlog_phase phase)
{
    (void)pthread_mutex_lock(&b->lock);
    b->phase = phase;
    each_condition(b, broadcast);
    (void)pthread_mutex_unlock(&b->lock);
}

/* ---- memory ---- */

enum room_kind
backlog_kind(const struct backlog *b, const struct delivery *d, size_t bytes)
{
    if (bytes > b->room.max / ROOM_BIG_PART)
        return ROOM_BIG;
    return d->kind == DELIVERY_MAIL ? ROOM_MAIL : ROOM_SMALL;
}

void
backlog_release(struct backlog *b, enum room_kind kind, size_t bytes)
{
    (void)pthread_mutex_lock(&b->lock);
    room_give(&b->room, kind, bytes);
    (void)pthread_cond_broadcast(&b->freed);
    (void)pthread_mutex_unlock(&b->lock);
}

/* ---- waiting ---- */

int64_t
backlog_half_wait_ms(const struct backlog *b)
{
    return b->settings->intake.max_wait_s * 500;
}

bool
backlog_put(struct backlog *b, struct backlog_queue *q, struct delivery *d)
{
    if (!lanes_put(&q->lanes, d))
        return false;
    if (d->deadline_ms < b->watch_until_ms)
        (void)pthread_cond_signal(&b->expiring);
    return true;
}

void
backlog_push_back(struct delivery *d, const char *why)
{
    d->verdict = VERDICT_AGAIN;
    (void)stpcpy(d->reason, why);
}

/* The lock is held. */
static struct delivery *
take_expired(struct backlog *b, int64_t *next_ms)
{
    static const char unread[] = "too much is to be read first, try again later";
    static const char unwritten[] =
        "the database does not take it in time, try again later";
    const struct {
        struct backlog_queue *queue;
        const char *why;
    } all[] = {{&b->reports, unread},
               {&b->mails, unread},
               {&b->dear, unread},
               {&b->rows, unwritten}};
    int64_t now_ms = clock_ms();

    *next_ms = INT64_MAX;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        struct lanes *lanes = &all[i].queue->lanes;
        struct delivery *d = lanes_take_expired(lanes, now_ms);
        int64_t deadline_ms = lanes_deadline(lanes);

        *next_ms = deadline_ms < *next_ms ? deadline_ms : *next_ms;
        if (d == NULL)
            continue;
        backlog_push_back(d, all[i].why);
        return d;
    }
    return NULL;
}

void *
backlog_watch(void *arg)
{
    struct backlog *b = arg;

    (void)pthread_mutex_lock(&b->lock);
    while (b->phase < BACKLOG_WRITTEN) {
        int64_t next_ms;
        struct delivery *d = take_expired(b, &next_ms);

        if (d == NULL) {
            b->watch_until_ms = next_ms;
            (void)clock_wait(&b->expiring, &b->lock, next_ms);
            b->watch_until_ms = 0;
            continue;
        }
        (void)pthread_mutex_unlock(&b->lock);
        backlog_finish(b, &d, 1);
        (void)pthread_mutex_lock(&b->lock);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return NULL;
}

/* ---- the end of each ---- */

static void
log_verdict(const struct delivery *d)
{
    static struct log_limit limit = LOG_LIMIT(REFUSALS_A_MINUTE);
    int64_t suppressed;

    if (d->verdict == VERDICT_STORED || d->verdict == VERDICT_DUPLICATE) {
        log_debug(verdict_find(d->verdict)->label, LOG_S("peer", d->peer),
                  LOG_S("reason", d->reason));
    } else if (log_allow(&limit, &suppressed)) {
        log_info(verdict_find(d->verdict)->label,
                 LOG_S("door", transport_text(d->transport)), LOG_S("peer", d->peer),
                 LOG_S("reason", d->reason), LOG_I("bytes", d->byte_count),
                 LOG_I("suppressed", suppressed));
    }
}

/* Memory is given back before the door learns of it, so that a push back ends with it. */
static void
end(struct backlog *b, struct delivery *const items[], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        stats_count(items[i]);
        log_verdict(items[i]);
    }
    (void)pthread_mutex_lock(&b->lock);
    b->inside -= n;
    (void)pthread_cond_broadcast(&b->freed);
    (void)pthread_mutex_unlock(&b->lock);
    for (size_t i = 0; i < n; i++)
        items[i]->done(items[i]);
}

/* What was not read yet goes there too, if it can be a report at all. */
bool
backlog_can_spool(const struct backlog *b, const struct delivery *d)
{
    return b->spool != NULL && d->transport == TRANSPORT_HTTPS &&
           (d->understood || intake_may_be_report(d));
}

void
backlog_finish(struct backlog *b, struct delivery *items[], size_t n)
{
    size_t ended = 0;

    for (size_t i = 0; i < n; i++)
        intake_finish(items[i]);
    (void)pthread_mutex_lock(&b->lock);
    for (size_t i = 0; i < n; i++) {
        struct delivery *d = items[i];
        bool spools = d->verdict == VERDICT_AGAIN && backlog_can_spool(b, d);

        if (d->charged_bytes > 0)
            room_give(&b->room, backlog_kind(b, d, d->charged_bytes), d->charged_bytes);
        d->charged_bytes = 0;
        if (!spools || !lanes_put(&b->spooling.lanes, d))
            items[ended++] = d;
    }
    (void)pthread_cond_broadcast(&b->freed);
    (void)pthread_cond_signal(&b->spooling.filled);
    (void)pthread_mutex_unlock(&b->lock);
    end(b, items, ended);
}

void *
backlog_spool(void *arg)
{
    struct backlog *b = arg;
    struct delivery *items[SPOOL_BATCH];
    size_t n = 0;

    (void)pthread_mutex_lock(&b->lock);
    for (;; n = 0) {
        while (n < SPOOL_BATCH && (items[n] = lanes_take(&b->spooling.lanes)) != NULL)
            n++;
        if (n == 0 && b->phase == BACKLOG_DECIDED)
            break;
        if (n == 0) {
            (void)pthread_cond_wait(&b->spooling.filled, &b->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&b->lock);
        spool_put(b->spool, items, n);
        end(b, items, n);
        drain_wake(b->drain);
        (void)pthread_mutex_lock(&b->lock);
    }
    (void)pthread_mutex_unlock(&b->lock);
    return NULL;
}
