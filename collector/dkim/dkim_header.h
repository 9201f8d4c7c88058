/* One DKIM-Signature field (RFC 6376 section 3.5, RFC 8463), read and judged as far as
 * that is possible without its key. Pure. */
#pragma once
#include "collector/dkim/dkim_canon.h"
#include "collector/mail/message.h"

#include <stdint.h>

enum {
    DKIM_MAX_SIGNED = 256, /* names in h= */
    DKIM_CLOCK_SLACK_S =
        36000, /* clocks are wrong: t= ahead and x= behind by that much */
};

enum dkim_algorithm {
    DKIM_RSA_SHA256,
    DKIM_ED25519_SHA256,
};

struct dkim_signature {
    const struct message_field *field;
    const char *flaw;   /* why it cannot count, one clause; NULL if its key may tell */
    const char *domain; /* d=, lower case; "" if there is none that can be one */
    const char *query;  /* the key's name: s._domainkey.d */
    enum dkim_algorithm algorithm;
    enum dkim_canon header_canon, body_canon;
    const unsigned char *signature; /* b= */
    size_t signature_len;
    const unsigned char *body_hash; /* bh=, 32 bytes */
    size_t b_at, b_end;             /* where b= stands in the field's value */
    const char *b_text;             /* as written */
    const char **names;             /* h=, lower case */
    size_t name_count;
    bool subdomain_identity; /* i= is below d=, which a key may forbid */
    bool partial;            /* l= */
};

/* `now` judges t= and x=. The first flaw is told, but all else that can be read is set
 * all the same. False only when out of memory. */
MUST_USE bool dkim_header_parse(struct arena *a, const struct message_field *f,
                                int64_t now, struct dkim_signature *out, struct err *e);

/* How often h= names a field. */
size_t dkim_header_signs(const struct dkim_signature *s, const char *name);
