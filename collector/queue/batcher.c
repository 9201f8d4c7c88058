/* A report goes through two queues: to the workers as bytes, to the writers as rows. A
 * batch is what waits when a writer comes free: waiting for more by a timer was measured
 * to cost 17 to 60 %. */
#include "base/count.h"
#include "base/log.h"
#include "collector/intake/stats.h"
#include "collector/queue/batcher_inside.h"

#include <stdlib.h>
#include <string.h>

enum {
    STACK_BYTES = 8 << 20, /* GMime recurses */
    REFUSALS_A_MINUTE = 30,
};

/* ---- the common budget ---- */

bool
batcher_take_bytes(struct batcher *b, size_t bytes)
{
    size_t max = (size_t)b->settings->intake.max_waiting_bytes;

    if (bytes > max || b->bytes_used > max - bytes)
        return false;
    b->bytes_used += bytes;
    return true;
}

bool
batcher_reserve(struct batcher *b, size_t bytes)
{
    bool ok;

    (void)pthread_mutex_lock(&b->lock);
    ok = batcher_take_bytes(b, bytes);
    (void)pthread_mutex_unlock(&b->lock);
    return ok;
}

void
batcher_release(struct batcher *b, size_t bytes)
{
    (void)pthread_mutex_lock(&b->lock);
    b->bytes_used -= bytes;
    (void)pthread_cond_broadcast(&b->freed);
    (void)pthread_mutex_unlock(&b->lock);
}

bool
batcher_has_room(struct batcher *b)
{
    bool ok;

    (void)pthread_mutex_lock(&b->lock);
    ok = !b->stopping && b->inside < (size_t)b->settings->intake.max_waiting_reports;
    (void)pthread_mutex_unlock(&b->lock);
    return ok;
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
void
batcher_end(struct batcher *b, struct delivery *const items[], size_t n)
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

void
batcher_finish(struct batcher *b, struct delivery *items[], size_t n)
{
    size_t ended = 0, bytes = 0;

    for (size_t i = 0; i < n; i++) {
        intake_finish(items[i]);
        bytes += items[i]->charged_bytes;
    }
    batcher_release(b, bytes);
    for (size_t i = 0; i < n; i++) {
        if (items[i]->verdict != VERDICT_AGAIN || !batcher_to_spool(b, items[i]))
            items[ended++] = items[i];
    }
    batcher_end(b, items, ended);
}

int64_t
batcher_half_wait_ms(const struct batcher *b)
{
    return b->settings->intake.max_wait_s * 500;
}

static void
push_back(struct delivery *d, const char *why)
{
    d->verdict = VERDICT_AGAIN;
    (void)stpcpy(d->reason, why);
}

void
batcher_usage(struct batcher *b, struct batcher_usage *out)
{
    (void)pthread_mutex_lock(&b->lock);
    *out = (struct batcher_usage){b->inside, b->bytes_used};
    (void)pthread_mutex_unlock(&b->lock);
}

void
batcher_submit(struct batcher *b, struct delivery *d)
{
    bool mail = d->kind == DELIVERY_MAIL, room;

    arena_init(&d->arena, 0);
    d->submission_count = 0;
    d->charged_bytes = 0;
    d->understood = false;
    d->reason[0] = '\0';
    push_back(d, "too many reports are waiting, try again later");
    (void)pthread_mutex_lock(&b->lock);
    room = !b->stopping && (!mail || b->mail != NULL) &&
           b->inside < (size_t)b->settings->intake.max_waiting_reports;
    if (room) {
        b->inside++;
        /* A mail waits for DNS besides. */
        d->deadline_ms = clock_ms() + batcher_half_wait_ms(b) * (mail ? 2 : 1);
        lanes_put(mail ? &b->mails : &b->reports, d);
        batcher_watch(b, d);
        /* Before the unlock: it may be done, and the batcher gone, right after. */
        (void)pthread_cond_signal(mail ? &b->to_read_mail : &b->to_read);
    }
    (void)pthread_mutex_unlock(&b->lock);
    if (room)
        return;
    stats_count(d);
    d->done(d);
}

/* ---- what waits too long ---- */

static struct delivery *
take_expired(struct batcher *b)
{
    struct lanes *const all[] = {&b->reports, &b->mails, &b->rows};
    struct delivery *d = NULL;

    for (size_t i = 0; i < 3 && d == NULL; i++)
        d = lanes_take_expired(all[i], clock_ms());
    return d;
}

static int64_t
next_deadline(const struct batcher *b)
{
    const struct lanes *const all[] = {&b->reports, &b->mails, &b->rows};
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < 3; i++) {
        int64_t deadline = lanes_deadline(all[i]);

        next = deadline < next ? deadline : next;
    }
    return next;
}

void
batcher_watch(struct batcher *b, const struct delivery *d)
{
    if (d->deadline_ms < b->watch_until_ms)
        (void)pthread_cond_signal(&b->expiring);
}

