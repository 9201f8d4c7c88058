/* libmicrohttpd calls the handler once when the
 * headers are there, for each piece of the body, once at its end, and once more after the
 * connection was suspended and resumed. */
#include "collector/http/http_request.h"

#include "base/fault.h"
#include "base/http_framing.h"
#include "base/log.h"
#include "collector/http/http_answer.h"
#include "collector/http/http_tls.h"
#include "collector/intake/stats.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum {
    REFUSALS_A_MINUTE = 30,
    INFLATED_PART = 16, /* of what it inflates to counts as sent too */
};

enum http_state {
    HTTP_READING,
    HTTP_DISCARDING, /* the answer is certain, the body must be read to be answered at all
                      */
    HTTP_WAITING,    /* suspended: origin, workers and writers have it */
    HTTP_ANSWERING,
};

struct http_request {
    struct http_door *door;
    struct MHD_Connection *c;
    struct guard_node *node;
    enum http_state state;
    bool suspended;             /* counted as such */
    bool last;                  /* of this connection */
    struct http_answer refusal; /* HTTP_DISCARDING */
    struct delivery delivery;
    struct http_body body;
    size_t seen;
    struct peer peer;
    char peer_text[PEER_TEXT_BYTES], peer_name[ORIGIN_NAME_BYTES];
    char domain[HTTP_MAX_DOMAIN_BYTES + 1];
};

struct guard_node *
http_request_node(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

static int64_t
now_s(void)
{
    return (int64_t)time(NULL);
}

/* ---- refusals ---- */

static void
say_refused(const struct http_request *r, const struct http_answer *a)
{
    static struct log_limit limit = LOG_LIMIT(REFUSALS_A_MINUTE);
    int64_t suppressed;

    if (log_allow(&limit, &suppressed))
        log_info("refused", LOG_I("code", a->status), LOG_S("peer", r->peer_text),
                 LOG_S("reason", a->reason), LOG_I("suppressed", suppressed));
}

static enum MHD_Result
refuse(struct http_request *r, const struct http_answer *a)
{
    struct http_answer answer = *a;

    say_refused(r, a);
    answer.closes |= r->last;
    guard_enter(r->door->guard, r->node, GUARD_ANSWER);
    return http_answer(r->c, &answer);
}

static void
discard(struct http_request *r, const struct http_answer *a)
{
    r->refusal = *a;
    r->state = HTTP_DISCARDING;
    http_body_clear(r->door->bodies, &r->body);
}

/* ---- headers: is it whole, meant for us, and from whom; may its body come? ---- */

struct headers {
    struct framing framing;
    const char *proxy_header;
    struct buf forwarded; /* its values, joined in order */
};

static enum MHD_Result
take_header(void *ctx, enum MHD_ValueKind kind, const char *name, size_t name_len,
            const char *value, size_t value_len)
{
    struct headers *h = ctx;

    (void)kind;
    value = value != NULL ? value : "";
    framing_take(&h->framing, name, name_len, value);
    if (strcasecmp(name, h->proxy_header) == 0) {
        if (h->forwarded.len > 0)
            (void)buf_putc(&h->forwarded, ',');
        (void)buf_append(&h->forwarded, value, value_len);
    }
    return MHD_YES;
}

static bool
has_unix(const struct settings_list *proxies)
{
    for (size_t i = 0; i < proxies->count; i++) {
        if (strcmp(proxies->items[i], "unix") == 0)
            return true;
    }
    return false;
}

/* Who sent it: who is connected, or, if that is our proxy, whom it names. */
static void
find_peer(struct http_request *r, const struct headers *h)
{
    const struct settings *s = r->door->settings;
    bool known = guard_peer(r->node, &r->peer);
    bool proxy =
        known ? peer_in(&r->peer, &s->https.proxies) : has_unix(&s->https.proxies);
    struct peer connected = r->peer;

    if (proxy && h->forwarded.len > 0 && !h->forwarded.failed)
        peer_unwrap(&r->peer, h->forwarded.bytes,
                    strcasecmp(h->proxy_header, "Forwarded") == 0, &s->https.proxies);
    if (known || memcmp(&connected, &r->peer, sizeof connected) != 0)
        peer_print(&r->peer, r->peer_text);
}

/* RFC 9112 section 3.2.2: a request to a proxy names the server too. */
static const char *
skip_authority(const char *url)
{
    size_t n = strncasecmp(url, "https://", 8) == 0 ? 8 : 7;

    if (n == 7 && strncasecmp(url, "http://", 7) != 0)
        return url;
    url += n;
    return url + strcspn(url, "/");
}

/* The path is compared byte for byte, whatever it could be decoded to. */
static bool
take_path(struct http_request *r, const char *url)
{
    const char *path = r->door->settings->https.path;
    size_t n = strlen(path);

    url = skip_authority(url);
    if (strncmp(url, path, n) != 0 || (url[n] != '\0' && url[n] != '/'))
        return false;
    if (url[n] == '\0')
        return true;
    url += n + 1;
    n = strlen(url);
    if (n == 0 || n > HTTP_MAX_DOMAIN_BYTES || strchr(url, '.') == NULL)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = url[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c | 0x20);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
              c == '_'))
            return false;
        r->domain[i] = c;
    }
    if (r->domain[n - 1] == '.')
        r->domain[n - 1] = '\0';
    r->delivery.policy_domain = r->domain;
    return true;
}

