/* The handshake goes on past a certificate that does not hold, so that the complaint can
 * say when it expired; nothing is sent or believed then. */
#include "analyzer/doctor/https_get.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/text.h"
#include "base/when.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_REPLY = HTTPS_MAX_BYTES + 16384, /* headers and chunks included */
    MAX_REQUEST = 2048,
};

static void
fail(struct https_reply *r, enum https_outcome outcome, const char *why)
{
    size_t n = strlen(why);

    r->outcome = outcome;
    n -= n > 0 && why[n - 1] == '.'; /* as GnuTLS has it */
    (void)snprintf(r->why, sizeof r->why, "%.*s", (int)n, why);
}

/* ---- certificates ---- */

static const struct {
    unsigned status;
    const char *why;
} verdicts[] = {
    {GNUTLS_CERT_EXPIRED, "expired on "},
    {GNUTLS_CERT_NOT_ACTIVATED, "is not valid yet"},
    {GNUTLS_CERT_UNEXPECTED_OWNER, "is for another name: "},
    {GNUTLS_CERT_REVOKED, "is revoked"},
    {GNUTLS_CERT_INSECURE_ALGORITHM, "is signed with a broken algorithm"},
    {GNUTLS_CERT_SIGNER_NOT_FOUND,
     "leads to no authority that is trusted (self-signed, or the intermediate "
     "certificate is not sent along)"},
};

/* The first DNS name that is no wildcard. */
static void
find_name(gnutls_x509_crt_t crt, char name[256])
{
    unsigned critical;

    for (unsigned i = 0;; i++) {
        size_t n = 255;
        int type = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &n, &critical);

        if (type < 0 && type != GNUTLS_E_SHORT_MEMORY_BUFFER)
            break;
        if (type == GNUTLS_SAN_DNSNAME && name[0] != '*') {
            name[n] = '\0';
            return;
        }
    }
    name[0] = '\0';
}

static bool
import(const gnutls_datum_t *bytes, gnutls_x509_crt_fmt_t format, int64_t *expires,
       char name[256])
{
    gnutls_x509_crt_t crt;
    bool ok;

    if (gnutls_x509_crt_init(&crt) < 0)
        return false;
    ok = gnutls_x509_crt_import(crt, bytes, format) >= 0;
    if (ok) {
        *expires = (int64_t)gnutls_x509_crt_get_expiration_time(crt);
        find_name(crt, name);
    }
    gnutls_x509_crt_deinit(crt);
    return ok;
}

bool
https_certificate(const char *file, int64_t *expires, char name[256], struct err *e)
{
    gnutls_datum_t bytes = {0};
    bool ok = gnutls_load_file(file, &bytes) >= 0;

    if (!ok)
        (void)err_set(e, ERR_CONFIG, "cannot read %s: %s", file, strerrordesc_np(errno));
    else if (!(ok = import(&bytes, GNUTLS_X509_FMT_PEM, expires, name)))
        (void)err_set(e, ERR_CONFIG, "%s holds no certificate", file);
    gnutls_free(bytes.data);
    return ok;
}

/* Does the certificate that was shown hold for the host? */
static bool
judge_certificate(gnutls_session_t tls, const struct https_where *w,
                  struct https_reply *r)
{
    unsigned status = 0, count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(tls, &count);
    char name[256] = "", day[WHEN_DAY_SIZE], why[256];

    if (chain != NULL && count > 0)
        (void)import(&chain[0], GNUTLS_X509_FMT_DER, &r->expires, name);
    if (gnutls_certificate_verify_peers3(tls, w->host, &status) < 0) {
        fail(r, HTTPS_NO_CONNECTION, "no certificate is shown");
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        if ((status & verdicts[i].status) == 0)
            continue;
        (void)snprintf(why, sizeof why, "%s%s", verdicts[i].why,
                       verdicts[i].status == GNUTLS_CERT_EXPIRED
                           ? when_print_day(when_day_of_instant(r->expires), day)
                       : verdicts[i].status == GNUTLS_CERT_UNEXPECTED_OWNER ? name
                                                                            : "");
        fail(r, HTTPS_BAD_CERTIFICATE, why);
        return false;
    }
    if (status != 0)
        fail(r, HTTPS_BAD_CERTIFICATE, "does not hold");
    return status == 0;
}

/* ---- the connection ---- */

/* A socket whose every step is bounded; -1 when there is no connection. */
static int
dial(const struct https_where *w, struct https_reply *r)
{
    static const struct timeval wait = {.tv_sec = HTTPS_TIMEOUT_S / 2};
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *to = NULL;
    char port[8];
    int fd = -1;

    (void)snprintf(port, sizeof port, "%u", w->port);
    if (getaddrinfo(w->address, port, &hints, &to) != 0) {
        fail(r, HTTPS_NO_CONNECTION, "not an address");
        return -1;
    }
    fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    }
    if (fd < 0 || connect(fd, to->ai_addr, to->ai_addrlen) != 0) {
        bool local =
            errno == ENETUNREACH || errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT;

        fail(r, local ? HTTPS_NO_ROUTE : HTTPS_NO_CONNECTION,
             errno == EINPROGRESS ? "connection timed out" : strerrordesc_np(errno));
        if (fd >= 0)
            (void)close(fd);
        fd = -1;
    }
    freeaddrinfo(to);
    return fd;
}

