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
    bool has_parts;     /* as dkim_cover_has_parts() */
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

/* Who posted a report by HTTPS. */
struct trust_post {
    const char *peer;      /* address */
    const char *peer_name; /* which DNS confirms; or "" */
    const char *sender;    /* in whose name; "" if that is not known */
};

/* False only when out of memory. */
MUST_USE bool trust_https(struct arena *a, const struct settings *s,
                          const struct trust_post *post, struct trust *out,
                          struct err *e);

/* Is `host` what `pattern` says: itself, or "*.example.net" for any name below it? */
bool trust_host_matches(const char *pattern, const char *host);
