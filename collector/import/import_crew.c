/* Nothing here waits for more than it has to: the reader for room in the queue, a worker
 * for an item or its own commit. What a crash leaves undone, a second run does: the key
 * of a report keeps it from being counted twice. */
#include "collector/import/import_crew.h"

#include "base/clock.h"
#include "collector/import/import_batch.h"
#include "collector/intake/stats.h"
#include "schema/wire/inflate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    STACK_BYTES = 8 << 20, /* GMime recurses */
    PATIENCE_MS = 5,       /* with less than a share of work */
};

struct queued {
    struct queued *next;
    const char *path;
    const char *bytes; /* NULL: too big */
    size_t n;
    char room[];
};

struct import_crew {
    const struct import_plan *plan;
    pthread_mutex_t lock;
    pthread_cond_t filled, drained;
    struct queued *first, **last;
    size_t queued_items, queued_bytes;
    bool reader_waits;
    bool closed; /* no more items will come */
    bool failed; /* given up; `err` says why */
    struct err err;
    struct import_tally tally;
    int worker_count;
    pthread_t workers[IMPORT_MAX_JOBS];
};

struct worker {
    struct import_crew *crew;
    struct import_batch batch;
    struct delivery deliveries[IMPORT_BATCH_REPORTS];
    struct queued *items[IMPORT_BATCH_REPORTS];
    size_t count, bytes;
};

/* ---- the queue ---- */

static struct queued *
queued_new(const struct import_item *item)
{
    size_t path_bytes = strlen(item->path) + 1;
    struct queued *q = malloc(sizeof *q + path_bytes + item->n);

    if (q == NULL)
        return NULL;
    *q = (struct queued){.path = q->room, .n = item->n};
    memcpy(q->room, item->path, path_bytes);
    if (item->bytes != NULL)
        q->bytes = memcpy(q->room + path_bytes, item->bytes, item->n);
    return q;
}

static bool
has_room(const struct import_crew *c, size_t n)
{
    return c->queued_items == 0 || (c->queued_items < IMPORT_QUEUE_ITEMS &&
                                    c->queued_bytes + n <= IMPORT_QUEUE_BYTES);
}

bool
import_crew_put(struct import_crew *c, const struct import_item *item)
{
    struct queued *q = queued_new(item);
    bool ok;

    if (q == NULL)
        return false;
    pthread_mutex_lock(&c->lock);
    while (!has_room(c, q->n) && !c->failed) {
        c->reader_waits = true;
        pthread_cond_broadcast(&c->filled);
        pthread_cond_wait(&c->drained, &c->lock);
    }
    ok = !c->failed;
    if (ok) {
        *c->last = q;
        c->last = &q->next;
        c->queued_items++;
        c->queued_bytes += q->n;
        c->tally.items++;
        if (c->queued_items == 1 || c->queued_items % IMPORT_SHARE_ITEMS == 0)
            pthread_cond_signal(&c->filled);
    }
    pthread_mutex_unlock(&c->lock);
    if (!ok)
        free(q);
    return ok;
}

static bool
is_drained(const struct import_crew *c)
{
    return c->queued_items == 0 || (c->queued_items <= IMPORT_QUEUE_ITEMS / 2 &&
                                    c->queued_bytes <= IMPORT_QUEUE_BYTES / 2);
}

/* Until there is a share of work for who waits, or a little later if there is less. */
static void
await_share(struct import_crew *c)
{
    int64_t deadline_ms = INT64_MAX;

    while (c->queued_items < IMPORT_SHARE_ITEMS && !c->closed && !c->failed &&
           !c->reader_waits && clock_wait(&c->filled, &c->lock, deadline_ms))
        if (deadline_ms == INT64_MAX)
            deadline_ms = clock_ms() + PATIENCE_MS;
}

/* Items that are this worker's now: no more of them than leaves as many to each other.
 * NULL when there will be none, or the crew has given up. */
static struct queued *
take(struct import_crew *c)
{
    struct queued *first, **next = &first;
    size_t share;

    pthread_mutex_lock(&c->lock);
    while (c->first == NULL && !c->closed && !c->failed)
        await_share(c);
    share = c->queued_items / (size_t)c->plan->jobs;
    if (share > IMPORT_SHARE_ITEMS)
        share = IMPORT_SHARE_ITEMS;
    do {
        *next = c->failed ? NULL : c->first;
        if (*next == NULL)
            break;
        c->first = (*next)->next;
        c->queued_items--;
        c->queued_bytes -= (*next)->n;
        next = &(*next)->next;
    } while (share-- > 1);
    *next = NULL;
    if (c->first == NULL)
        c->last = &c->first;
    if (c->reader_waits && is_drained(c)) {
        c->reader_waits = false; /* or who finds the queue empty would not wait */
        pthread_cond_signal(&c->drained);
    }
    pthread_mutex_unlock(&c->lock);
    return first;
}

static void
give_up(struct import_crew *c, const struct err *e)
{
    pthread_mutex_lock(&c->lock);
    if (!c->failed)
        c->err = *e;
    c->failed = true;
    pthread_cond_broadcast(&c->filled);
    pthread_cond_broadcast(&c->drained);
    pthread_mutex_unlock(&c->lock);
}

/* ---- one item ---- */

