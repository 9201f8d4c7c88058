/* One request: headers, body, wait, answer. libmicrohttpd calls the handler once when the
 * headers are there, for each piece of the body, once at its end, and once more after the
 * connection was suspended and resumed. */
#include "base/fault.h"
#include "collector/http/http_inside.h"
#include "collector/intake/stats.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    FIRST_HOLD_BYTES = 4096,
};

struct guard_node *
http_node(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info == NULL ? NULL : info->socket_context;
}

int64_t
http_now_s(void)
{
    return (int64_t)time(NULL);
}

/* ---- memory that is held for a client ---- */

static bool
hold(struct http_request *r, size_t bytes)
{
    if (!budget_hold(r->http->budget, &r->peer, bytes))
        return false;
    if (!batcher_reserve(r->http->batcher, bytes)) {
        budget_release(r->http->budget, &r->peer, bytes);
        return false;
    }
    r->held += bytes;
    return true;
}

void
http_let_go(struct http_request *r)
{
    if (r->held == 0)
        return;
    buf_clear(&r->body);
    budget_release(r->http->budget, &r->peer, r->held);
    batcher_release(r->http->batcher, r->held);
    r->held = 0;
}

static struct http_request *
request_new(struct http *h, struct MHD_Connection *c)
{
    struct guard_node *node = http_node(c);
    struct http_request *r = node == NULL ? NULL : calloc(1, sizeof *r);

    if (r == NULL)
        return NULL;
    r->http = h;
    r->c = c;
    r->node = node;
    buf_init(&r->body, (size_t)h->settings->https.max_body_bytes);
    h->requests++;
    r->last = h->draining ||
              guard_count_request(node) >= h->settings->https.max_requests_per_connection;
    return r;
}

/* ---- body ---- */

static void
take_body(struct http_request *r, const char *data, size_t n)
{
    struct http_answer a;
    size_t want = r->held == 0 ? FIRST_HOLD_BYTES : r->held;

    r->seen += n;
    budget_spend(r->http->budget, &r->peer, n, http_now_s());
    if (r->state != HTTP_READING)
        return;
    if (r->seen > (size_t)r->http->settings->https.max_body_bytes) {
        a = http_refusal(VERDICT_TOO_BIG, "the body is larger than max_body_bytes");
        a.closes = true;
        http_discard(r, &a);
        return;
    }
    while (want <= r->body.len + n)
        want *= 2;
    if ((want > r->held && !hold(r, want - r->held)) || !buf_append(&r->body, data, n)) {
        a = http_refusal(VERDICT_AGAIN, "too many bytes are waiting, try again later");
        http_discard(r, &a);
    }
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
    batcher_submit(r->http->batcher, &r->delivery);
}

static void
count_off(struct http *h, atomic_size_t *count)
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
    struct http *h = r->http;

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
        count_off(r->http, &r->http->suspended);
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

    guard_enter(r->http->guard, r->node, GUARD_ANSWER);
    if (r->body.len == 0)
        return http_refuse(r, &a);
    FAULT("received");
    d->kind = DELIVERY_REPORT;
    d->transport = TRANSPORT_HTTPS;
    d->bytes = r->body.bytes;
    d->byte_count = r->body.len;
    d->received = http_now_s();
    d->peer = r->peer_text;
    d->peer_name = r->peer_name;
    d->done = done;
    d->door = r;
    if (!count_suspended(r)) {
        a = http_refusal(VERDICT_AGAIN, "this server is stopping, try again later");
        return http_refuse(r, &a);
    }
    r->state = HTTP_WAITING;
    MHD_suspend_connection(r->c);
    if (r->http->origin == NULL || r->peer_text[0] == '\0')
        submit(r, "");
    else
        origin_ask(r->http->origin, r->peer_text, submit, r);
    return MHD_YES; /* r is another thread's now */
}

static enum MHD_Result
give_answer(struct http_request *r)
{
    struct http_answer a = http_answer_of(r->delivery.verdict, r->delivery.reason);

    FAULT("before-reply");
    count_resumed(r);
    http_let_go(r);
    a.closes = r->last;
    return http_answer(r->c, &a);
}

/* ---- what libmicrohttpd calls ---- */

enum MHD_Result
http_handle(void *http, struct MHD_Connection *c, const char *url, const char *method,
            const char *version, const char *data, size_t *data_size, void **request)
{
    struct http_request *r = *request;
    size_t n = *data_size;

    (void)version;
    if (r == NULL) {
        *request = r = request_new(http, c);
        return r == NULL ? MHD_NO : http_admit(r, url, method);
    }
    if (n > 0) {
        *data_size = 0;
        take_body(r, data, n);
        /* Beyond the excess that is read for politeness the connection is cut. */
        return r->seen <= (size_t)(r->http->settings->https.max_body_bytes +
                                   r->http->settings->https.max_discard_bytes)
                   ? MHD_YES
                   : MHD_NO;
    }
    switch (r->state) {
    case HTTP_READING:
        return end_of_body(r);
    case HTTP_DISCARDING:
        return http_refuse(r, &r->refusal);
    case HTTP_WAITING:
        return MHD_YES;
    case HTTP_ANSWERING:
        return give_answer(r);
    }
    return MHD_NO;
}

void
http_completed(void *http, struct MHD_Connection *c, void **request,
               enum MHD_RequestTerminationCode why)
{
    struct http_request *r = *request;
    struct http *h = http;

    (void)c;
    (void)why;
    if (r == NULL)
        return;
    *request = NULL;
    if (r->state == HTTP_ANSWERING)
        FAULT("after-reply");
    count_resumed(r); /* the client went away while it waited */
    http_let_go(r);
    guard_enter(h->guard, r->node, GUARD_IDLE);
    free(r);
    count_off(h, &h->requests);
}
