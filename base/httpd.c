/* libmicrohttpd with a thread for each connection, so that a slow page holds up nobody;
 * how many pages are made at a time is counted here. */
#include "base/httpd.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/guard.h"
#include "base/gzip.h"
#include "base/http_framing.h"
#include "base/httpd_host.h"
#include "base/listener.h"
#include "base/log.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    REQUEST_BYTES = 16384, /* libmicrohttpd's room for a request */
    STACK_BYTES = 1 << 20,
    STOP_S = 10,         /* for what is under way */
    LEAST_PACKED = 1024, /* smaller bodies are not worth it */
    ANSWER_FACTOR = 10,  /* of idle_s, for an answer to leave */
    SPARE = 16, /* connections beyond the limit, to make place for or to tell of it */
    MAX_SOCKETS = 16,
    NAMES_BYTES = 512, /* in the answer to a wrong Host */
};

struct httpd {
    struct httpd_config config;
    struct arena arena;
    struct guard *guard;
    pthread_mutex_t lock; /* of these three */
    pthread_cond_t changed;
    bool *busy; /* by number of thread */
    size_t requests;
    struct MHD_Daemon *daemons[MAX_SOCKETS];
    char addresses[MAX_SOCKETS][LISTENER_NAME_BYTES];
    size_t count;
};

struct request {
    char *path, *query; /* one allocation; NULL: no memory */
    bool seen; /* libmicrohttpd calls twice: at the headers, and for the answer */
};

static struct guard_node *
node_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
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
is_ours(const struct httpd *h, const struct guard_node *n, const char *host)
{
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};
    char here[LISTENER_NAME_BYTES];
    const char *address = listener_print(guard_fd(n), false, here);
    bool is_path = strncmp(address, "unix:", 5) == 0;
    char *port = strrchr(here, ':');

    if (httpd_host_is(host, h->config.hosts, h->config.host_count))
        return true;
    if ((is_path || strncmp(address, "127.", 4) == 0 ||
         strncmp(address, "[::1]", 5) == 0) &&
        httpd_host_is(host, local, COUNT_OF(local)))
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

/* What a browser may call this. */
static const char *
right_names(const struct httpd *h, char out[NAMES_BYTES])
{
    int n = snprintf(out, NAMES_BYTES,
                     "this Host is not answered here: use localhost or the "
                     "address that is listened at");

    for (size_t i = 0; i < h->config.host_count && n > 0 && n < NAMES_BYTES; i++)
        n += snprintf(out + n, NAMES_BYTES - (size_t)n, ", or %s", h->config.hosts[i]);
    if (n > 0 && n < NAMES_BYTES)
        (void)snprintf(out + n, NAMES_BYTES - (size_t)n,
                       "; web.hosts in tlsrpt.conf(5) adds names");
    return out;
}

/* What no handler need look at; false when that is the answer. */
static bool
admit(const struct httpd *h, const struct guard_node *n, const char *method,
      const struct httpd_request *q, struct httpd_answer *a)
{
    struct framing framing = {0};
    char names[NAMES_BYTES];
    const char *fault;

    if (guard_is_excess(n)) {
        refuse(a, MHD_HTTP_SERVICE_UNAVAILABLE, "too many connections, try again later");
        return false;
    }
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
        refuse(a, MHD_HTTP_MISDIRECTED_REQUEST, right_names(h, names));
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

static enum MHD_Result
answer_request(struct httpd *h, struct MHD_Connection *c, const struct request *r,
               const char *method)
{
    struct guard_node *n = node_of(c);
    struct httpd_answer a = {0};
    struct httpd_request q = {.path = r->path, .query = r->query, .connection = c};
    enum MHD_Result queued;

    if (n == NULL || r->path == NULL)
        return MHD_NO;
    buf_init(&a.body, 0);
    guard_enter(h->guard, n, GUARD_WORK);
    if (admit(h, n, method, &q, &a)) {
        handle(h, &q, &a);
        pack(&q, &a);
    }
    guard_enter(h->guard, n, GUARD_ANSWER);
    queued = queue(c, &a);
    buf_clear(&a.body);
    return queued;
}

/* ---- what libmicrohttpd calls ---- */

static void
connection_notified(void *httpd, struct MHD_Connection *c, void **context,
                    enum MHD_ConnectionNotificationCode code)
{
    struct httpd *h = httpd;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *fd =
            MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
        const union MHD_ConnectionInfo *address =
            MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

        *context = guard_add(h->guard, fd->connect_fd,
                             address == NULL ? NULL : address->client_addr);
    } else {
        guard_remove(h->guard, *context);
        *context = NULL;
    }
}

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
                   : answer_request(httpd, c, r, method);
    }
    *body_bytes = 0;
    return answer_request(httpd, c, r, method);
}

static void
request_ends(void *httpd, struct MHD_Connection *c, void **context,
             enum MHD_RequestTerminationCode code)
{
    struct httpd *h = httpd;
    struct request *r = *context;
    struct guard_node *n = node_of(c);

    (void)code;
    if (r == NULL)
        return;
    free(r->path);
    free(r);
    *context = NULL;
    if (n != NULL)
        guard_enter(h->guard, n, GUARD_IDLE);
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

    if (h->count == MAX_SOCKETS)
        return err_set(e, ERR_CONFIG, "more than %d sockets to listen on", MAX_SOCKETS);
    if (!listener_open(where, h->config.loopback_only, &fd, e))
        return false;
    (void)listener_print(fd, false, h->addresses[h->count]);
    d = MHD_start_daemon(
        flags, 0, NULL, NULL, request_goes_on, h, MHD_OPTION_EXTERNAL_LOGGER,
        log_microhttpd, NULL, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED,
        request_ends, h, MHD_OPTION_NOTIFY_CONNECTION, connection_notified, h,
        MHD_OPTION_URI_LOG_CALLBACK, request_begins, h, MHD_OPTION_CONNECTION_LIMIT,
        h->config.max_connections + SPARE, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
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
    const struct guard_config guard = {
        .phase_s = {[GUARD_OPENING] = config->idle_s,
                    [GUARD_ANSWER] = (int64_t)config->idle_s * ANSWER_FACTOR,
                    [GUARD_IDLE] = config->idle_s},
        .max_connections = config->max_connections,
        .door = "pages",
    };

    if (!keep_hosts(h, e) || !guard_start(&guard, &h->guard, e))
        return false;
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

void
httpd_stop(struct httpd *h)
{
    int64_t until_ms = clock_ms_in(STOP_S);
    int fds[MAX_SOCKETS] = {0};

    if (h == NULL)
        return;
    for (size_t i = 0; i < h->count; i++)
        fds[i] = MHD_quiesce_daemon(h->daemons[i]);
    (void)pthread_mutex_lock(&h->lock);
    while (h->requests > 0 && clock_wait(&h->changed, &h->lock, until_ms))
        ;
    (void)pthread_mutex_unlock(&h->lock);
    for (size_t i = 0; i < h->count; i++) {
        MHD_stop_daemon(h->daemons[i]);
        if (fds[i] >= 0)
            listener_close(fds[i]);
    }
    guard_free(h->guard);
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

/* ---- for handlers ---- */

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
