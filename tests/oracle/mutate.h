/* Reports bent at random, the same way for the same seed. */
#pragma once
#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

/* Below n; n > 0. */
size_t random_below(struct random *r, size_t n);

/* Bends a text in place, in one to three places; `other` is another to take parts from.
 */
void mutate(struct random *r, struct buf *text, const struct buf *other);
