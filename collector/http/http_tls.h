/* The certificate of the HTTPS door and its reload. There is one in a process, for
 * libmicrohttpd's call-back is given no context. */
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* Reads the pair of PEM files. On failure the pair in use, if any, stays in use. `now` is
 * CLOCK_MONOTONIC seconds: a pair that was replaced lives on until the handshakes that
 * may use it must be over. The paths must stay. */
MUST_USE bool http_tls_load(const char *certificate, const char *key, int64_t now,
                            struct err *e);

/* Have the files changed since the last http_tls_load(), successful or not? */
bool http_tls_changed(void);

/* When the certificate in use expires, seconds since 1970; 0: there is none. */
int64_t http_tls_expires(void);

/* What MHD_OPTION_HTTPS_CERT_CALLBACK is given. */
void *http_tls_callback(void);

/* Says something into a session (a gnutls_session_t), if it can be said at once. */
void http_tls_send(void *session, const char *text, size_t n);

void http_tls_free(void);
