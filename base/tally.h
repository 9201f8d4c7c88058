/* A number for each address or network: how much it has of something. Not locked. */
#pragma once
#include "base/peer.h"

struct tally; /* NULL: empty */

/* Adds, below zero too, and returns what it is now; who has 0 is forgotten. Out of
 * memory a newcomer keeps 0. */
int64_t tally_add(struct tally **t, const struct peer *whose, int64_t more);
int64_t tally_get(const struct tally *t, const struct peer *whose);
void tally_free(struct tally *t); /* NULL is fine */
