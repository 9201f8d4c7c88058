/* What is decided at the headers: is the request whole, meant for us, and from whom; may
 * its body come? */
#include "base/http_framing.h"
#include "collector/http/http_inside.h"

#include <stdlib.h>
#include <string.h>

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
    const struct settings *s = r->http->settings;
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
    const char *path = r->http->settings->https.path;
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
    const struct settings *s = r->http->settings;
    const char *length = header(r, "Content-Length");
    unsigned long long n = length == NULL ? 0 : strtoull(length, NULL, 10);
    struct http_answer a;

    if (n <= (unsigned long long)s->https.max_body_bytes)
        return MHD_YES;
    a = http_refusal(VERDICT_TOO_BIG, "the body is larger than max_body_bytes");
    a.closes = true;
    if (header(r, "Expect") != NULL || n - (unsigned long long)s->https.max_body_bytes >
                                           (unsigned long long)s->https.max_discard_bytes)
        return http_refuse(r, &a);
    http_discard(r, &a);
    return MHD_YES;
}

static enum MHD_Result
check_room(struct http_request *r)
{
    struct http *h = r->http;
    struct http_answer a;
    int64_t wait_s = budget_wait_s(h->budget, &r->peer, http_now_s());

    if (wait_s > 0) {
        a = (struct http_answer){MHD_HTTP_TOO_MANY_REQUESTS, "slow-down",
                                 "this network has used up its bytes of this hour",
                                 wait_s, true};
        return http_refuse(r, &a);
    }
    if (!batcher_has_room(h->batcher)) {
        a = http_refusal(VERDICT_AGAIN, "too many reports are waiting, try again later");
        return http_refuse(r, &a);
    }
    return check_length(r);
}

enum MHD_Result
http_admit(struct http_request *r, const char *url, const char *method)
{
    static const struct http_answer not_found = {MHD_HTTP_NOT_FOUND, "not-found",
                                                 "reports are not posted here", 0, false},
                                    not_allowed = {MHD_HTTP_METHOD_NOT_ALLOWED,
                                                   "not-allowed", "reports are posted", 0,
                                                   false};
    struct headers h = {.proxy_header = r->http->settings->https.proxy_header};
    struct http_answer a = {
        .status = MHD_HTTP_BAD_REQUEST, .label = "bad-request", .closes = true};
    bool ours, post = strcmp(method, "POST") == 0;

    (void)MHD_get_connection_values_n(r->c, MHD_HEADER_KIND, take_header, &h);
    find_peer(r, &h);
    buf_clear(&h.forwarded);
    ours = take_path(r, url);
    a.reason = framing_fault(&h.framing, ours && post);
    if (a.reason != NULL)
        return http_refuse(r, &a);
    if (!ours)
        return http_refuse(r, &not_found);
    if (!post)
        return http_refuse(r, &not_allowed);
    guard_enter(r->http->guard, r->node, GUARD_BODY);
    return check_room(r);
}