static const char *
header(const struct http_request *r, const char *name)
{
    return MHD_lookup_connection_value(r->c, MHD_HEADER_KIND, name);
}

/* At the headers if the client waits for leave to send, or would send too long. */
static enum MHD_Result
check_length(struct http_request *r)
{
    const struct settings *s = r->door->settings;
    const char *length = header(r, "Content-Length");
    unsigned long long n = length == NULL ? 0 : strtoull(length, NULL, 10);
    struct http_answer a;

    if (n <= (unsigned long long)s->https.max_body_bytes)
        return MHD_YES;
    a = http_refusal(VERDICT_TOO_BIG, "the body is larger than max_body_bytes");
    a.closes = true;
    if (header(r, "Expect") != NULL || n - (unsigned long long)s->https.max_body_bytes >
                                           (unsigned long long)s->https.max_discard_bytes)
        return refuse(r, &a);
    discard(r, &a);
    return MHD_YES;
}

static enum MHD_Result
check_room(struct http_request *r)
{
    struct http_door *h = r->door;
    struct http_answer a;
    int64_t wait_s = budget_wait_s(h->budget, &r->peer, now_s());

    if (wait_s > 0) {
        a = (struct http_answer){MHD_HTTP_TOO_MANY_REQUESTS, "slow-down",
                                 "this network has used up its bytes of this hour",
                                 wait_s, true};
        return refuse(r, &a);
    }
    if (batcher_refuses(h->batcher, &r->peer, true) != NULL) {
        a = http_refusal(VERDICT_AGAIN, "too many reports are waiting, try again later");
        return refuse(r, &a);
    }
    return check_length(r);
}

static enum MHD_Result
admit(struct http_request *r, const char *url, const char *method)
{
    static const struct http_answer not_found = {MHD_HTTP_NOT_FOUND, "not-found",
                                                 "reports are not posted here", 0, false},
                                    not_allowed = {MHD_HTTP_METHOD_NOT_ALLOWED,
                                                   "not-allowed", "reports are posted", 0,
                                                   false};
    struct headers h = {.proxy_header = r->door->settings->https.proxy_header};
    struct http_answer a = {
        .status = MHD_HTTP_BAD_REQUEST, .label = "bad-request", .closes = true};
    bool ours, post = strcmp(method, "POST") == 0;

    (void)MHD_get_connection_values_n(r->c, MHD_HEADER_KIND, take_header, &h);
    find_peer(r, &h);
    buf_clear(&h.forwarded);
    ours = take_path(r, url);
    a.reason = framing_fault(&h.framing, ours && post);
    if (a.reason != NULL)
        return refuse(r, &a);
    if (!ours)
        return refuse(r, &not_found);
    if (!post)
        return refuse(r, &not_allowed);
    guard_enter(r->door->guard, r->node, GUARD_BODY);
    http_body_begin(&r->body, &r->peer, r->node,
                    (size_t)r->door->settings->https.max_body_bytes);
    return check_room(r);
}

/* ---- body ---- */

