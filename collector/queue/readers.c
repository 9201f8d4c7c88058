#include "collector/queue/readers.h"

#include "collector/queue/writers.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    PROBE_EVERY_MS = 1000,
    DEAR_PART = 4,  /* of the memory: when more waits to be read, it waits on disk */
    DEAR_NICE = 10, /* the others go before */
};

/* What was inflated must fit into the memory too, or go alone. Only who reads what is
 * dear waits for room for a big one. The lock is held. */
static bool
charge(struct backlog *b, struct delivery *d, size_t bytes, bool is_dear)
{
    enum room_kind kind = backlog_kind(b, d, bytes);
    bool waits = is_dear || kind != ROOM_BIG, ok;

    if (d->kind == DELIVERY_MAIL)
        d->deadline_ms = clock_ms() + backlog_half_wait_ms(b);
    while (!(ok = room_take(&b->room, kind, bytes))) {
        if (b->rows.lanes.count == 0 && b->writing == 0) {
            b->room.used += bytes;
            ok = true;
            break;
        }
        if (!waits || clock_ms() >= d->deadline_ms)
            break;
        (void)clock_wait(&b->freed, &b->lock, d->deadline_ms);
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

/* Leaves it to those who have time; false when too much waits for them, and the disk can
 * have it. The lock is held. */
static bool
put_dear(struct backlog *b, struct delivery *d)
{
    bool many = b->dear.lanes.bytes > b->room.max / DEAR_PART;

    backlog_push_back(d, "too much is to be read first, try again later");
    if ((many && backlog_can_spool(b, d)) || !backlog_put(b, &b->dear, d))
        return false;
    (void)pthread_cond_signal(&b->dear.filled);
    return true;
}

static bool
put_rows(struct backlog *b, struct delivery *d, bool is_dear)
{
    size_t bytes = intake_memory(d);

    d->understood = d->kind == DELIVERY_REPORT;
    if (!may_hope(b, d) || !charge(b, d, bytes, is_dear) || !backlog_put(b, &b->rows, d))
        return false;
    if (writers_are_wanted(b))
        (void)pthread_cond_signal(&b->rows.filled);
    return true;
}

static void
read_one(struct backlog *b, struct backlog_queue *q, struct delivery *d)
{
    int64_t began_us = clock_cpu_us();
    bool was_dear = d->dear, queued = false;

    d->max_cheap_bytes = d->dear ? 0 : READERS_MAX_CHEAP_BYTES;
    if (d->kind == DELIVERY_REPORT)
        intake_prepare(b->settings, d);
    else
        mail_prepare(b->mail, d, (int64_t)time(NULL));
    if (d->dear && !was_dear)
        intake_finish(d); /* it begins anew */
    (void)pthread_mutex_lock(&b->lock);
    lanes_charge(&q->lanes, d, clock_cpu_us() - began_us);
    if (d->dear && !was_dear)
        queued = put_dear(b, d);
    else if (d->verdict == VERDICT_PENDING)
        queued = put_rows(b, d, was_dear);
    (void)pthread_mutex_unlock(&b->lock);
    if (!queued)
        backlog_finish(b, &d, 1);
}

static void *
read_all(struct backlog *b, struct backlog_queue *q, enum backlog_phase last)
{
    (void)pthread_mutex_lock(&b->lock);
    for (;;) {
        struct delivery *d = lanes_take(&q->lanes);

        if (d != NULL) {
            (void)pthread_mutex_unlock(&b->lock);
            read_one(b, q, d);
            (void)pthread_mutex_lock(&b->lock);
        } else if (b->phase >= last) {
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

    return read_all(b, &b->reports, BACKLOG_STOPPING);
}

void *
readers_of_mails(void *arg)
{
    struct backlog *b = arg;

    return read_all(b, &b->mails, BACKLOG_STOPPING);
}

void *
readers_of_dear(void *arg)
{
    struct backlog *b = arg;

    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), DEAR_NICE);
    return read_all(b, &b->dear, BACKLOG_CHEAP_READ);
}
