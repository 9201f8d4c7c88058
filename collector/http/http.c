/* Sets up libmicrohttpd, one daemon for each socket, and takes it down in the order that
 * it needs: it aborts when it is stopped with a suspended connection. */
#include "collector/http/http.h"

#include "base/clock.h"
#include "base/listener.h"
#include "base/log.h"
#include "base/service.h"
#include "collector/http/http_request.h"
#include "collector/http/http_tls.h"
#include "collector/intake/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    DRAIN_S = 4,  /* for bodies that are still coming */
    ANSWER_S = 1, /* for answers to leave */
    SPARE = 64,   /* connections beyond max_connections, while others give way to them */
};

/* A handshake hashes a lot, and SHA-256 has instructions of its own: as strong here, and
 * a quarter of the time that SHA-384 makes of it. */
static const char priorities[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE:-CIPHER-ALL:"
    "+AES-128-GCM:+CHACHA20-POLY1305:+AES-256-GCM";

struct http {
    struct http_door door;
    struct MHD_Daemon *daemons[HTTP_MAX_SOCKETS];
    int sockets[HTTP_MAX_SOCKETS]; /* once they listen no more */
    size_t daemon_count;
    int64_t drained_ms; /* then requests that are under way are given up */
};

bool
http_open(const struct settings *s, struct batcher *b, struct origin *origin,
          struct http **out, struct err *e)
{
    const struct guard_config guard = {
        .phase_s = {[GUARD_OPENING] = s->https.handshake_s,
                    [GUARD_HEADERS] = s->https.header_s,
                    [GUARD_BODY] = s->https.body_s,
                    [GUARD_WORK] = s->https.answer_s,
                    [GUARD_ANSWER] = s->https.answer_s,
                    [GUARD_IDLE] = s->https.idle_s},
        .max_connections = s->https.max_connections,
        .max_per_address = s->https.max_connections_per_address,
        .max_per_network = s->https.max_connections_per_network,
        .exempt = &s->https.proxies,
        .least_rate = s->https.min_body_bytes_per_s,
        .least_rate_s = s->https.body_grace_s,
        .door = "https",
    };
    struct http *h = calloc(1, sizeof *h);

    if (h == NULL)
        return err_nomem(e);
    h->door.settings = s;
    h->door.batcher = b;
    h->door.origin = origin;
    (void)pthread_mutex_init(&h->door.lock, NULL);
    clock_cond_init(&h->door.changed);
    if (budget_new(s->https.source_bytes_per_hour, &h->door.budget, e) &&
        guard_start(&guard, &h->door.guard, e) &&
        http_bodies_new(b, h->door.guard, &h->door.bodies, e)) {
        *out = h;
        return true;
    }
    http_free(h);
    return false;
}

void
http_free(struct http *h)
{
    if (h == NULL)
        return;
    http_bodies_free(h->door.bodies);
    guard_free(h->door.guard);
    budget_free(h->door.budget);
    (void)pthread_cond_destroy(&h->door.changed);
    (void)pthread_mutex_destroy(&h->door.lock);
    free(h);
}

/* ---- what libmicrohttpd calls ---- */

static void
connection_notified(void *http, struct MHD_Connection *c, void **context,
                    enum MHD_ConnectionNotificationCode code)
{
    struct http *h = http;
    const union MHD_ConnectionInfo *fd, *address;

    stats_connected(TRANSPORT_HTTPS, code == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1);
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
        address = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        *context = guard_add(h->door.guard, fd->connect_fd,
                             address == NULL ? NULL : address->client_addr);
    } else {
        guard_remove(h->door.guard, *context);
        *context = NULL;
    }
}

/* The request line is there: from now on the clock of the headers runs. */
static void *
request_begins(void *http, const char *uri, struct MHD_Connection *c)
{
    struct http *h = http;
    struct guard_node *node = http_request_node(c);

    (void)uri;
    if (node != NULL)
        guard_enter(h->door.guard, node, GUARD_HEADERS);
    return NULL;
}

/* The path stays as it was sent. */
static size_t
keep_escapes(void *http, struct MHD_Connection *c, char *text)
{
    (void)http;
    (void)c;
    return strlen(text);
}

