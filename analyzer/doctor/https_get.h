/* One GET over TLS, as a strict client makes it, and what there is to say of the
 * certificate, also when it does not hold. GnuTLS, no redirects, bounded in time and
 * bytes. */
#pragma once
#include "base/buf.h"

#include <stdint.h>

enum {
    HTTPS_TIMEOUT_S = 10,    /* for all of it */
    HTTPS_MAX_BYTES = 65536, /* of a body; more is cut */
};

struct https_where {
    const char *host;    /* a name or an address; the certificate must be for it */
    const char *address; /* where to connect, numeric */
    unsigned port;
    const char *path;    /* "" is "/" */
    const char *ca_file; /* PEM, trusted beside the system's; NULL: none */
};

enum https_outcome {
    HTTPS_ANSWERED,
    HTTPS_NO_ROUTE,        /* this host cannot reach that kind of address at all */
    HTTPS_NO_CONNECTION,   /* nor a TLS session */
    HTTPS_BAD_CERTIFICATE, /* nothing was asked then */
    HTTPS_NO_ANSWER,       /* that is HTTP */
};

struct https_reply {
    enum https_outcome outcome;
    char why[256];   /* for all but HTTPS_ANSWERED */
    int64_t expires; /* of the certificate; 0: none was shown */
    int status;
    char content_type[80]; /* lower case, without parameters; "" if none */
    struct buf body;       /* to be cleared, whatever the outcome */
};

void https_get(const struct https_where *w, struct https_reply *r);

/* Of the first certificate in a PEM file: when it expires, and its first DNS name that is
 * no wildcard ("" if there is none). */
MUST_USE bool https_certificate(const char *file, int64_t *expires, char name[256],
                                struct err *e);
