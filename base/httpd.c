/* libmicrohttpd with a thread for each connection, so that a slow page holds up nobody;
 * how many pages are made at a time is counted here, and so is the time that a client
 * may take, for libmicrohttpd knows silence only. */
#include "base/httpd.h"

#include "base/arena.h"
#include "base/gzip.h"
#include "base/http_framing.h"
#include "base/httpd_host.h"
#include "base/listener.h"
#include "base/log.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    MAX_SOCKETS = 16,
    REQUEST_BYTES = 16384, /* libmicrohttpd's room for a request */
    STACK_BYTES = 1 << 20,
    LEAST_PACKED = 1024, /* smaller bodies are not worth it */
    ANSWER_FACTOR = 10,  /* of idle_s, for an answer to leave */
    STOP_S = 10,         /* for what is under way */
    TICK_MS = 200,
    MS = 1000,
    NS_OF_MS = 1000000,
    LINES_A_MINUTE = 10,
    MAX_LINE_BYTES = 512,
};

/* A connection, and when it is shut. */
struct node {
    struct node *next, *prev;
    int fd;
    int64_t deadline_ms;
    char peer[LISTENER_NAME_BYTES];
};

struct httpd {
    struct httpd_config config;
    struct arena arena;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool *busy; /* by number of thread */
    size_t requests;
    bool stopping;
    struct node *nodes;
    pthread_t reaper;
    bool reaps;
    struct MHD_Daemon *daemons[MAX_SOCKETS];
    char addresses[MAX_SOCKETS][LISTENER_NAME_BYTES];
    size_t count;
};

struct request {
    char *path, *query; /* one allocation; NULL: no memory */
    bool seen; /* libmicrohttpd calls twice: at the headers, and for the answer */
};

static int64_t
now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * MS + t.tv_nsec / NS_OF_MS;
}

/* ---- connections ------------------------------------------------------------------ */

static void
set_deadline(struct httpd *h, struct node *n, unsigned factor)
{
    (void)pthread_mutex_lock(&h->lock);
    n->deadline_ms =
        factor == 0 ? INT64_MAX : now_ms() + (int64_t)h->config.idle_s * MS * factor;
    (void)pthread_mutex_unlock(&h->lock);
}

/* The fd stays open until its node is taken out of the list. */
static void *
reap(void *arg)
{
    struct httpd *h = arg;

    (void)pthread_mutex_lock(&h->lock);
    while (!h->stopping) {
        int64_t now = now_ms(), tick = now + TICK_MS;
        const struct timespec until = {.tv_sec = tick / MS,
                                       .tv_nsec = tick % MS * NS_OF_MS};

        for (struct node *n = h->nodes; n != NULL; n = n->next) {
            if (n->deadline_ms <= now)
                (void)shutdown(n->fd, SHUT_RDWR);
        }
        (void)pthread_cond_timedwait(&h->changed, &h->lock, &until);
    }
    (void)pthread_mutex_unlock(&h->lock);
    return NULL;
}

static void
connection_began(struct httpd *h, struct MHD_Connection *c, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct node *n = calloc(1, sizeof *n);

    if (n == NULL) {
        (void)shutdown(info->connect_fd, SHUT_RDWR);
        return;
    }
    n->fd = info->connect_fd;
    if (strncmp(listener_print(n->fd, true, n->peer), "unix:", 5) == 0)
        n->peer[0] = '\0';
    set_deadline(h, n, 1);
    (void)pthread_mutex_lock(&h->lock);
    if ((n->next = h->nodes) != NULL)
        n->next->prev = n;
    h->nodes = n;
    (void)pthread_mutex_unlock(&h->lock);
    *context = n;
}

static void
connection_notified(void *httpd, struct MHD_Connection *c, void **context,
                    enum MHD_ConnectionNotificationCode code)
{
    struct httpd *h = httpd;
    struct node *n = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        connection_began(h, c, context);
    } else if (n != NULL) {
        (void)pthread_mutex_lock(&h->lock);
        *(n->prev == NULL ? &h->nodes : &n->prev->next) = n->next;
        if (n->next != NULL)
            n->next->prev = n->prev;
        (void)pthread_mutex_unlock(&h->lock);
        free(n);
        *context = NULL;
    }
}

/* ---- requests --------------------------------------------------------------------- */

static enum MHD_Result
take_header(void *framing, enum MHD_ValueKind kind, const char *name, size_t name_len,
            const char *value, size_t value_len)
{
    (void)kind;
    (void)value_len;
    framing_take(framing, name, name_len, value == NULL ? "" : value);
    return MHD_YES;
}

