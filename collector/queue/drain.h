/* What lies in the spool goes to the database once it is back: in batches of its own,
 * over a connection of its own, so that live posts never wait behind old ones. */
#pragma once
#include "collector/queue/spool.h"

struct drain;

/* Begins at once; all three must outlive it. `uri`: as whom it connects. */
MUST_USE bool drain_start(const struct settings *s, const char *uri, struct spool *spool,
                          struct drain **out, struct err *e);

/* There is something new in the spool. */
void drain_wake(struct drain *d);

/* Begins no batch any more. NULL is fine, for both. */
void drain_hurry(struct drain *d);
void drain_free(struct drain *d);