static bool
ask(gnutls_session_t tls, const struct https_where *w, struct buf *reply)
{
    char request[MAX_REQUEST], port[16] = "";
    int64_t deadline = clock_ms_in(HTTPS_TIMEOUT_S);
    const char *path = *w->path == '/' ? w->path : "/";
    int n;
    ssize_t got;

    if (w->port != 443)
        (void)snprintf(port, sizeof port, ":%u", w->port);
    n = snprintf(request, sizeof request,
                 "GET %.*s HTTP/1.1\r\nHost: %s%s\r\nUser-Agent: tlsrpt/" TLSRPT_VERSION
                 "\r\nAccept: */*\r\nConnection: close\r\n\r\n",
                 (int)strcspn(path, "#"), path, w->host, port);

    if (n >= MAX_REQUEST || gnutls_record_send(tls, request, (size_t)n) != n)
        return false;
    do {
        char piece[4096];

        got = gnutls_record_recv(tls, piece, sizeof piece);
        if (got > 0 && !buf_append(reply, piece, (size_t)got))
            break;
        /* a session ticket is "again", too */
    } while ((got > 0 || got == GNUTLS_E_INTERRUPTED || got == GNUTLS_E_AGAIN) &&
             clock_ms() < deadline);
    return reply->len > 0;
}

/* ---- the answer ---- */

/* The value of a header; NULL when there is none. */
static const char *
find_header(const char *headers, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = strchr(headers, '\n'); at != NULL; at = strchr(at, '\n')) {
        at++;
        if (strncasecmp(at, name, n) == 0 && at[n] == ':')
            return at + n + 1 + strspn(at + n + 1, " \t");
    }
    return NULL;
}

/* RFC 9112 section 7.1; a chunk that is cut is taken as far as it came. */
static void
append_chunks(struct buf *out, const char *text, size_t n)
{
    while (n > 0) {
        char *end;
        unsigned long size = strtoul(text, &end, 16);
        const char *line = memchr(text, '\n', n);

        if (end == text || line == NULL || size == 0)
            return;
        n -= (size_t)(line + 1 - text);
        text = line + 1;
        size = size < n ? size : n;
        (void)buf_append(out, text, size);
        text += size;
        n -= size;
        while (n > 0 && (*text == '\r' || *text == '\n')) {
            text++;
            n--;
        }
    }
}

static void
read_reply(const struct buf *reply, struct https_reply *r)
{
    char *body = strstr(reply->bytes, "\r\n\r\n");
    const char *type, *encoding;
    long status;

    if (body == NULL || strncmp(reply->bytes, "HTTP/1.", 7) != 0 ||
        (status = strtol(reply->bytes + strcspn(reply->bytes, " "), NULL, 10)) < 100) {
        fail(r, HTTPS_NO_ANSWER, "what it says is not HTTP");
        return;
    }
    r->status = (int)(status % 1000);
    *body = '\0';
    body += 4;
    if ((type = find_header(reply->bytes, "Content-Type")) != NULL) {
        (void)snprintf(r->content_type, sizeof r->content_type, "%.*s",
                       (int)strcspn(type, "; \t\r\n"), type);
        text_lower(r->content_type);
    }
    encoding = find_header(reply->bytes, "Transfer-Encoding");
    if (encoding != NULL && strncasecmp(encoding, "chunked", 7) == 0)
        append_chunks(&r->body, body, reply->len - (size_t)(body - reply->bytes));
    else
        (void)buf_append(&r->body, body, reply->len - (size_t)(body - reply->bytes));
}

static void
talk(gnutls_session_t tls, const struct https_where *w, struct https_reply *r)
{
    struct buf reply;
    int error;

    do {
        error = gnutls_handshake(tls);
    } while (error == GNUTLS_E_INTERRUPTED || error == GNUTLS_E_WARNING_ALERT_RECEIVED);
    if (error < 0) {
        fail(r, HTTPS_NO_CONNECTION, gnutls_strerror(error));
        return;
    }
    if (!judge_certificate(tls, w, r))
        return;
    buf_init(&reply, MAX_REPLY);
    if (ask(tls, w, &reply))
        read_reply(&reply, r);
    else
        fail(r, HTTPS_NO_ANSWER, "it says nothing");
    buf_clear(&reply);
    (void)gnutls_bye(tls, GNUTLS_SHUT_WR);
}

void
https_get(const struct https_where *w, struct https_reply *r)
{
    gnutls_certificate_credentials_t trust = NULL;
    gnutls_session_t tls = NULL;
    int fd;

    *r = (struct https_reply){.outcome = HTTPS_ANSWERED};
    buf_init(&r->body, HTTPS_MAX_BYTES);
    if ((fd = dial(w, r)) < 0)
        return;
    if (gnutls_certificate_allocate_credentials(&trust) < 0 ||
        gnutls_certificate_set_x509_system_trust(trust) < 0 ||
        (w->ca_file != NULL && gnutls_certificate_set_x509_trust_file(
                                   trust, w->ca_file, GNUTLS_X509_FMT_PEM) < 0) ||
        gnutls_init(&tls, GNUTLS_CLIENT) < 0 || gnutls_set_default_priority(tls) < 0 ||
        gnutls_credentials_set(tls, GNUTLS_CRD_CERTIFICATE, trust) < 0) {
        fail(r, HTTPS_NO_CONNECTION, "cannot prepare TLS: no trusted certificates?");
    } else {
        if (strcmp(w->host, w->address) != 0)
            (void)gnutls_server_name_set(tls, GNUTLS_NAME_DNS, w->host, strlen(w->host));
        gnutls_transport_set_int(tls, fd);
        gnutls_handshake_set_timeout(tls, HTTPS_TIMEOUT_S * 1000);
        talk(tls, w, r);
    }
    if (tls != NULL)
        gnutls_deinit(tls);
    if (trust != NULL)
        gnutls_certificate_free_credentials(trust);
    (void)close(fd);
}
