/* A list that is walked: a few hundred connections, ten times a second. */
#include "collector/http/http_guard.h"

#include "base/clock.h"
#include "base/log.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    TICK_MS = 100,
    MS = 1000,
    LINES_A_MINUTE = 10,
};

struct guard_node {
    struct guard_node *next, *prev;
    int fd;
    bool has_peer, shut;
    struct peer peer, network;
    _Atomic enum guard_phase phase; /* these two are set by the connection's thread */
    _Atomic int64_t deadline_ms;
    int64_t requests; /* used by the connection's own thread only */
};

struct guard {
    const struct settings *settings;
    int64_t limit_ms[GUARD_PHASES];
    pthread_mutex_t lock;
    pthread_cond_t ending;
    struct guard_node *nodes;
    bool stopping;
    pthread_t reaper;
};

/* The fd stays open until guard_remove(), so it is still this connection's. */
static void
shut(struct guard_node *node)
{
    node->shut = true;
    (void)shutdown(node->fd, SHUT_RDWR);
}

static void
say_shut(const struct guard_node *node, const char *why)
{
    static struct log_limit limit = LOG_LIMIT(LINES_A_MINUTE);
    char text[PEER_TEXT_BYTES] = "unix";
    int64_t suppressed;

    if (!log_allow(&limit, &suppressed))
        return;
    if (node->has_peer)
        peer_print(&node->peer, text);
    log_info("connection shut", LOG_S("peer", text), LOG_S("reason", why),
             LOG_I("suppressed", suppressed));
}

static const char *
phase_text(enum guard_phase phase)
{
    static const char *const texts[GUARD_PHASES] = {
        [GUARD_OPENING] = "no request in time",
        [GUARD_HEADERS] = "headers too slow",
        [GUARD_BODY] = "body too slow",
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
            if (n->shut || n->deadline_ms > now)
                continue;
            shut(n);
            if (n->phase != GUARD_IDLE)
                say_shut(n, phase_text(n->phase));
        }
        (void)clock_wait(&g->ending, &g->lock, now + TICK_MS);
    }
    (void)pthread_mutex_unlock(&g->lock);
    return NULL;
}

bool
guard_start(const struct settings *s, struct guard **out, struct err *e)
{
    struct guard *g = calloc(1, sizeof *g);
    int error;

    if (g == NULL)
        return err_nomem(e);
    g->settings = s;
    g->limit_ms[GUARD_OPENING] = s->https.handshake_s * MS;
    g->limit_ms[GUARD_HEADERS] = s->https.header_s * MS;
    g->limit_ms[GUARD_BODY] = s->https.body_s * MS;
    g->limit_ms[GUARD_ANSWER] = s->https.answer_s * MS;
    g->limit_ms[GUARD_IDLE] = s->https.idle_s * MS;
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
    free(g);
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
}

/* A proxy has many connections by right. The lock is held, the node is in the list. */
static const char *
find_excess(const struct guard *g, const struct guard_node *node)
{
    int64_t of_address = 0, of_network = 0;

    if (!node->has_peer || peer_in(&node->peer, &g->settings->https.proxies))
        return NULL;
    for (const struct guard_node *n = g->nodes; n != NULL; n = n->next) {
        if (!n->has_peer || n->shut)
            continue;
        of_address += memcmp(&n->peer, &node->peer, sizeof n->peer) == 0;
        of_network += memcmp(&n->network, &node->network, sizeof n->network) == 0;
    }
    if (of_address > g->settings->https.max_connections_per_address)
        return "too many connections of one address";
    if (of_network > g->settings->https.max_connections_per_network)
        return "too many connections of one network";
    return NULL;
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
    node->deadline_ms = clock_ms() + g->limit_ms[GUARD_OPENING];
    (void)pthread_mutex_lock(&g->lock);
    node->next = g->nodes;
    if (g->nodes != NULL)
        g->nodes->prev = node;
    g->nodes = node;
    if ((excess = find_excess(g, node)) != NULL) {
        shut(node);
        say_shut(node, excess);
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
    if (node->prev != NULL)
        node->prev->next = node->next;
    else
        g->nodes = node->next;
    if (node->next != NULL)
        node->next->prev = node->prev;
    (void)pthread_mutex_unlock(&g->lock);
    free(node);
}

void
guard_enter(struct guard *g, struct guard_node *node, enum guard_phase phase)
{
    node->deadline_ms = clock_ms() + g->limit_ms[phase];
    node->phase = phase;
}

bool
guard_peer(const struct guard_node *node, struct peer *out)
{
    *out = node->peer;
    return node->has_peer;
}

int64_t
guard_count_request(struct guard_node *node)
{
    return ++node->requests;
}