/* libmicrohttpd knows no answer in the midst of a body, and it closes after this. */
static enum MHD_Result
say_too_slow(struct http_request *r)
{
    static const char text[] = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
                               "Content-Length: 0\r\n\r\n";
    const union MHD_ConnectionInfo *tls =
        MHD_get_connection_info(r->c, MHD_CONNECTION_INFO_GNUTLS_SESSION);

    if (tls != NULL && tls->tls_session != NULL)
        http_tls_send(tls->tls_session, text, sizeof text - 1);
    else
        (void)send(guard_fd(r->node), text, sizeof text - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    return MHD_NO;
}

static enum MHD_Result
take_body(struct http_request *r, const char *data, size_t n)
{
    const struct settings *s = r->door->settings;
    struct http_answer a;

    r->seen += n;
    budget_spend(r->door->budget, &r->peer, n, now_s());
    if (!guard_come(r->door->guard, r->node, r->seen) || r->body.gone)
        return say_too_slow(r);
    /* Beyond the excess that is read for politeness the connection is cut. */
    if (r->seen > (size_t)(s->https.max_body_bytes + s->https.max_discard_bytes))
        return MHD_NO;
    if (r->state != HTTP_READING)
        return MHD_YES;
    if (r->seen > (size_t)s->https.max_body_bytes) {
        a = http_refusal(VERDICT_TOO_BIG, "the body is larger than max_body_bytes");
        a.closes = true;
        discard(r, &a);
    } else if (!http_body_take(r->door->bodies, &r->body, data, n)) {
        if (r->body.gone)
            return say_too_slow(r);
        a = http_refusal(VERDICT_AGAIN, "too many bytes are waiting, try again later");
        discard(r, &a);
    }
    return MHD_YES;
}

/* ---- wait ---- */

static void
done(struct delivery *d)
{
    struct http_request *r = d->door;

    r->state = HTTP_ANSWERING;
    MHD_resume_connection(r->c);
}

/* What the name is worth is for trust_https() to say. */
static void
submit(void *ctx, const char *name)
{
    struct http_request *r = ctx;

    (void)stpncpy(r->peer_name, name, sizeof r->peer_name - 1);
    batcher_submit(r->door->batcher, &r->delivery);
}

static void
count_off(struct http_door *h, atomic_size_t *count)
{
    (*count)--;
    if (!h->draining)
        return;
    (void)pthread_mutex_lock(&h->lock);
    (void)pthread_cond_broadcast(&h->changed);
    (void)pthread_mutex_unlock(&h->lock);
}

/* May it be suspended? libmicrohttpd aborts when it is stopped with one that is. */
static bool
count_suspended(struct http_request *r)
{
    struct http_door *h = r->door;

    h->suspended++; /* first, so that who sets `stopping` and then looks sees it */
    r->suspended = !h->stopping;
    if (!r->suspended)
        count_off(h, &h->suspended);
    return r->suspended;
}

static void
count_resumed(struct http_request *r)
{
    if (r->suspended)
        count_off(r->door, &r->door->suspended);
    r->suspended = false;
}

static enum MHD_Result
end_of_body(struct http_request *r)
{
    struct http_answer a = {.status = MHD_HTTP_BAD_REQUEST,
                            .label = "bad-request",
                            .reason = "the body is empty",
                            .closes = true};
    struct delivery *d = &r->delivery;

    guard_enter(r->door->guard, r->node, GUARD_WORK);
    if (!http_body_end(r->door->bodies, &r->body))
        return say_too_slow(r);
    if (r->seen == 0)
        return refuse(r, &a);
    FAULT("received");
    d->kind = DELIVERY_REPORT;
    d->transport = TRANSPORT_HTTPS;
    d->bytes = r->body.bytes.bytes;
    d->byte_count = r->body.bytes.len;
    d->received = now_s();
    d->peer = r->peer_text;
    d->peer_name = r->peer_name;
    d->done = done;
    d->door = r;
    if (!count_suspended(r)) {
        a = http_refusal(VERDICT_AGAIN, "this server is stopping, try again later");
        return refuse(r, &a);
    }
    r->state = HTTP_WAITING;
    MHD_suspend_connection(r->c);
    if (r->door->origin == NULL || r->peer_text[0] == '\0')
        submit(r, "");
    else
        origin_ask(r->door->origin, r->peer_text, submit, r);
    return MHD_YES; /* r is another thread's now */
}

static enum MHD_Result
give_answer(struct http_request *r)
{
    struct http_answer a = http_answer_of(r->delivery.verdict, r->delivery.reason);

    FAULT("before-reply");
    count_resumed(r);
    budget_spend(r->door->budget, &r->peer, r->delivery.inflated_bytes / INFLATED_PART,
                 now_s());
    http_body_clear(r->door->bodies, &r->body);
    guard_enter(r->door->guard, r->node, GUARD_ANSWER);
    a.closes = r->last;
    return http_answer(r->c, &a);
}

/* ---- what libmicrohttpd calls ---- */

static struct http_request *
request_new(struct http_door *h, struct MHD_Connection *c)
{
    struct guard_node *node = http_request_node(c);
    struct http_request *r = node == NULL ? NULL : calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->door = h;
    r->c = c;
    r->node = node;
    h->requests++;
    r->last = h->draining ||
              guard_count_request(node) >= h->settings->https.max_requests_per_connection;
    return r;
}

enum MHD_Result
http_request_handle(void *http, struct MHD_Connection *c, const char *url,
                    const char *method, const char *version, const char *data,
                    size_t *data_size, void **request)
{
    struct http_request *r = *request;
    size_t n = *data_size;

    (void)version;
    if (r == NULL) {
        *request = r = request_new(http, c);
        return r == NULL ? MHD_NO : admit(r, url, method);
    }
    if (n > 0) {
        *data_size = 0;
        return take_body(r, data, n);
    }
    switch (r->state) {
    case HTTP_READING:
        return end_of_body(r);
    case HTTP_DISCARDING:
        return refuse(r, &r->refusal);
    case HTTP_WAITING:
        return MHD_YES;
    case HTTP_ANSWERING:
        return give_answer(r);
    }
    return MHD_NO;
}

void
http_request_completed(void *http, struct MHD_Connection *c, void **request,
                       enum MHD_RequestTerminationCode why)
{
    struct http_request *r = *request;
    struct http_door *h = http;

    (void)c;
    (void)why;
    if (r == NULL)
        return;
    *request = NULL;
    if (r->state == HTTP_ANSWERING)
        FAULT("after-reply");
    count_resumed(r); /* the client went away while it waited */
    http_body_clear(r->door->bodies, &r->body);
    guard_enter(h->guard, r->node, GUARD_IDLE);
    free(r);
    count_off(h, &h->requests);
}