/* Is the Host one of ours, or where the connection came to? */
static bool
is_ours(const struct httpd *h, const struct node *n, const char *host)
{
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};
    char here[LISTENER_NAME_BYTES];
    const char *address = listener_print(n->fd, false, here);
    bool is_path = strncmp(address, "unix:", 5) == 0;
    char *port = strrchr(here, ':');

    if (httpd_host_is(host, h->config.hosts, h->config.host_count))
        return true;
    if ((is_path || strncmp(address, "127.", 4) == 0 ||
         strncmp(address, "[::1]", 5) == 0) &&
        httpd_host_is(host, local, sizeof local / sizeof *local))
        return true;
    if (is_path || port == NULL)
        return false;
    *port = '\0';
    return httpd_host_is(host, &address, 1);
}

static void
refuse(struct httpd_answer *a, int status, const char *why)
{
    a->status = status;
    (void)buf_printf(&a->body, "%s\n", why);
    (void)httpd_set_header(a, "Connection", "close");
}

/* What no handler need look at; false when that is the answer. */
static bool
admit(const struct httpd *h, const struct node *n, const char *method,
      const struct httpd_request *q, struct httpd_answer *a)
{
    struct framing framing = {0};
    const char *fault;

    (void)MHD_get_connection_values_n(q->connection, MHD_HEADER_KIND, take_header,
                                      &framing);
    fault = framing_fault(&framing, false);
    if (fault == NULL && framing.lengths + framing.codings > 0)
        fault = "no body is taken here";
    if (fault == NULL && q->path[0] != '/')
        fault = "the path must begin with /";
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        refuse(a, MHD_HTTP_METHOD_NOT_ALLOWED, "GET or HEAD");
        (void)httpd_set_header(a, "Allow", "GET, HEAD");
    } else if (fault != NULL) {
        refuse(a, MHD_HTTP_BAD_REQUEST, fault);
    } else if (strlen(q->path) + strlen(q->query) > HTTPD_MAX_URL_BYTES) {
        refuse(a, MHD_HTTP_URI_TOO_LONG, "the address is too long");
    } else if (!is_ours(h, n, httpd_header(q, "Host"))) {
        refuse(a, MHD_HTTP_MISDIRECTED_REQUEST,
               "this Host is not answered here: see web.hosts in tlsrpt.conf(5)");
    }
    return a->status == 0;
}

/* Waits for a free number, under which the handler runs. */
static void
handle(struct httpd *h, const struct httpd_request *q, struct httpd_answer *a)
{
    unsigned thread = 0;

    (void)pthread_mutex_lock(&h->lock);
    for (;; (void)pthread_cond_wait(&h->changed, &h->lock)) {
        for (thread = 0; thread < h->config.threads && h->busy[thread]; thread++)
            ;
        if (thread < h->config.threads)
            break;
    }
    h->busy[thread] = true;
    (void)pthread_mutex_unlock(&h->lock);
    h->config.handler(h->config.ctx, thread, q, a);
    (void)pthread_mutex_lock(&h->lock);
    h->busy[thread] = false;
    (void)pthread_cond_broadcast(&h->changed);
    (void)pthread_mutex_unlock(&h->lock);
}

/* ---- answers ---------------------------------------------------------------------- */

/* Does the client take gzip? "gzip;q=0" is how one says that it does not. */
static bool
takes_gzip(const char *accepted)
{
    const char *at = accepted == NULL ? NULL : strcasestr(accepted, "gzip");

    if (at == NULL)
        return false;
    at += strlen("gzip");
    at += strspn(at, " ;");
    return strncasecmp(at, "q=0", 3) != 0 || strtod(at + 2, NULL) > 0;
}

static void
pack(const struct httpd_request *q, struct httpd_answer *a)
{
    if (a->body.len < LEAST_PACKED)
        return;
    (void)httpd_set_header(a, "Vary", "Accept-Encoding");
    if (takes_gzip(httpd_header(q, "Accept-Encoding")) && gzip_pack(&a->body))
        (void)httpd_set_header(a, "Content-Encoding", "gzip");
}

static enum MHD_Result
queue(struct MHD_Connection *c, struct httpd_answer *a)
{
    enum MHD_Result queued = MHD_NO;
    size_t len = a->body.len;
    struct MHD_Response *r;
    bool ok;

    if (a->body.failed)
        return MHD_NO;
    r = MHD_create_response_from_buffer(
        len, len == 0 ? (void *)(uintptr_t) "" : a->body.bytes, MHD_RESPMEM_MUST_COPY);
    if (r == NULL)
        return MHD_NO;
    ok = MHD_add_response_header(r, "Content-Type",
                                 a->type == NULL ? "text/plain; charset=utf-8"
                                                 : a->type) == MHD_YES;
    for (size_t i = 0; ok && i < a->header_count; i++)
        ok = MHD_add_response_header(r, a->headers[i].name, a->headers[i].value) ==
             MHD_YES;
    if (ok)
        queued =
            MHD_queue_response(c, a->status == 0 ? MHD_HTTP_OK : (unsigned)a->status, r);
    MHD_destroy_response(r);
    return queued;
}

