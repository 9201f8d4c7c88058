/* What our own mail server found about a mail's signatures, from the
 * Authentication-Results field that it wrote (RFC 8601). Pure. */
#pragma once
#include "collector/mail/message.h"

enum {
    AUTHRES_MAX_RESULTS = 16 /* of one field */
};

struct authres_result {
    bool pass;
    const char *result; /* "pass", "fail", "none", ... lower case */
    const char
        *domain;     /* header.d, else the domain of header.i, lower case; "" if none */
    const char *tag; /* header.b, the first characters of a signature's b=; "" if none */
};

struct authres {
    bool found; /* there is such a field and it speaks of dkim */
    struct authres_result results[AUTHRES_MAX_RESULTS];
    size_t count;
};

/* Anybody can write such a field, so only those of `authserv_id` count, of these only the
 * ones in the part of the header that our own topmost Received belongs to: above the
 * second Received, and none at all without a Received. Of several the topmost that speaks
 * of dkim is taken, for a server writes on top. False only when out of memory. */
MUST_USE bool authres_read(struct arena *a, const struct message *m,
                           const char *authserv_id, struct authres *out, struct err *e);
