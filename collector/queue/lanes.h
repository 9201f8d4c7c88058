/* A queue with a lane for each network (/24, /64) of a door, and one for each door that
 * has none. Who has cost least is served first, so a flood from one, or what is dear to
 * decode, keeps nobody else waiting; first come, first served within a lane. Not locked.
 */
#pragma once
#include "base/peer.h"
#include "collector/intake/intake.h"

struct lane;

struct lanes {
    struct lane *first; /* in the order in which they were last served */
    size_t count;       /* of deliveries */
    size_t bytes;       /* of them, as they came */
    int64_t floor;      /* what the last that was served had cost */
};

/* Adds one; false when out of memory. */
MUST_USE bool lanes_put(struct lanes *q, struct delivery *d);

/* The next one, which stays where it is; NULL when there is none. */
struct delivery *lanes_peek(const struct lanes *q);
struct delivery *lanes_take(struct lanes *q);

/* What one cost that was taken, while others wait: any unit, the same for all. */
void lanes_charge(struct lanes *q, const struct delivery *d, int64_t cost);

/* Takes one that should not wait longer at `now_ms`; NULL when there is none. */
struct delivery *lanes_take_expired(struct lanes *q, int64_t now_ms);

/* When the next one expires; INT64_MAX when there is none. */
int64_t lanes_deadline(const struct lanes *q);

/* All of a door expire now. */
void lanes_expire(struct lanes *q, enum transport transport);

void lanes_clear(struct lanes *q);