static struct node *
node_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

static enum MHD_Result
answer(struct httpd *h, struct MHD_Connection *c, const struct request *r,
       const char *method)
{
    struct node *n = node_of(c);
    struct httpd_answer a = {0};
    struct httpd_request q = {.path = r->path, .query = r->query, .connection = c};
    enum MHD_Result queued;

    if (n == NULL || r->path == NULL)
        return MHD_NO;
    q.peer = n->peer;
    buf_init(&a.body, 0);
    set_deadline(h, n, 0);
    if (admit(h, n, method, &q, &a)) {
        handle(h, &q, &a);
        pack(&q, &a);
    }
    set_deadline(h, n, ANSWER_FACTOR);
    queued = queue(c, &a);
    buf_clear(&a.body);
    return queued;
}

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
                   : answer(httpd, c, r, method);
    }
    *body_bytes = 0;
    return answer(httpd, c, r, method);
}

static void
request_ends(void *httpd, struct MHD_Connection *c, void **context,
             enum MHD_RequestTerminationCode code)
{
    struct httpd *h = httpd;
    struct request *r = *context;
    struct node *n = node_of(c);

    (void)code;
    if (r == NULL)
        return;
    free(r->path);
    free(r);
    *context = NULL;
    if (n != NULL)
        set_deadline(h, n, 1);
    (void)pthread_mutex_lock(&h->lock);
    h->requests--;
    (void)pthread_cond_broadcast(&h->changed);
    (void)pthread_mutex_unlock(&h->lock);
}

static void log_line(void *httpd, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
log_line(void *httpd, const char *fmt, va_list ap)
{
    static struct log_limit limit = LOG_LIMIT(LINES_A_MINUTE);
    char line[MAX_LINE_BYTES];
    int64_t suppressed;

    (void)httpd;
    (void)vsnprintf(line, sizeof line, fmt, ap);
    line[strcspn(line, "\n")] = '\0';
    if (log_allow(&limit, &suppressed))
        log_debug("libmicrohttpd", LOG_S("says", line), LOG_I("suppressed", suppressed));
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

    if (h->count == MAX_SOCKETS)
        return err_set(e, ERR_CONFIG, "more than %d sockets to listen on", MAX_SOCKETS);
    if (!listener_open(where, h->config.loopback_only, &fd, e))
        return false;
    (void)listener_print(fd, false, h->addresses[h->count]);
    d = MHD_start_daemon(
        flags, 0, NULL, NULL, request_goes_on, h, MHD_OPTION_EXTERNAL_LOGGER, log_line, h,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, request_ends, h,
        MHD_OPTION_NOTIFY_CONNECTION, connection_notified, h, MHD_OPTION_URI_LOG_CALLBACK,
        request_begins, h, MHD_OPTION_CONNECTION_LIMIT, h->config.max_connections,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, h->config.idle_s, MHD_OPTION_THREAD_STACK_SIZE,
        (size_t)STACK_BYTES, MHD_OPTION_END);
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
    if ((error = pthread_create(&h->reaper, NULL, reap, h)) != 0)
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
    pthread_condattr_t attr;

    *out = NULL;
    if (h == NULL)
        return err_nomem(e);
    h->config = *config;
    arena_init(&h->arena, 0);
    (void)pthread_mutex_init(&h->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&h->changed, &attr);
    (void)pthread_condattr_destroy(&attr);
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
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += STOP_S;
    (void)pthread_mutex_lock(&h->lock);
    while (h->requests > 0 && pthread_cond_timedwait(&h->changed, &h->lock, &until) == 0)
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
    int fds[MAX_SOCKETS];

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

const char *
httpd_header(const struct httpd_request *q, const char *name)
{
    return MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, name);
}

bool
httpd_set_header(struct httpd_answer *a, const char *name, const char *value)
{
    struct httpd_header *header = &a->headers[a->header_count];

    if (a->header_count == HTTPD_HEADERS || strlen(value) >= sizeof header->value)
        return false;
    for (const char *c = value; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7F)
            return false;
    }
    header->name = name;
    memcpy(header->value, value, strlen(value) + 1);
    a->header_count++;
    return true;
}
