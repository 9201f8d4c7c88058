#include "collector/queue/writers.h"

#include "base/log.h"
#include "collector/intake/bundle.h"
#include "collector/intake/stats.h"
#include "schema/store/store.h"

enum {
    FIRST_PAUSE_MS = 100, /* before the next try to connect */
    LAST_PAUSE_MS = 500,
    CONNECT_S = 2, /* for the database to take a connection: the least that libpq knows */
    PATIENT_TRY = 5, /* one in so many */
    PATIENT_CONNECT_S = 5,
    ROWS_A_MS = 4, /* of a batch, at the least, beside its fixed time */
    BYTES_A_MS = 4 << 10,
    MAX_SLOW = 16,
    WORTH_A_WRITER = 20,  /* reports for which a second writer begins beside a busy one */
    PATIENCE_MS = 20,     /* how long fewer wait for it */
    ROWS_OF_A_REPORT = 2, /* in report and raw_report; then those of its policies */
};

struct batch {
    struct delivery *deliveries[WRITERS_MAX_REPORTS];
    size_t count, bytes, rows;
    bool patient; /* there is no spool for the first */
};

/* A connection, and how many times the usual a batch may take on it that cannot go to
 * the spool. */
struct writer {
    struct store *store;
    int64_t slow;
};

static size_t
rows_of(const struct delivery *d)
{
    size_t rows = 0;

    for (size_t i = 0; i < d->submission_count; i++) {
        const struct report *r = d->submissions[i].report;

        rows += ROWS_OF_A_REPORT;
        for (size_t k = 0; r != NULL && k < r->policy_count; k++)
            rows += 1 + r->policies[k].detail_count;
    }
    return rows;
}

/* Always at least one. Where the database is slow, what the spool can take does not wait
 * with what it cannot. The lock is held. */
static void
collect(struct backlog *b, const struct writer *w, struct batch *batch)
{
    const struct delivery *d = lanes_peek(&b->rows.lanes);

    batch->count = batch->bytes = batch->rows = 0;
    batch->patient = d != NULL && !backlog_can_spool(b, d);
    while ((d = lanes_peek(&b->rows.lanes)) != NULL &&
           batch->count < WRITERS_MAX_REPORTS) {
        size_t rows = rows_of(d);

        if (batch->count > 0 && (batch->bytes + d->byte_count > WRITERS_MAX_BYTES ||
                                 batch->rows + rows > WRITERS_MAX_ROWS))
            break;
        if (w->slow > 1 && backlog_can_spool(b, d) == batch->patient)
            break;
        batch->bytes += d->byte_count;
        batch->rows += rows;
        batch->deliveries[batch->count] = lanes_take(&b->rows.lanes);
        lanes_charge(&b->rows.lanes, batch->deliveries[batch->count++], (int64_t)rows);
    }
    b->writing += batch->count;
}

/* One line when it goes, one when it comes back, whatever the number of writers. */
static void
say_away(struct backlog *b, bool away, const char *why)
{
    bool changed;

    (void)pthread_mutex_lock(&b->lock);
    /* As long as others can write it is only short of connections. */
    away = away && (b->connected == 0 || b->doubted);
    changed = b->away != away;
    b->away = away;
    b->doubted = b->doubted && away;
    if (changed && away && b->spool != NULL) { /* what may go there waits no longer */
        lanes_expire(&b->rows.lanes, TRANSPORT_HTTPS);
        (void)pthread_cond_signal(&b->expiring);
    }
    (void)pthread_mutex_unlock(&b->lock);
    if (changed && away)
        log_error("database away", LOG_S("error", why));
    else if (changed)
        log_info("database back");
}

/* Two fifths of what a report may wait, and more for large batches. */
static int64_t
limit_of(const struct backlog *b, const struct writer *w, const struct batch *batch)
{
    return (batch->patient ? w->slow : 1) *
           (backlog_half_wait_ms(b) * 4 / 5 +
            (int64_t)(batch->rows / ROWS_A_MS + batch->bytes / BYTES_A_MS));
}

