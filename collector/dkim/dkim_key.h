/* A DKIM key record (RFC 6376 section 3.6.1, RFC 8463, RFC 8460 section 3). Pure. */
#pragma once
#include "collector/dkim/dkim_header.h"

struct dkim_key {
    const char *flaw; /* why it cannot be used; NULL if it can */
    const char *note; /* worth knowing; "" if nothing */
    enum dkim_algorithm algorithm;
    const unsigned char *bytes; /* p=, decoded */
    size_t len;
    bool exact_identity; /* t=s: i= may not be below d= */
    bool testing;        /* t=y */
};

/* `strict`: the record must not exclude the service "tlsrpt", as RFC 8460 section 3 lets
 * a receiver demand; otherwise "email" does as well. False only when out of memory. */
MUST_USE bool dkim_key_parse(struct arena *a, const char *text, size_t n, bool strict,
                             struct dkim_key *out, struct err *e);
