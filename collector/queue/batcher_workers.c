/* Workers: bytes to rows. Those of mails wait for DNS, so reports have their own. */
#include "collector/queue/batcher_inside.h"

#include <time.h>

enum {
    BIG_PART = 16, /* of the budget: what takes more is big */
    PROBE_EVERY_MS = 1000,
};

static void
prepare(struct batcher *b, struct delivery *d)
{
    if (d->kind == DELIVERY_REPORT)
        intake_prepare(b->settings, d);
    else
        mail_prepare(b->mail, d, (int64_t)time(NULL));
}

/* Big ones leave a quarter of the budget to the others. */
static bool
take_bytes(struct batcher *b, size_t bytes, bool big)
{
    size_t kept = big ? (size_t)b->settings->intake.max_waiting_bytes / 4 : 0;

    if (!batcher_take_bytes(b, bytes + kept))
        return false;
    b->bytes_used -= kept;
    return true;
}

/* What was inflated must fit into the budget too, or go alone. A few kilobytes can
 * inflate to as much as is allowed, so of those that are big never do all workers wait
 * for room: the last goes on with what others sent. The lock is held. */
static bool
charge(struct batcher *b, struct delivery *d, size_t bytes)
{
    bool big = bytes > (size_t)b->settings->intake.max_waiting_bytes / BIG_PART;
    bool ok;

    if (d->kind == DELIVERY_MAIL)
        d->deadline_ms = clock_ms() + batcher_half_wait_ms(b);
    while (!(ok = take_bytes(b, bytes, big))) {
        if (b->rows.count == 0 && b->writing == 0) {
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
may_hope(struct batcher *b, const struct delivery *d)
{
    int64_t now = clock_ms();

    if (!b->away || !batcher_can_spool(b, d))
        return true;
    if (b->connected == 0 || now < b->next_probe_ms)
        return false;
    b->next_probe_ms = now + PROBE_EVERY_MS;
    return true;
}

static void
read_one(struct batcher *b, struct delivery *d)
{
    bool queued = false, wake = false;

    prepare(b, d);
    if (d->verdict == VERDICT_PENDING) {
        size_t bytes = intake_memory(d);

        d->understood = d->kind == DELIVERY_REPORT;
        (void)pthread_mutex_lock(&b->lock);
        queued = may_hope(b, d) && charge(b, d, bytes);
        if (queued) {
            lanes_put(&b->rows, d);
            wake = batcher_wants_writer(b);
            batcher_watch(b, d);
        }
        (void)pthread_mutex_unlock(&b->lock);
    }
    if (wake)
        (void)pthread_cond_signal(&b->to_write);
    if (!queued)
        batcher_finish(b, &d, 1);
}

static void *
read_all(struct batcher *b, struct lanes *lanes, pthread_cond_t *filled)
{
    (void)pthread_mutex_lock(&b->lock);
    for (;;) {
        struct delivery *d = lanes_take(lanes);

        if (d != NULL) {
            (void)pthread_mutex_unlock(&b->lock);
            read_one(b, d);
            (void)pthread_mutex_lock(&b->lock);
        } else if (b->stopping) {
            break;
        } else {
            (void)pthread_cond_wait(filled, &b->lock);
        }
    }
    (void)pthread_mutex_unlock(&b->lock);
    return NULL;
}

void *
batcher_read_reports(void *arg)
{
    struct batcher *b = arg;

    return read_all(b, &b->reports, &b->to_read);
}

void *
batcher_read_mails(void *arg)
{
    struct batcher *b = arg;

    return read_all(b, &b->mails, &b->to_read_mail);
}