/* ---- start ---- */

static void *
function_pointer(size_t (*f)(void *, struct MHD_Connection *, char *))
{
    union {
        size_t (*function)(void *, struct MHD_Connection *, char *);
        void *pointer;
    } u = {.function = f};

    return u.pointer;
}

bool
http_listen(struct http *h, int fd, bool tls, struct err *e)
{
    const struct settings *s = h->door.settings;
    /* With epoll libmicrohttpd asks a handshake under way again and again, without
     * waiting; with poll it does not answer who has shut down his own side. */
    unsigned flags = (tls ? MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_TLS
                          : MHD_USE_EPOLL_INTERNAL_THREAD) |
                     MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls_options[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, http_tls_callback()},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem options[] = {
        {MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)function_pointer(keep_escapes), h},
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)s->https.threads, NULL},
        /* The limit is dealt out to the threads; the guard keeps it. */
        {MHD_OPTION_CONNECTION_LIMIT,
         (intptr_t)(s->https.max_connections + SPARE + s->https.threads), NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)s->https.max_header_bytes, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)s->https.idle_s, NULL},
        {tls ? MHD_OPTION_ARRAY : MHD_OPTION_END, 0, tls_options},
        {MHD_OPTION_END, 0, NULL},
    };

    if (h->daemon_count < HTTP_MAX_SOCKETS)
        h->daemons[h->daemon_count] = MHD_start_daemon(
            flags, 0, NULL, NULL, http_request_handle, &h->door,
            MHD_OPTION_EXTERNAL_LOGGER, log_microhttpd, NULL, MHD_OPTION_LISTEN_SOCKET,
            fd, MHD_OPTION_NOTIFY_COMPLETED, http_request_completed, &h->door,
            MHD_OPTION_NOTIFY_CONNECTION, connection_notified, h,
            MHD_OPTION_URI_LOG_CALLBACK, request_begins, h, MHD_OPTION_ARRAY, options,
            MHD_OPTION_END);
    else
        (void)err_set(e, ERR_CONFIG, "more than %d sockets to listen on",
                      HTTP_MAX_SOCKETS);
    if (h->daemon_count < HTTP_MAX_SOCKETS && h->daemons[h->daemon_count] != NULL) {
        h->daemon_count++;
        return true;
    }
    (void)close(fd);
    return err_set(e, ERR_CONFIG, "libmicrohttpd does not start");
}

/* ---- stop ---- */

/* Waits until *count is 0, or that moment. The lock is held. */
static bool
wait_for_none(struct http *h, const atomic_size_t *count, int64_t until_ms)
{
    while (*count > 0 && clock_wait(&h->door.changed, &h->door.lock, until_ms))
        ;
    return *count == 0;
}

void
http_quiesce(struct http *h)
{
    for (size_t i = 0; i < h->daemon_count; i++) {
        /* Closed later: libmicrohttpd's thread may still have it in its epoll set. */
        h->sockets[i] = MHD_quiesce_daemon(h->daemons[i]);
        /* One that was passed goes on without us: who comes meanwhile waits in it. */
        if (!service_passed(h->sockets[i]))
            (void)shutdown(h->sockets[i], SHUT_RDWR);
    }
    (void)pthread_mutex_lock(&h->door.lock);
    h->door.draining = true;
    h->drained_ms = clock_ms_in(DRAIN_S);
    (void)pthread_mutex_unlock(&h->door.lock);
}

bool
http_close(struct http *h)
{
    bool ok;

    (void)pthread_mutex_lock(&h->door.lock);
    (void)wait_for_none(h, &h->door.requests, h->drained_ms);
    h->door.stopping = true;
    ok = wait_for_none(h, &h->door.suspended,
                       clock_ms_in(h->door.settings->https.answer_s));
    (void)wait_for_none(h, &h->door.requests, clock_ms_in(ANSWER_S));
    (void)pthread_mutex_unlock(&h->door.lock);
    for (size_t i = 0; ok && i < h->daemon_count; i++) {
        MHD_stop_daemon(h->daemons[i]);
        listener_close(h->sockets[i]);
    }
    if (ok)
        h->daemon_count = 0;
    return ok;
}