static void
write_batch(struct backlog *b, struct writer *w, struct batch *batch)
{
    struct bundle bundle = {0};
    struct err e = {0};
    bool ok;

    store_limit(w->store, limit_of(b, w, batch));
    for (size_t i = 0; i < batch->count; i++)
        bundle_add_all(&bundle, batch->deliveries[i]);
    /* Without memory for the list every outcome stays pending: try again later. */
    ok = bundle_is_whole(&bundle, &e) &&
         store_put(w->store, bundle.items, bundle.count, &e);
    stats_batch(batch->count);
    if (ok)
        say_away(b, false, "");
    else
        log_warning("cannot store", LOG_S("error", e.text),
                    LOG_I("reports", bundle.count));
    bundle_clear(&bundle);
    (void)pthread_mutex_lock(&b->lock);
    b->writing -= batch->count;
    b->doubted = store_lost(w->store);
    (void)pthread_mutex_unlock(&b->lock);
    backlog_finish(b, batch->deliveries, batch->count);
}

static void
count_connected(struct backlog *b, int more)
{
    (void)pthread_mutex_lock(&b->lock);
    b->connected += (size_t)more;
    (void)pthread_mutex_unlock(&b->lock);
}

/* Connects, however long it takes; NULL once there is nothing left to write. Most tries
 * are short, so that one begins soon after the database is back; some are longer, for one
 * that is slow. */
static struct store *
connect_store(struct backlog *b, bool *at_once)
{
    int64_t pause_ms = FIRST_PAUSE_MS;
    struct store *store = NULL;
    bool over = false;

    for (*at_once = true; !over; *at_once = false) {
        struct err e = {0};
        bool patient;

        (void)pthread_mutex_lock(&b->lock);
        patient = ++b->connect_tries % PATIENT_TRY == 0 && b->phase == BACKLOG_OPEN;
        (void)pthread_mutex_unlock(&b->lock);
        if (store_open_within(b->uri, STORE_COLLECTOR,
                              patient ? PATIENT_CONNECT_S : CONNECT_S, &store, &e)) {
            count_connected(b, 1);
            say_away(b, false, "");
            return store;
        }
        say_away(b, true, e.text);
        (void)pthread_mutex_lock(&b->lock);
        over = b->phase >= BACKLOG_READ && b->rows.lanes.count == 0;
        if (!over)
            (void)clock_wait(&b->ending, &b->lock, clock_ms() + pause_ms);
        over = b->phase >= BACKLOG_READ && b->rows.lanes.count == 0;
        (void)pthread_mutex_unlock(&b->lock);
        pause_ms = pause_ms * 2 > LAST_PAUSE_MS ? LAST_PAUSE_MS : pause_ms * 2;
    }
    return NULL;
}

/* When a batch may begin; INT64_MAX: when something changes. What a transaction costs by
 * itself is shared by all in it, so few wait for the one that is being written: not long,
 * for it may hang. The lock is held. */
static int64_t
begins_ms(const struct backlog *b)
{
    if (b->phase >= BACKLOG_READ || (b->rows.lanes.count > 0 && b->writing == 0) ||
        b->rows.lanes.count >= WORTH_A_WRITER)
        return 0;
    if (b->rows.lanes.count == 0)
        return INT64_MAX;
    return lanes_deadline(&b->rows.lanes) - backlog_half_wait_ms(b) + PATIENCE_MS;
}

bool
writers_are_wanted(const struct backlog *b)
{
    return b->rows.lanes.count == 1 || begins_ms(b) == 0;
}

static bool
next_batch(struct backlog *b, const struct writer *w, struct batch *batch)
{
    int64_t begins;

    (void)pthread_mutex_lock(&b->lock);
    while ((begins = begins_ms(b)) == INT64_MAX || begins > clock_ms())
        (void)clock_wait(&b->rows.filled, &b->lock, begins);
    collect(b, w, batch);
    (void)pthread_mutex_unlock(&b->lock);
    return batch->count > 0;
}

/* A database that is there and lost a batch may just be slow: the next one gets more
 * time, or a large mail would never be stored. */
static void
reconnect(struct backlog *b, struct writer *w, bool patient)
{
    bool at_once;

    store_close(w->store);
    count_connected(b, -1);
    w->store = connect_store(b, &at_once);
    if (at_once && patient && w->slow < MAX_SLOW)
        w->slow *= 2;
}

void *
writers_run(void *arg)
{
    struct backlog *b = arg;
    bool at_once;
    struct writer w = {.store = connect_store(b, &at_once), .slow = 1};
    struct batch batch;

    while (w.store != NULL && next_batch(b, &w, &batch)) {
        write_batch(b, &w, &batch);
        if (store_lost(w.store))
            reconnect(b, &w, batch.patient);
        else if (batch.patient)
            w.slow = 1;
    }
    store_close(w.store);
    return NULL;
}
