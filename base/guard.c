/* A list that is walked: a few hundred connections, ten times a second. */
#include "base/guard.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/tally.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    TICK_MS = 100,
    MS = 1000,
    LAST_WORD_MS = 1000, /* for a late body to be answered, when another byte comes */
    LINES_A_MINUTE = 10,
    EASED = 3, /* quarters of max_connections: below it there is room again */
};

struct guard_node {
    struct guard_node *next, *prev;
    int fd;
    bool has_peer, shut;
    struct peer peer, network, region;
    _Atomic bool excess;
    _Atomic enum guard_phase phase; /* these are set by the connection's thread */
    _Atomic int64_t began_ms, deadline_ms;
    _Atomic int64_t since_ms; /* nothing was asked yet, or the last request ended */
    int64_t requests;         /* used by the connection's own thread only */
};

struct guard {
    struct guard_config config;
    pthread_mutex_t lock;
    pthread_cond_t ending;
    struct guard_node *nodes;
    struct tally *addresses, *networks, *regions; /* how many each has */
    int64_t open;                                 /* and not shut */
    bool full;                                    /* said so */
    bool stopping;
    pthread_t reaper;
};

/* One more, or one less. The lock is held. */
static void
count(struct guard *g, const struct guard_node *node, int more)
{
    (void)tally_add(&g->addresses, &node->peer, more);
    (void)tally_add(&g->networks, &node->network, more);
    (void)tally_add(&g->regions, &node->region, more);
    g->open += more;
    if (g->open < g->config.max_connections * EASED / 4)
        g->full = false;
}

/* ---- the end of a connection ---- */

/* The fd stays open until guard_remove(), so it is still this connection's. */
static void
shut(struct guard *g, struct guard_node *node)
{
    node->shut = true;
    count(g, node, -1);
    (void)shutdown(node->fd, SHUT_RDWR);
}

static void
say_shut(const struct guard *g, const struct guard_node *node, const char *why)
{
    static struct log_limit limit = LOG_LIMIT(LINES_A_MINUTE);
    char text[PEER_TEXT_BYTES] = "unix";
    int64_t suppressed;

    if (!log_allow(&limit, &suppressed))
        return;
    if (node->has_peer)
        peer_print(&node->peer, text);
    log_info("connection shut", LOG_S("door", g->config.door), LOG_S("peer", text),
             LOG_S("reason", why), LOG_I("suppressed", suppressed));
}

static const char *
phase_text(enum guard_phase phase)
{
    static const char *const texts[GUARD_PHASES] = {
        [GUARD_OPENING] = "no request in time",
        [GUARD_HEADERS] = "headers too slow",
        [GUARD_BODY] = "body too slow",
        [GUARD_WORK] = "answer too slow",
        [GUARD_ANSWER] = "answer too slow",
        [GUARD_IDLE] = "no further request in time",
    };

    return texts[phase];
}

static void *
reap(void *arg)
{
    struct guard *g = arg;

    (void)pthread_mutex_lock(&g->lock);
    while (!g->stopping) {
        int64_t now = clock_ms();

        for (struct guard_node *n = g->nodes; n != NULL; n = n->next) {
            enum guard_phase phase = n->phase;
            int64_t last_word_ms = phase == GUARD_BODY ? LAST_WORD_MS : 0;

            if (n->shut || n->deadline_ms > now - last_word_ms)
                continue;
            shut(g, n);
            if (phase != GUARD_IDLE)
                say_shut(g, n, phase_text(phase));
        }
        (void)clock_wait(&g->ending, &g->lock, now + TICK_MS);
    }
    (void)pthread_mutex_unlock(&g->lock);
    return NULL;
}

/* ---- one too many ---- */

/* A proxy has many connections by right. */
static const char *
find_excess(const struct guard *g, const struct guard_node *node)
{
    const struct guard_config *c = &g->config;

    if (!node->has_peer || (c->exempt != NULL && peer_in(&node->peer, c->exempt)))
        return NULL;
    if (c->max_per_address > 0 &&
        tally_get(g->addresses, &node->peer) > c->max_per_address)
        return "too many connections of one address";
    if (c->max_per_network > 0 &&
        tally_get(g->networks, &node->network) > c->max_per_network)
        return "too many connections of one network";
    return NULL;
}

/* The oldest that is not being answered, of the region that has most. */
static struct guard_node *
find_victim(const struct guard *g, const struct guard_node *newest)
{
    struct guard_node *victim = NULL;
    int64_t most = 0;

    for (struct guard_node *n = g->nodes; n != NULL; n = n->next) {
        int64_t has;

        if (n->shut || n == newest || n->phase == GUARD_WORK || n->phase == GUARD_ANSWER)
            continue;
        has = tally_get(g->regions, &n->region);
        if (victim == NULL || has > most ||
            (has == most && n->since_ms <= victim->since_ms))
            victim = n;
        most = has > most ? has : most;
    }
    return victim;
}

static void
make_place(struct guard *g, struct guard_node *newest)
{
    struct guard_node *victim = find_victim(g, newest);
    char text[PEER_TEXT_BYTES] = "unix";

    if (!g->full) {
        if (victim != NULL && victim->has_peer)
            peer_print(&victim->region, text);
        log_warning("all connections are taken", LOG_S("door", g->config.door),
                    LOG_I("connections", g->config.max_connections),
                    LOG_S("fullest", text));
    }
    g->full = true;
    newest->excess = victim == NULL;
    if (victim != NULL)
        shut(g, victim);
}