static void *
watch(void *arg)
{
    struct batcher *b = arg;

    (void)pthread_mutex_lock(&b->lock);
    while (!b->stopped) {
        struct delivery *d = take_expired(b);

        if (d != NULL) {
            (void)pthread_mutex_unlock(&b->lock);
            push_back(d, "the database does not take it in time, try again later");
            batcher_finish(b, &d, 1);
            (void)pthread_mutex_lock(&b->lock);
        } else {
            b->watch_until_ms = next_deadline(b);
            (void)clock_wait(&b->expiring, &b->lock, b->watch_until_ms);
            b->watch_until_ms = 0;
        }
    }
    (void)pthread_mutex_unlock(&b->lock);
    return NULL;
}

/* ---- start and stop ---- */

static bool
start_threads(struct batcher *b, struct batcher_threads *t, int64_t count,
              void *(*run)(void *), struct err *e)
{
    pthread_attr_t attr;
    int error = pthread_attr_init(&attr);

    if (error == 0)
        error = pthread_attr_setstacksize(&attr, STACK_BYTES);
    while (error == 0 && t->count < (size_t)count && t->count < BATCHER_MAX_THREADS) {
        error = pthread_create(&t->threads[t->count], &attr, run, b);
        t->count += error == 0;
    }
    (void)pthread_attr_destroy(&attr);
    return error == 0 ||
           err_set(e, ERR_AGAIN, "cannot start a thread: %s", strerrordesc_np(error));
}

static void
join_threads(struct batcher_threads *t)
{
    while (t->count > 0)
        (void)pthread_join(t->threads[--t->count], NULL);
}

static void
init_conditions(struct batcher *b)
{
    pthread_cond_t *const conditions[] = {&b->to_read,  &b->to_read_mail, &b->to_write,
                                          &b->to_spool, &b->freed,        &b->expiring,
                                          &b->ending};

    (void)pthread_mutex_init(&b->lock, NULL);
    for (size_t i = 0; i < COUNT_OF(conditions); i++)
        clock_cond_init(conditions[i]);
}

bool
batcher_start(const struct settings *settings, const char *uri,
              const struct mail_context *mail, struct spool *spool, struct batcher **out,
              struct err *e)
{
    struct batcher *b = calloc(1, sizeof *b);

    if (b == NULL)
        return err_nomem(e);
    b->settings = settings;
    b->uri = uri;
    b->mail = mail;
    b->spool = spool;
    init_conditions(b);
    if (start_threads(b, &b->watch, 1, watch, e) &&
        (spool == NULL || (start_threads(b, &b->spoolers, 1, batcher_spool, e) &&
                           start_threads(b, &b->spoolers, 2, batcher_drain, e))) &&
        start_threads(b, &b->workers, settings->intake.workers, batcher_read_reports,
                      e) &&
        (mail == NULL || start_threads(b, &b->mail_workers, settings->mail.workers,
                                       batcher_read_mails, e)) &&
        start_threads(b, &b->writers, settings->database.connections, batcher_write, e)) {
        *out = b;
        return true;
    }
    batcher_free(b);
    return false;
}

/* Sets a flag that threads wait for, and wakes them. */
static void
announce(struct batcher *b, bool *flag)
{
    (void)pthread_mutex_lock(&b->lock);
    *flag = true;
    (void)pthread_cond_broadcast(&b->to_read);
    (void)pthread_cond_broadcast(&b->to_read_mail);
    (void)pthread_cond_broadcast(&b->to_write);
    (void)pthread_cond_broadcast(&b->to_spool);
    (void)pthread_cond_broadcast(&b->freed);
    (void)pthread_cond_broadcast(&b->expiring);
    (void)pthread_cond_broadcast(&b->ending);
    (void)pthread_mutex_unlock(&b->lock);
}

void
batcher_hurry(struct batcher *b)
{
    if (b != NULL)
        announce(b, &b->leaving);
}

void
batcher_free(struct batcher *b)
{
    if (b == NULL)
        return;
    announce(b, &b->leaving);
    announce(b, &b->stopping);
    join_threads(&b->workers);
    join_threads(&b->mail_workers);
    announce(b, &b->read_all);
    join_threads(&b->writers);
    announce(b, &b->stopped);
    join_threads(&b->watch);
    announce(b, &b->decided);
    join_threads(&b->spoolers);
    (void)pthread_cond_destroy(&b->to_read);
    (void)pthread_cond_destroy(&b->to_read_mail);
    (void)pthread_cond_destroy(&b->to_write);
    (void)pthread_cond_destroy(&b->to_spool);
    (void)pthread_cond_destroy(&b->freed);
    (void)pthread_cond_destroy(&b->expiring);
    (void)pthread_cond_destroy(&b->ending);
    (void)pthread_mutex_destroy(&b->lock);
    free(b);
}
