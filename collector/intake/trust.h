/* How far a report is believed, from what is known of its way here: the table "Trust in a
 * report" of tlsrptd(8), and nothing else. Pure. */
#pragma once
#include "base/arena.h"
#include "schema/report/vocab.h"
#include "schema/settings/settings.h"

struct trust {
    bool ignored;       /* RFC 8460 section 3: no valid signature */
    enum tier tier;     /* unless ignored */
    const char *reason; /* one clause, never NULL */
    const char *signer; /* domain of the signature that counted, or "" */
};

/* One signature of a mail, verified by us or by our own mail server. */
struct trust_signature {
    const char *domain; /* d=, lower case */
    bool valid;
    const char *reason; /* why it is not, or a note about it; never NULL */
};

struct trust_mail {
    const char *from_domain; /* lower case; "" when there is not exactly one */
    const struct trust_signature *signatures;
    size_t signature_count;
    bool vouched;        /* the operator answers for it */
    const char *carried; /* NULL, or where the report was so that the signature does not
                            speak for it: "inside an attached message" */
};

/* Of a report by mail whose submitter is `submitter`. False only when out of memory. */
MUST_USE bool trust_mail(struct arena *a, const struct trust_mail *mail,
                         const char *submitter, struct trust *out, struct err *e);

/* Of a report by HTTPS from a host whose name DNS confirms (or ""), sent in the name of
 * `sender`. False only when out of memory. */
MUST_USE bool trust_https(struct arena *a, const struct settings *s,
                          const char *peer_name, const char *sender, struct trust *out,
                          struct err *e);

/* Is `host` what `pattern` says: itself, or "*.example.net" for any name below it? */
bool trust_host_matches(const char *pattern, const char *host);
