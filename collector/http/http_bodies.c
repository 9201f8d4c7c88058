#include "collector/http/http_bodies.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/tally.h"
#include "collector/intake/stats.h"

#include <stdlib.h>

enum {
    LINES_A_MINUTE = 10,
};

struct http_bodies {
    struct batcher *batcher;
    struct guard *guard;
    pthread_mutex_t lock;    /* of all big ones too */
    struct http_body *first; /* of these */
    struct tally *held;      /* by network */
};

bool
http_bodies_new(struct batcher *b, struct guard *g, struct http_bodies **out,
                struct err *e)
{
    struct http_bodies *all = calloc(1, sizeof *all);

    if (all == NULL)
        return err_nomem(e);
    all->batcher = b;
    all->guard = g;
    (void)pthread_mutex_init(&all->lock, NULL);
    *out = all;
    return true;
}

void
http_bodies_free(struct http_bodies *all)
{
    if (all == NULL)
        return;
    tally_free(all->held);
    (void)pthread_mutex_destroy(&all->lock);
    free(all);
}

void
http_body_begin(struct http_body *body, const struct peer *peer, struct guard_node *node,
                size_t max_bytes)
{
    *body = (struct http_body){.node = node,
                               .peer = *peer,
                               .network = peer_network(peer),
                               .began_ms = clock_ms()};
    buf_init(&body->bytes, max_bytes);
}

/* ---- the list of big ones; the lock is held ---- */

static void
link_in(struct http_bodies *all, struct http_body *body)
{
    if ((body->next = all->first) != NULL)
        body->next->prev = body;
    all->first = body;
    body->prev = NULL;
    body->big = true;
    (void)tally_add(&all->held, &body->network, (int64_t)body->held);
}

static void
link_out(struct http_bodies *all, struct http_body *body)
{
    *(body->prev == NULL ? &all->first : &body->prev->next) = body->next;
    if (body->next != NULL)
        body->next->prev = body->prev;
    body->big = false;
    (void)tally_add(&all->held, &body->network, -(int64_t)body->held);
}

static struct http_body *
find_victim(const struct http_bodies *all)
{
    struct http_body *victim = NULL;
    int64_t most = 0, worst = 0, now = clock_ms();

    for (struct http_body *b = all->first; b != NULL; b = b->next) {
        int64_t has = tally_get(all->held, &b->network);
        int64_t weight = (int64_t)b->bytes.len * (now - b->began_ms + 1);

        if (victim != NULL && (has < most || (has == most && weight <= worst)))
            continue;
        victim = b;
        most = has;
        worst = weight;
    }
    return victim;
}

static void
send_away(struct http_bodies *all, struct http_body *body)
{
    static struct log_limit limit = LOG_LIMIT(LINES_A_MINUTE);
    char text[PEER_TEXT_BYTES];
    int64_t suppressed;

    link_out(all, body);
    if (log_allow(&limit, &suppressed)) {
        peer_print(&body->peer, text);
        log_info("body gives way", LOG_S("peer", text), LOG_I("bytes", body->bytes.len),
                 LOG_I("seconds", (clock_ms() - body->began_ms) / 1000),
                 LOG_I("suppressed", suppressed));
    }
    stats_refused(TRANSPORT_HTTPS, VERDICT_AGAIN);
    buf_clear(&body->bytes);
    batcher_release(all->batcher, ROOM_UNFINISHED, body->held);
    body->held = 0;
    body->gone = true;
    guard_hurry(body->node);
}

/* ---- memory ---- */

/* False when it is this one that had to give way. The lock is held. */
static bool
reserve(struct http_bodies *all, const struct http_body *body, enum room_kind kind,
        size_t bytes)
{
    while (!batcher_reserve(all->batcher, kind, bytes)) {
        struct http_body *victim = find_victim(all);

        if (victim == NULL || victim == body)
            return false;
        send_away(all, victim);
    }
    return true;
}

/* What is small is so for most of them all the time: no list, no lock. */
static bool
take_small(struct http_bodies *all, struct http_body *body, size_t want)
{
    bool ok = want <= body->held ||
              batcher_reserve(all->batcher, ROOM_SMALL, want - body->held);

    if (!ok) {
        (void)pthread_mutex_lock(&all->lock);
        ok = reserve(all, body, ROOM_SMALL, want - body->held);
        (void)pthread_mutex_unlock(&all->lock);
    }
    if (ok && want > body->held)
        body->held = want;
    return ok;
}

/* The lock is held. */
static bool
take_big(struct http_bodies *all, struct http_body *body, size_t want)
{
    size_t held = body->held;

    if (body->gone)
        return false;
    if (!body->big) {
        if (!reserve(all, body, ROOM_UNFINISHED, want))
            return false;
        batcher_release(all->batcher, ROOM_SMALL, held);
        body->held = want;
        link_in(all, body);
    } else if (want > held) {
        if (!reserve(all, body, ROOM_UNFINISHED, want - held))
            return false;
        body->held = want;
        (void)tally_add(&all->held, &body->network, (int64_t)(want - held));
    }
    return true;
}

bool
http_body_take(struct http_bodies *all, struct http_body *body, const char *data,
               size_t n)
{
    size_t want = room_step(body->bytes.len + n + 1);
    bool ok;

    if (want <= ROOM_MAX_SMALL_BYTES && !body->gone)
        return take_small(all, body, want) && buf_append(&body->bytes, data, n);
    (void)pthread_mutex_lock(&all->lock);
    ok = take_big(all, body, want) && buf_append(&body->bytes, data, n);
    (void)pthread_mutex_unlock(&all->lock);
    return ok;
}

bool
http_body_end(struct http_bodies *all, struct http_body *body)
{
    bool ok;

    (void)pthread_mutex_lock(&all->lock);
    ok = !body->gone;
    if (ok && body->big) {
        link_out(all, body);
        batcher_end_of_body(all->batcher, body->held);
    }
    (void)pthread_mutex_unlock(&all->lock);
    return ok;
}

void
http_body_clear(struct http_bodies *all, struct http_body *body)
{
    enum room_kind kind = ROOM_SMALL;

    (void)pthread_mutex_lock(&all->lock);
    if (body->big) {
        kind = ROOM_UNFINISHED;
        link_out(all, body);
    }
    (void)pthread_mutex_unlock(&all->lock);
    if (body->held > 0)
        batcher_release(all->batcher, kind, body->held);
    body->held = 0;
    buf_clear(&body->bytes);
}