static void
set_peer(struct guard_node *node, const struct sockaddr *address)
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;

    node->has_peer = true;
    if (address != NULL && address->sa_family == AF_INET6) {
        memcpy(node->peer.bytes, &v6->sin6_addr, sizeof node->peer.bytes);
    } else if (address != NULL && address->sa_family == AF_INET) {
        node->peer.bytes[10] = node->peer.bytes[11] = 0xFF;
        memcpy(node->peer.bytes + 12, &v4->sin_addr, sizeof v4->sin_addr);
    } else {
        node->has_peer = false;
    }
    node->network = peer_network(&node->peer);
    node->region = peer_region(&node->peer);
}

struct guard_node *
guard_add(struct guard *g, int fd, const struct sockaddr *address)
{
    struct guard_node *node = calloc(1, sizeof *node);
    const char *excess;

    if (node == NULL) {
        (void)shutdown(fd, SHUT_RDWR);
        return NULL;
    }
    node->fd = fd;
    set_peer(node, address);
    guard_enter(g, node, GUARD_OPENING);
    (void)pthread_mutex_lock(&g->lock);
    node->next = g->nodes;
    if (g->nodes != NULL)
        g->nodes->prev = node;
    g->nodes = node;
    count(g, node, 1);
    if ((excess = find_excess(g, node)) != NULL) {
        shut(g, node);
        say_shut(g, node, excess);
    } else if (g->open > g->config.max_connections) {
        make_place(g, node);
    }
    (void)pthread_mutex_unlock(&g->lock);
    return node;
}

void
guard_remove(struct guard *g, struct guard_node *node)
{
    if (node == NULL)
        return;
    (void)pthread_mutex_lock(&g->lock);
    if (!node->shut)
        count(g, node, -1);
    if (node->prev != NULL)
        node->prev->next = node->next;
    else
        g->nodes = node->next;
    if (node->next != NULL)
        node->next->prev = node->prev;
    (void)pthread_mutex_unlock(&g->lock);
    free(node);
}

/* ---- what a connection does ---- */

/* A body is given its time, and by the least rate less if it does not use it. */
static int64_t
deadline_ms(const struct guard_config *c, enum guard_phase phase, int64_t began_ms,
            size_t bytes)
{
    int64_t last_ms =
        c->phase_s[phase] == 0 ? INT64_MAX : began_ms + c->phase_s[phase] * MS;
    int64_t slowest_ms = INT64_MAX;

    if (phase == GUARD_BODY && c->least_rate > 0)
        slowest_ms =
            began_ms + c->least_rate_s * MS + (int64_t)bytes * MS / c->least_rate;
    return slowest_ms < last_ms ? slowest_ms : last_ms;
}

void
guard_enter(struct guard *g, struct guard_node *node, enum guard_phase phase)
{
    int64_t now = clock_ms();

    if (phase == GUARD_OPENING || phase == GUARD_IDLE)
        node->since_ms = now;
    node->began_ms = now;
    node->deadline_ms = deadline_ms(&g->config, phase, now, 0);
    node->phase = phase;
}

bool
guard_come(struct guard *g, struct guard_node *node, size_t bytes)
{
    if (node->deadline_ms <= clock_ms())
        return false;
    node->deadline_ms = deadline_ms(&g->config, GUARD_BODY, node->began_ms, bytes);
    return true;
}

void
guard_hurry(struct guard_node *node)
{
    node->deadline_ms = clock_ms();
}

bool
guard_peer(const struct guard_node *node, struct peer *out)
{
    *out = node->peer;
    return node->has_peer;
}

int
guard_fd(const struct guard_node *node)
{
    return node->fd;
}

bool
guard_is_excess(const struct guard_node *node)
{
    return node->excess;
}

int64_t
guard_count_request(struct guard_node *node)
{
    return ++node->requests;
}

/* ---- start and stop ---- */

bool
guard_start(const struct guard_config *config, struct guard **out, struct err *e)
{
    struct guard *g = calloc(1, sizeof *g);
    int error;

    if (g == NULL)
        return err_nomem(e);
    g->config = *config;
    (void)pthread_mutex_init(&g->lock, NULL);
    clock_cond_init(&g->ending);
    if ((error = pthread_create(&g->reaper, NULL, reap, g)) != 0) {
        free(g);
        return err_set(e, ERR_AGAIN, "cannot start a thread: %s", strerrordesc_np(error));
    }
    *out = g;
    return true;
}

void
guard_free(struct guard *g)
{
    if (g == NULL)
        return;
    (void)pthread_mutex_lock(&g->lock);
    g->stopping = true;
    (void)pthread_cond_signal(&g->ending);
    (void)pthread_mutex_unlock(&g->lock);
    (void)pthread_join(g->reaper, NULL);
    (void)pthread_cond_destroy(&g->ending);
    (void)pthread_mutex_destroy(&g->lock);
    tally_free(g->addresses);
    tally_free(g->networks);
    tally_free(g->regions);
    free(g);
}
