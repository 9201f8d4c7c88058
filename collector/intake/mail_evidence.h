/* What is known of who sent a mail: its signatures, verified with keys from DNS or by our
 * own mail server. The only part of a mail's way that waits for DNS. */
#pragma once
#include "base/resolver.h"
#include "collector/dkim/dkim.h"
#include "collector/intake/trust.h"

enum {
    MAIL_DNS_TIMEOUT_MS = 10000, /* for all keys of a mail together */
    MAIL_MAX_EVIDENCE = 16,
};

struct mail_context {
    const struct settings *settings;
    struct resolver
        *resolver;            /* NULL: no key can be found, as if DNS were out of order */
    const char *authserv_id;  /* believe Authentication-Results of this id; NULL: none.
                                 The daemon passes its setting, `import` only with
                                 --trust-authres */
    const char *known_signer; /* whose signature was found valid when the mail came, the
                                 key of which may be gone (`reparse`); NULL: not known */
};

struct mail_evidence {
    struct trust_mail trust; /* `carried` is for each report to set */
    bool dns_trouble;        /* a key that would have mattered could not be had */
    bool hints_signed; /* what TLS-Report-* and Subject say is signed or vouched for */

    struct trust_signature signatures[MAIL_MAX_EVIDENCE];
    const struct dkim_signature *valid[MAIL_MAX_EVIDENCE]; /* NULL where it is not */
};

/* `at`: when the mail arrived, for the expiry of signatures. False only when out of
 * memory. */
MUST_USE bool mail_evidence_find(const struct mail_context *c, struct arena *a,
                                 const struct message *m, int64_t at,
                                 struct mail_evidence *out, struct err *e);
