/* Writers: rows to the database, each over a connection of its own. */
#include "base/log.h"
#include "collector/batcher_inside.h"
#include "schema/store.h"

#include <stdlib.h>

enum {
    FIRST_PAUSE_MS = 100, /* before the next try to connect */
    LAST_PAUSE_MS = 2000,
    ROWS_OF_A_REPORT = 2, /* in report and raw_report; then those of its policies */
    ROWS_OF_A_POLICY = 2, /* in report_key and policy_result; then its details */
};

struct batch {
    struct delivery *deliveries[BATCH_MAX_REPORTS];
    size_t count, bytes, rows;
    struct submission **items;
    size_t item_count;
};

static size_t
rows_of(const struct delivery *d)
{
    size_t rows = 0;

    for (size_t i = 0; i < d->submission_count; i++) {
        const struct report *r = d->submissions[i].report;

        rows += ROWS_OF_A_REPORT;
        for (size_t k = 0; r != NULL && k < r->policy_count; k++)
            rows += ROWS_OF_A_POLICY + r->policies[k].detail_count;
    }
    return rows;
}

/* Always at least one. The lock is held. */
static void
collect(struct batcher *b, struct batch *batch)
{
    const struct delivery *d;

    batch->count = batch->bytes = batch->rows = batch->item_count = 0;
    while ((d = lanes_peek(&b->rows)) != NULL && batch->count < BATCH_MAX_REPORTS) {
        size_t rows = rows_of(d);

        if (batch->count > 0 && (batch->bytes + d->byte_count > BATCH_MAX_BYTES ||
                                 batch->rows + rows > BATCH_MAX_ROWS))
            break;
        batch->bytes += d->byte_count;
        batch->rows += rows;
        batch->item_count += d->submission_count;
        batch->deliveries[batch->count++] = lanes_take(&b->rows);
    }
    b->writing += batch->count;
}

static bool
list_items(struct batch *batch)
{
    size_t n = 0;

    batch->items = calloc(batch->item_count + 1, sizeof(struct submission *));
    if (batch->items == NULL)
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        for (size_t k = 0; k < batch->deliveries[i]->submission_count; k++)
            batch->items[n++] = &batch->deliveries[i]->submissions[k];
    }
    return true;
}

static void
write_batch(struct batcher *b, struct store *store, struct batch *batch)
{
    struct err e = {0};

    /* Without memory for the list every outcome stays pending: try again later. */
    if (list_items(batch) && !store_put(store, batch->items, batch->item_count, &e))
        log_warning("cannot store", LOG_S("error", e.text),
                    LOG_I("reports", batch->item_count));
    free(batch->items);
    (void)pthread_mutex_lock(&b->lock);
    b->writing -= batch->count;
    (void)pthread_mutex_unlock(&b->lock);
    for (size_t i = 0; i < batch->count; i++)
        batcher_finish(b, batch->deliveries[i]);
}

/* One line when it goes, one when it comes back, whatever the number of writers. */
static void
say_away(struct batcher *b, bool away, const char *why)
{
    bool changed;

    (void)pthread_mutex_lock(&b->lock);
    changed = b->away_said != away;
    b->away_said = away;
    (void)pthread_mutex_unlock(&b->lock);
    if (changed && away)
        log_error("database away", LOG_S("error", why));
    else if (changed)
        log_info("database back");
}

/* Connects, however long it takes; NULL once there is nothing left to write. */
static struct store *
connect_store(struct batcher *b)
{
    int64_t pause_ms = FIRST_PAUSE_MS;
    struct store *store = NULL;
    bool over = false;

    while (!over) {
        struct err e = {0};

        if (store_open(b->uri, STORE_COLLECTOR, &store, &e)) {
            say_away(b, false, "");
            return store;
        }
        say_away(b, true, e.text);
        (void)pthread_mutex_lock(&b->lock);
        over = b->read_all && b->rows.count == 0;
        if (!over)
            batcher_wait(b, &b->ending, batcher_now_ms() + pause_ms);
        over = b->read_all && b->rows.count == 0;
        (void)pthread_mutex_unlock(&b->lock);
        pause_ms = pause_ms * 2 > LAST_PAUSE_MS ? LAST_PAUSE_MS : pause_ms * 2;
    }
    return NULL;
}

static bool
next_batch(struct batcher *b, struct batch *batch)
{
    (void)pthread_mutex_lock(&b->lock);
    while (b->rows.count == 0 && !b->read_all)
        (void)pthread_cond_wait(&b->to_write, &b->lock);
    collect(b, batch);
    (void)pthread_mutex_unlock(&b->lock);
    return batch->count > 0;
}

void *
batcher_write(void *arg)
{
    struct batcher *b = arg;
    struct store *store = connect_store(b);
    struct batch batch;

    while (store != NULL && next_batch(b, &batch)) {
        write_batch(b, store, &batch);
        if (store_lost(store)) {
            store_close(store);
            store = connect_store(b);
        }
    }
    store_close(store);
    return NULL;
}
