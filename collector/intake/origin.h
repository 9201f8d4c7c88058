/* Which host is at the other end of an HTTPS post: address to name and back to the same
 * address (forward-confirmed reverse DNS), within two seconds, cached. Thread-safe. */
#pragma once
#include "base/resolver.h"

enum {
    ORIGIN_TIMEOUT_MS = 2000, /* for both directions together */
    ORIGIN_MAX_NAMES = 4,     /* of one address that are looked at */
    ORIGIN_CACHE_ENTRIES = 4096,
    ORIGIN_KEEP_S = 600,       /* a confirmed name, or the certainty that there is none */
    ORIGIN_KEEP_FAILED_S = 30, /* DNS trouble */
    ORIGIN_NAME_BYTES = 256,
};

struct origin;

MUST_USE bool origin_new(struct resolver *r, struct origin **out, struct err *e);
void origin_free(struct origin *o); /* after the resolver is closed; NULL is fine */

/* `name`: lower case, no final dot; "" when there is none that DNS confirms. */
typedef void origin_fn(void *ctx, const char *name);

/* Calls `fn` exactly once: at once when the cache knows, else later from the resolver's
 * thread, at most ORIGIN_TIMEOUT_MS from now. Never blocks; fn must not block either. */
void origin_ask(struct origin *o, const char *peer, origin_fn *fn, void *ctx);
