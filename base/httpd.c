/* libmicrohttpd with a thread for each connection, so that a slow page holds up nobody;
 * how many pages are made at a time is counted here. */
#include "base/httpd.h"

#include "base/clock.h"
#include "base/httpd_inside.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REQUEST_BYTES = 16384, /* libmicrohttpd's room for a request */
    STACK_BYTES = 1 << 20,
    STOP_S = 10, /* for what is under way */
};

/* ---- what libmicrohttpd calls ----------------------------------------------------- */

/* The only place that has the address as it was sent. */
static void *
request_begins(void *httpd, const char *url, struct MHD_Connection *c)
{
    struct httpd *h = httpd;
    struct request *r = calloc(1, sizeof *r);

    (void)c;
    if (r == NULL)
        return NULL;
    if ((r->path = strdup(url)) != NULL) {
        r->query = r->path + strcspn(r->path, "?");
        if (*r->query != '\0')
            *r->query++ = '\0';
    }
    (void)pthread_mutex_lock(&h->lock);
    h->requests++;
    (void)pthread_mutex_unlock(&h->lock);
    return r;
}

static enum MHD_Result
request_goes_on(void *httpd, struct MHD_Connection *c, const char *url,
                const char *method, const char *version, const char *body,
                size_t *body_bytes, void **context)
{
    struct request *r = *context;

    (void)url;
    (void)version;
    (void)body;
    if (r == NULL)
        return MHD_NO;
    if (!r->seen) {
        r->seen = true;
        /* a body is not waited for */
        return MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Content-Length") ==
                           NULL &&
                       MHD_lookup_connection_value(c, MHD_HEADER_KIND,
                                                   "Transfer-Encoding") == NULL
                   ? MHD_YES
                   : httpd_answer_request(httpd, c, r, method);
    }
    *body_bytes = 0;
    return httpd_answer_request(httpd, c, r, method);
}

static void
request_ends(void *httpd, struct MHD_Connection *c, void **context,
             enum MHD_RequestTerminationCode code)
{
    struct httpd *h = httpd;
    struct request *r = *context;
    struct node *n = httpd_node(c);

    (void)code;
    if (r == NULL)
        return;
    free(r->path);
    free(r);
    *context = NULL;
    if (n != NULL)
        httpd_set_deadline(h, n, 1);
    (void)pthread_mutex_lock(&h->lock);
    h->requests--;
    (void)pthread_cond_broadcast(&h->changed);
    (void)pthread_mutex_unlock(&h->lock);
}

/* ---- start and stop --------------------------------------------------------------- */

static bool
open_socket(struct httpd *h, const char *where, struct err *e)
{
    const unsigned flags = MHD_USE_THREAD_PER_CONNECTION |
                           MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ITC |
                           MHD_USE_ERROR_LOG;
    struct MHD_Daemon *d;
    int fd;

    if (h->count == HTTPD_SOCKETS)
        return err_set(e, ERR_CONFIG, "more than %d sockets to listen on", HTTPD_SOCKETS);
    if (!listener_open(where, h->config.loopback_only, &fd, e))
        return false;
    (void)listener_print(fd, false, h->addresses[h->count]);
    d = MHD_start_daemon(
        flags, 0, NULL, NULL, request_goes_on, h, MHD_OPTION_EXTERNAL_LOGGER,
        log_microhttpd, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED,
        request_ends, h, MHD_OPTION_NOTIFY_CONNECTION, httpd_connection_notified, h,
        MHD_OPTION_URI_LOG_CALLBACK, request_begins, h, MHD_OPTION_CONNECTION_LIMIT,
        h->config.max_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)REQUEST_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, h->config.idle_s,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_END);
    if (d == NULL) {
        listener_close(fd);
        return err_set(e, ERR_CONFIG, "libmicrohttpd does not start");
    }
    h->daemons[h->count++] = d;
    return true;
}

static bool
keep_hosts(struct httpd *h, struct err *e)
{
    const char **kept = arena_array(&h->arena, h->config.host_count, sizeof *kept);

    if (kept == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < h->config.host_count; i++) {
        if ((kept[i] = arena_strdup(&h->arena, h->config.hosts[i])) == NULL)
            return err_nomem(e);
    }
    h->config.hosts = kept;
    h->busy = arena_array(&h->arena, h->config.threads, sizeof *h->busy);
    return h->busy == NULL ? err_nomem(e) : true;
}

static bool
start(struct httpd *h, const struct httpd_config *config, struct err *e)
{
    int error;

    if (!keep_hosts(h, e))
        return false;
    if ((error = pthread_create(&h->reaper, NULL, httpd_reap, h)) != 0)
        return err_set(e, ERR_AGAIN, "cannot start a thread: %s", strerrordesc_np(error));
    h->reaps = true;
    for (size_t i = 0; i < config->listen_count; i++) {
        if (!open_socket(h, config->listen[i], e))
            return false;
    }
    h->config.listen = NULL;
    return true;
}

bool
httpd_start(const struct httpd_config *config, struct httpd **out, struct err *e)
{
    struct httpd *h = calloc(1, sizeof *h);

    *out = NULL;
    if (h == NULL)
        return err_nomem(e);
    h->config = *config;
    arena_init(&h->arena, 0);
    (void)pthread_mutex_init(&h->lock, NULL);
    clock_cond_init(&h->changed);
    if (start(h, config, e)) {
        *out = h;
        return true;
    }
    httpd_stop(h);
    return false;
}

/* Lets requests end, for a while; then no more is to be reaped. */
static void
drain(struct httpd *h)
{
    int64_t until_ms = clock_ms_in(STOP_S);

    (void)pthread_mutex_lock(&h->lock);
    while (h->requests > 0 && clock_wait(&h->changed, &h->lock, until_ms))
        ;
    h->stopping = true;
    (void)pthread_cond_broadcast(&h->changed);
    (void)pthread_mutex_unlock(&h->lock);
    if (h->reaps)
        (void)pthread_join(h->reaper, NULL);
}

void
httpd_stop(struct httpd *h)
{
    int fds[HTTPD_SOCKETS] = {0};

    if (h == NULL)
        return;
    for (size_t i = 0; i < h->count; i++)
        fds[i] = MHD_quiesce_daemon(h->daemons[i]);
    drain(h);
    for (size_t i = 0; i < h->count; i++) {
        MHD_stop_daemon(h->daemons[i]);
        if (fds[i] >= 0)
            listener_close(fds[i]);
    }
    (void)pthread_cond_destroy(&h->changed);
    (void)pthread_mutex_destroy(&h->lock);
    arena_clear(&h->arena);
    free(h);
}

const char *
httpd_address(const struct httpd *h, size_t i)
{
    return i < h->count ? h->addresses[i] : NULL;
}
