/* The socket never blocks: whoever waits, waits in one place, for the server, the clock
 * and the end of the program. Only getaddrinfo() cannot be told to stop, so it has a
 * thread of its own, which may be left behind. */
#include "collector/imap/imap_link.h"

#include "base/clock.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

struct imap_link {
    int fd, stopping;
    gnutls_certificate_credentials_t trust;
    gnutls_session_t tls; /* NULL: none yet */
    int64_t deadline_ms;
    size_t bytes_left;
    struct imap_fault fault; /* of the last read or write */
};

/* ---- names ---- */

struct lookup {
    pthread_mutex_t lock;
    bool answered, left; /* which of both comes last frees it */
    int done;            /* an eventfd */
    struct addrinfo *found;
    int error;
    char host[256], port[8];
};

static void
lookup_leave(struct lookup *q, bool *mine, const bool *other)
{
    bool last;

    pthread_mutex_lock(&q->lock);
    *mine = true;
    last = *other;
    pthread_mutex_unlock(&q->lock);
    if (!last)
        return;
    if (q->found != NULL)
        freeaddrinfo(q->found);
    (void)close(q->done);
    (void)pthread_mutex_destroy(&q->lock);
    free(q);
}

static void *
look_up(void *arg)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                          .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV};
    struct lookup *q = arg;
    struct addrinfo *found = NULL;
    int error = getaddrinfo(q->host, q->port, &hints, &found);

    pthread_mutex_lock(&q->lock);
    q->error = error;
    q->found = error == 0 ? found : NULL;
    pthread_mutex_unlock(&q->lock);
    (void)eventfd_write(q->done, 1);
    lookup_leave(q, &q->answered, &q->left);
    return NULL;
}

static struct lookup *
lookup_start(const char *host, const char *port)
{
    struct lookup *q = calloc(1, sizeof *q);
    pthread_attr_t attr;
    pthread_t thread;

    if (q == NULL || (q->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0) {
        free(q);
        return NULL;
    }
    (void)snprintf(q->host, sizeof q->host, "%s", host);
    (void)snprintf(q->port, sizeof q->port, "%s", port);
    (void)pthread_mutex_init(&q->lock, NULL);
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &attr, look_up, q) != 0) {
        q->left = true;
        lookup_leave(q, &q->answered, &q->left);
        q = NULL;
    }
    (void)pthread_attr_destroy(&attr);
    return q;
}

/* ---- waiting ---- */

static bool
wait_for(struct imap_link *l, int fd, short events)
{
    struct pollfd fds[] = {{.fd = fd, .events = events},
                           {.fd = l->stopping, .events = POLLIN}};
    int64_t left;

    for (;;) {
        left = l->deadline_ms - clock_ms();
        if (left <= 0)
            return imap_fail(&l->fault, IMAP_NO_CONNECTION, "no answer in time");
        if (poll(fds, 2, (int)left) < 0 && errno != EINTR)
            return imap_fail(&l->fault, IMAP_NO_CONNECTION, "%s", strerrordesc_np(errno));
        if (fds[1].revents != 0)
            return imap_fail(&l->fault, IMAP_STOPPED, "stopped");
        if (fds[0].revents != 0)
            return true;
    }
}

/* ---- connecting ---- */

