/* A small HTTP server for people and monitoring: GET and HEAD, no TLS, no body, one
 * answer a request. Knows nothing of reports. What strangers post to is
 * collector/http/http.h.
 */
#pragma once
#include "base/buf.h"

enum {
    HTTPD_MAX_URL_BYTES = 4096,
    HTTPD_HEADERS = 16, /* of an answer */
};

struct httpd;

struct httpd_request {
    const char *path;  /* as sent, without the query; not decoded */
    const char *query; /* after the question mark, as sent; "" if none */
    void *connection;  /* httpd_header()'s */
};

struct httpd_answer {
    int status;       /* 200 unless set */
    struct buf body;  /* appended to by the handler, freed by the server */
    const char *type; /* Content-Type; static */
    struct httpd_header {
        const char *name; /* static */
        char value[256];
    } headers[HTTPD_HEADERS];
    size_t header_count;
};

/* Answers one request, in one of `threads` threads, numbered from 0, so that a handler
 * may keep a connection to the database for each. Method, length of the URL and Host were
 * looked at before. */
typedef void httpd_handler(void *ctx, unsigned thread, const struct httpd_request *q,
                           struct httpd_answer *a);

struct httpd_config {
    const char *const *listen; /* "address:port", "[address]:port", "unix:/path" */
    size_t listen_count;
    const char *const *hosts; /* allowed in Host, without port; the addresses listened on,
                                 and localhost on loopback, always are */
    size_t host_count;
    bool loopback_only; /* refuse other addresses: ERR_CONFIG */
    unsigned threads;
    unsigned idle_s;          /* without a byte, and for the whole request */
    unsigned max_connections; /* then the oldest idle one goes, or who comes gets 503 */
    httpd_handler *handler;
    void *ctx;
};

/* Opens the sockets; requests are answered from now on. `config` and its texts are
 * copied. ERR_CONFIG: an address that is none, or cannot be listened on. */
MUST_USE bool httpd_start(const struct httpd_config *config, struct httpd **out,
                          struct err *e);

/* Answers what is under way and ends. NULL is fine. */
void httpd_stop(struct httpd *h);

/* The sockets as "address:port" or "unix:/path", with the port that was found for 0. */
const char *httpd_address(const struct httpd *h, size_t i); /* NULL: no more */

/* A request's header, or NULL. */
const char *httpd_header(const struct httpd_request *q, const char *name);

/* Adds a header to the answer; false when there is no room, or the value is too long or
 * holds a control character. */
bool httpd_set_header(struct httpd_answer *a, const char *name, const char *value);
