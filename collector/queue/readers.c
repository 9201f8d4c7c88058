/* Mails wait for DNS, so reports have readers of their own. */
#include "collector/queue/readers.h"

#include "collector/queue/writers.h"

#include <time.h>

enum {
    BIG_PART = 16, /* of the budget: what takes more is big */
    PROBE_EVERY_MS = 1000,
};

/* Big ones leave a quarter of the budget to the others. */
static bool
take_bytes(struct backlog *b, size_t bytes, bool big)
{
    size_t kept = big ? (size_t)b->settings->intake.max_waiting_bytes / 4 : 0;

    if (!backlog_take_bytes(b, bytes + kept))
        return false;
    b->bytes_used -= kept;
    return true;
}

/* What was inflated must fit into the budget too, or go alone. A few kilobytes can
 * inflate to as much as is allowed, so of those that are big never do all workers wait
 * for room: the last goes on with what others sent. The lock is held. */
static bool
charge(struct backlog *b, struct delivery *d, size_t bytes)
{
    bool big = bytes > (size_t)b->settings->intake.max_waiting_bytes / BIG_PART;
    bool ok;

    if (d->kind == DELIVERY_MAIL)
        d->deadline_ms = clock_ms() + backlog_half_wait_ms(b);
    while (!(ok = take_bytes(b, bytes, big))) {
        if (b->rows.lanes.count == 0 && b->writing == 0) {
            b->bytes_used += bytes;
            ok = true;
            break;
        }
        if (clock_ms() >= d->deadline_ms ||
            (big && b->big_waiting + 1 >= (size_t)b->settings->intake.workers))
            break;
        b->big_waiting += big;
        (void)clock_wait(&b->freed, &b->lock, d->deadline_ms);
        b->big_waiting -= big;
    }
    if (ok)
        d->charged_bytes = bytes;
    return ok;
}

/* Nobody waits for a database that is away when there is the spool; but for one a second,
 * to see whether a writer that has a connection can use it. The lock is held. */
static bool
may_hope(struct backlog *b, const struct delivery *d)
{
    int64_t now = clock_ms();

    if (!b->away || !backlog_can_spool(b, d))
        return true;
    if (b->connected == 0 || now < b->next_probe_ms)
        return false;
    b->next_probe_ms = now + PROBE_EVERY_MS;
    return true;
}

static void
read_one(struct backlog *b, struct delivery *d)
{
    bool queued = false, wake = false;

    if (d->kind == DELIVERY_REPORT)
        intake_prepare(b->settings, d);
    else
        mail_prepare(b->mail, d, (int64_t)time(NULL));
    if (d->verdict == VERDICT_PENDING) {
        size_t bytes = intake_memory(d);

        d->understood = d->kind == DELIVERY_REPORT;
        (void)pthread_mutex_lock(&b->lock);
        queued = may_hope(b, d) && charge(b, d, bytes);
        if (queued) {
            backlog_put(b, &b->rows, d);
            wake = writers_are_wanted(b);
        }
        (void)pthread_mutex_unlock(&b->lock);
    }
    if (wake)
        (void)pthread_cond_signal(&b->rows.filled);
    if (!queued)
        backlog_finish(b, &d, 1);
}

static void *
read_all(struct backlog *b, struct backlog_queue *q)
{
    (void)pthread_mutex_lock(&b->lock);
    for (;;) {
        struct delivery *d = lanes_take(&q->lanes);

        if (d != NULL) {
            (void)pthread_mutex_unlock(&b->lock);
            read_one(b, d);
            (void)pthread_mutex_lock(&b->lock);
        } else if (b->phase >= BACKLOG_STOPPING) {
            break;
        } else {
            (void)pthread_cond_wait(&q->filled, &b->lock);
        }
    }
    (void)pthread_mutex_unlock(&b->lock);
    return NULL;
}

void *
readers_of_reports(void *arg)
{
    struct backlog *b = arg;

    return read_all(b, &b->reports);
}

void *
readers_of_mails(void *arg)
{
    struct backlog *b = arg;

    return read_all(b, &b->mails);
}