static bool
dial(struct imap_link *l, const struct addrinfo *to)
{
    int error = 0;
    socklen_t n = sizeof error;

    l->deadline_ms = clock_ms_in(IMAP_CONNECT_S);
    l->fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return imap_fail(&l->fault, IMAP_NO_CONNECTION, "%s", strerrordesc_np(errno));
    if (connect(l->fd, to->ai_addr, to->ai_addrlen) != 0) {
        error = errno;
        if (error == EINPROGRESS && wait_for(l, l->fd, POLLOUT) &&
            getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
            error = errno;
    }
    if (error == 0)
        return true;
    (void)imap_fail(&l->fault, IMAP_NO_CONNECTION, "%s", strerrordesc_np(error));
    (void)close(l->fd);
    l->fd = -1;
    return false;
}

static bool
dial_any(struct imap_link *l, struct lookup *q)
{
    const struct addrinfo *found;
    int error;

    pthread_mutex_lock(&q->lock);
    error = q->error;
    found = q->found;
    pthread_mutex_unlock(&q->lock);
    if (error != 0)
        return imap_fail(&l->fault, IMAP_NO_CONNECTION, "%s", gai_strerror(error));
    for (const struct addrinfo *to = found; to != NULL; to = to->ai_next) {
        if (l->fault.state == IMAP_STOPPED)
            break;
        l->fault.state = IMAP_WORKS; /* what the last address said counts */
        if (dial(l, to))
            return true;
    }
    return false;
}

bool
imap_link_open(const char *host, const char *port, int stopping, struct imap_link **out,
               struct imap_fault *f)
{
    struct imap_link *l = calloc(1, sizeof *l);
    struct lookup *q = l == NULL ? NULL : lookup_start(host, port);
    bool ok;

    if (q == NULL) {
        free(l);
        return imap_fail(f, IMAP_BUSY, "out of memory or threads");
    }
    l->fd = -1;
    l->stopping = stopping;
    l->deadline_ms = clock_ms_in(IMAP_CONNECT_S);
    ok = wait_for(l, q->done, POLLIN) && dial_any(l, q);
    lookup_leave(q, &q->left, &q->answered);
    if (ok) {
        *out = l;
        return true;
    }
    (void)imap_fail(f, l->fault.state, "cannot connect to %s: %s", host, l->fault.why);
    imap_link_close(l);
    return false;
}

/* ---- TLS ---- */

static bool
prepare_tls(struct imap_link *l, const char *host, const char *ca_file,
            struct imap_fault *f)
{
    int error = gnutls_certificate_allocate_credentials(&l->trust);

    if (error >= 0)
        error = ca_file == NULL ? gnutls_certificate_set_x509_system_trust(l->trust)
                                : gnutls_certificate_set_x509_trust_file(
                                      l->trust, ca_file, GNUTLS_X509_FMT_PEM);
    if (error == 0 || (error < 0 && ca_file != NULL))
        return imap_fail(f, IMAP_NO_TLS, "no certificates to trust in %s",
                         ca_file == NULL ? "the system" : ca_file);
    if (error < 0 ||
        gnutls_init(&l->tls, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0 ||
        gnutls_priority_set_direct(l->tls, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
                                   NULL) < 0 ||
        gnutls_credentials_set(l->tls, GNUTLS_CRD_CERTIFICATE, l->trust) < 0)
        return imap_fail(f, IMAP_BUSY, "cannot prepare TLS");
    if (strspn(host, "0123456789.") != strlen(host) && strchr(host, ':') == NULL)
        (void)gnutls_server_name_set(l->tls, GNUTLS_NAME_DNS, host, strlen(host));
    gnutls_session_set_verify_cert(l->tls, host, 0);
    gnutls_transport_set_int(l->tls, l->fd);
    return true;
}

static bool
say_certificate(struct imap_link *l, const char *host, struct imap_fault *f)
{
    gnutls_datum_t text = {0};

    (void)gnutls_certificate_verification_status_print(
        gnutls_session_get_verify_cert_status(l->tls), GNUTLS_CRT_X509, &text, 0);
    (void)imap_fail(f, IMAP_NO_TLS, "the certificate of %s does not hold: %s", host,
                    text.data == NULL ? "" : (const char *)text.data);
    gnutls_free(text.data);
    return false;
}

/* Of a call that GnuTLS wants to have repeated; false when it is not to be. */
static bool
wait_tls(struct imap_link *l, ssize_t error)
{
    if (error == GNUTLS_E_INTERRUPTED)
        return true;
    if (error == GNUTLS_E_AGAIN)
        return wait_for(l, l->fd,
                        gnutls_record_get_direction(l->tls) == 0 ? POLLIN : POLLOUT);
    return imap_fail(&l->fault, IMAP_NO_CONNECTION, "%s",
                     error == 0 ? "the server has closed" : gnutls_strerror((int)error));
}

bool
imap_link_secure(struct imap_link *l, const char *host, const char *ca_file,
                 struct imap_fault *f)
{
    int error;

    if (!prepare_tls(l, host, ca_file, f))
        return false;
    l->deadline_ms = clock_ms_in(IMAP_CONNECT_S);
    do
        error = gnutls_handshake(l->tls);
    while (error < 0 && !gnutls_error_is_fatal(error) && wait_tls(l, error));
    if (error == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
        return say_certificate(l, host, f);
    if (error < 0 && gnutls_error_is_fatal(error))
        return imap_fail(f, IMAP_NO_TLS, "no TLS with %s: %s", host,
                         gnutls_strerror(error));
    return error == 0 || imap_link_fail(l, f);
}

/* ---- bytes ---- */

void
imap_link_allow(struct imap_link *l, size_t bytes)
{
    l->deadline_ms = clock_ms_in(IMAP_COMMAND_S);
    l->bytes_left = bytes;
}

ssize_t
imap_link_read(struct imap_link *l, void *bytes, size_t n)
{
    ssize_t got;

    if (l->fault.state != IMAP_WORKS)
        return -1;
    if (l->bytes_left == 0) {
        (void)imap_fail(&l->fault, IMAP_BAD_ANSWER, "the server says too much");
        return -1;
    }
    n = n < l->bytes_left ? n : l->bytes_left;
    for (;;) {
        if (l->tls != NULL) {
            got = gnutls_record_recv(l->tls, bytes, n);
            if (got > 0)
                break;
            if (!wait_tls(l, got))
                return -1;
            continue;
        }
        got = recv(l->fd, bytes, n, 0);
        if (got > 0)
            break;
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            if (!wait_for(l, l->fd, POLLIN))
                return -1;
            continue;
        }
        (void)imap_fail(&l->fault, IMAP_NO_CONNECTION, "%s",
                        got == 0 ? "the server has closed" : strerrordesc_np(errno));
        return -1;
    }
    l->bytes_left -= (size_t)got;
    return got;
}

ssize_t
imap_link_write(struct imap_link *l, const void *bytes, size_t n)
{
    ssize_t sent;

    if (l->fault.state != IMAP_WORKS)
        return -1;
    for (;;) {
        sent = l->tls != NULL ? gnutls_record_send(l->tls, bytes, n)
                              : send(l->fd, bytes, n, MSG_NOSIGNAL);
        if (sent > 0)
            return sent;
        if (l->tls != NULL) {
            if (!wait_tls(l, sent))
                return -1;
        } else if (errno != EAGAIN && errno != EINTR) {
            (void)imap_fail(&l->fault, IMAP_NO_CONNECTION, "%s", strerrordesc_np(errno));
            return -1;
        } else if (!wait_for(l, l->fd, POLLOUT)) {
            return -1;
        }
    }
}

bool
imap_link_works(const struct imap_link *l)
{
    return l->fault.state == IMAP_WORKS;
}

bool
imap_link_fail(const struct imap_link *l, struct imap_fault *f)
{
    return imap_fail(f, l->fault.state == IMAP_WORKS ? IMAP_BAD_ANSWER : l->fault.state,
                     "%s", l->fault.why);
}

void
imap_link_close(struct imap_link *l)
{
    if (l == NULL)
        return;
    if (l->tls != NULL)
        gnutls_deinit(l->tls);
    if (l->trust != NULL)
        gnutls_certificate_free_credentials(l->trust);
    if (l->fd >= 0)
        (void)close(l->fd);
    free(l);
}
