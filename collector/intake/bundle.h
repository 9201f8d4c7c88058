/* The submissions of many deliveries in one list, as the store takes them. */
#pragma once
#include "collector/intake/intake.h"

struct bundle {
    struct submission **items; /* the deliveries' own */
    size_t count;
    bool failed; /* out of memory: the list is incomplete */
};

/* Adds one submission, or all of a delivery's. Begins with {0}; a failure is kept, so
 * that a row of them may be checked once at its end. */
void bundle_add(struct bundle *b, struct submission *sub);
void bundle_add_all(struct bundle *b, const struct delivery *d);

/* False, and ERR_AGAIN, when memory ran out for it. */
MUST_USE bool bundle_is_whole(const struct bundle *b, struct err *e);

/* Forgets the list; the submissions stay. */
void bundle_clear(struct bundle *b);