static void
prepare(const struct import_plan *plan, const struct queued *q, struct delivery *d)
{
    int64_t now = (int64_t)time(NULL);
    bool is_report = plan->as_https || inflate_sniff(q->bytes, q->n) != INFLATE_UNKNOWN;

    *d = (struct delivery){
        .kind = is_report ? DELIVERY_REPORT : DELIVERY_MAIL,
        .transport = plan->as_https ? TRANSPORT_HTTPS : TRANSPORT_IMPORT,
        .bytes = q->bytes,
        .byte_count = q->n,
        .received = is_report ? plan->received : 0,
        .now = now,
        .peer = plan->peer,
        .peer_name = "",
        .vouched = plan->vouched,
    };
    if (q->bytes == NULL)
        d->verdict = VERDICT_TOO_BIG;
    else if (is_report)
        intake_prepare(plan->mail.settings, d);
    else
        mail_prepare(&plan->mail, d, now);
    for (size_t i = 0; i < d->submission_count; i++)
        if (d->submissions[i].received == 0)
            d->submissions[i].received = now;
}

/* ---- a batch ---- */

/* Until it is kept, or the crew gives up. */
static void
put(struct worker *w, const struct bundle *bundle)
{
    struct import_crew *c = w->crew;
    bool failed = false;

    for (unsigned attempt = 0; !failed; attempt++) {
        struct err e = {0};

        if (bundle_is_whole(bundle, &e) && import_batch_put(&w->batch, bundle, &e))
            return;
        if (attempt == IMPORT_RETRIES)
            give_up(c, &e);
        else
            (void)sleep(1U << attempt);
        pthread_mutex_lock(&c->lock);
        failed = c->failed;
        pthread_mutex_unlock(&c->lock);
    }
}

static void
tell(struct worker *w)
{
    const struct import_plan *plan = w->crew->plan;
    struct import_tally *tally = &w->crew->tally;

    pthread_mutex_lock(&w->crew->lock);
    for (size_t i = 0; i < w->count; i++) {
        const struct delivery *d = &w->deliveries[i];

        stats_count(d);
        tally->verdicts[d->verdict]++;
        tally->bytes += d->byte_count;
        if (d->verdict >= VERDICT_NOT_OURS && !w->crew->failed)
            plan->refused(plan->ctx, w->items[i]->path, d->verdict, d->reason);
    }
    pthread_mutex_unlock(&w->crew->lock);
}

static void
flush(struct worker *w)
{
    struct bundle bundle = {0};

    for (size_t i = 0; i < w->count; i++)
        bundle_add_all(&bundle, &w->deliveries[i]);
    put(w, &bundle);
    bundle_clear(&bundle);
    for (size_t i = 0; i < w->count; i++)
        intake_finish(&w->deliveries[i]);
    tell(w);
    for (size_t i = 0; i < w->count; i++)
        free(w->items[i]);
    w->count = w->bytes = 0;
}

static void *
work(void *arg)
{
    struct worker *w = arg;
    struct queued *q, *next;

    for (q = take(w->crew); q != NULL; q = next != NULL ? next : take(w->crew)) {
        next = q->next;
        prepare(w->crew->plan, q, &w->deliveries[w->count]);
        w->items[w->count++] = q;
        w->bytes += q->n + intake_memory(&w->deliveries[w->count - 1]);
        if (w->count == IMPORT_BATCH_REPORTS || w->bytes >= IMPORT_BATCH_BYTES)
            flush(w);
    }
    flush(w);
    import_batch_close(&w->batch);
    free(w);
    return NULL;
}

/* ---- the crew ---- */

/* The first worker's connection is opened here, so that a database that cannot be used is
 * told at once. */
static bool
start_worker(struct import_crew *c, struct err *e)
{
    struct worker *w = calloc(1, sizeof *w);
    pthread_attr_t attr;
    bool ok;

    if (w == NULL)
        return err_nomem(e);
    w->crew = c;
    w->batch.store_uri = c->plan->store_uri;
    w->batch.owner_uri = c->plan->owner_uri;
    if (c->worker_count == 0 && !import_batch_connect(&w->batch, e)) {
        free(w);
        return false;
    }
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, STACK_BYTES);
    ok = pthread_create(&c->workers[c->worker_count], &attr, work, w) == 0;
    (void)pthread_attr_destroy(&attr);
    if (ok) {
        c->worker_count++;
        return true;
    }
    import_batch_close(&w->batch);
    free(w);
    return err_set(e, ERR_AGAIN, "cannot start a thread");
}

bool
import_crew_start(const struct import_plan *plan, struct import_crew **out, struct err *e)
{
    struct import_crew *c = calloc(1, sizeof *c);
    struct import_tally tally;

    if (c == NULL)
        return err_nomem(e);
    c->plan = plan;
    c->last = &c->first;
    (void)pthread_mutex_init(&c->lock, NULL);
    clock_cond_init(&c->filled);
    (void)pthread_cond_init(&c->drained, NULL);
    for (int i = 0; i < plan->jobs && i < IMPORT_MAX_JOBS; i++) {
        if (!start_worker(c, e)) {
            (void)import_crew_finish(c, &tally, NULL);
            return false;
        }
    }
    *out = c;
    return true;
}

void
import_crew_tally(struct import_crew *c, struct import_tally *out)
{
    pthread_mutex_lock(&c->lock);
    *out = c->tally;
    pthread_mutex_unlock(&c->lock);
}

bool
import_crew_finish(struct import_crew *c, struct import_tally *out, struct err *e)
{
    struct queued *next;
    bool ok;

    pthread_mutex_lock(&c->lock);
    c->closed = true;
    pthread_cond_broadcast(&c->filled);
    pthread_mutex_unlock(&c->lock);
    for (int i = 0; i < c->worker_count; i++)
        (void)pthread_join(c->workers[i], NULL);
    for (struct queued *q = c->first; q != NULL; q = next) {
        next = q->next;
        free(q);
    }
    *out = c->tally;
    ok = !c->failed || err_set(e, c->err.kind, "%s", c->err.text);
    (void)pthread_mutex_destroy(&c->lock);
    (void)pthread_cond_destroy(&c->filled);
    (void)pthread_cond_destroy(&c->drained);
    free(c);
    return ok;
}
