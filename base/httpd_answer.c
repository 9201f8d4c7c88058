/* What may be asked, who makes the answer, and how it goes out. */
#include "base/count.h"
#include "base/gzip.h"
#include "base/http_framing.h"
#include "base/httpd_host.h"
#include "base/httpd_inside.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEAST_PACKED = 1024, /* smaller bodies are not worth it */
    ANSWER_FACTOR = 10,  /* of idle_s, for an answer to leave */
};

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

enum MHD_Result
httpd_answer_request(struct httpd *h, struct MHD_Connection *c, const struct request *r,
                     const char *method)
{
    struct node *n = httpd_node(c);
    struct httpd_answer a = {0};
    struct httpd_request q = {.path = r->path, .query = r->query, .connection = c};
    enum MHD_Result queued;

    if (n == NULL || r->path == NULL)
        return MHD_NO;
    q.peer = n->peer;
    buf_init(&a.body, 0);
    httpd_set_deadline(h, n, 0);
    if (admit(h, n, method, &q, &a)) {
        handle(h, &q, &a);
        pack(&q, &a);
    }
    httpd_set_deadline(h, n, ANSWER_FACTOR);
    queued = queue(c, &a);
    buf_clear(&a.body);
    return queued;
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
