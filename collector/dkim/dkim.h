/* DKIM verification (RFC 6376, RFC 8463) in two steps, with the look-up of keys between
 * them: dkim_plan says which keys, dkim_verify judges with them. Pure. */
#pragma once
#include "base/resolver.h"
#include "collector/dkim/dkim_header.h"

enum {
    DKIM_MAX_TRIED = 3 /* signatures of a mail, and so look-ups */
};

struct dkim_plan {
    struct dkim_signature tried[DKIM_MAX_TRIED];
    size_t count;
    size_t signature_count; /* in the mail */
};

enum dkim_status {
    DKIM_PASS,
    DKIM_FAIL,
    DKIM_AGAIN, /* DNS trouble: another time may tell */
};

struct dkim_result {
    enum dkim_status status;
    const char *reason; /* one clause why it did not pass; "" if it did */
    const char *note;   /* one clause worth knowing about one that did; "" if nothing */
};

/* Chooses the signatures to try: those without a flaw first, of these the ones whose d=
 * is aligned with `from_domain` first, then as they stand. False only when out of memory.
 */
MUST_USE bool dkim_plan_make(struct arena *a, const struct message *m,
                             const char *from_domain, int64_t now, struct dkim_plan *out,
                             struct err *e);

/* What one verification is about. */
struct dkim_check {
    struct arena *arena;
    const struct message *message;
    bool strict; /* as dkim_key_parse */
    bool framed; /* as dkim_cover_flaw */
};

/* Judges one signature of a plan. `keys`: the answer to a TXT question for s->query (not
 * looked at if s->flaw is set); NULL counts as DNS trouble. False only when out of
 * memory.
 */
MUST_USE bool dkim_verify(const struct dkim_check *c, const struct dkim_signature *s,
                          const struct dns_answer *keys, struct dkim_result *out,
                          struct err *e);
