/* Where a worker of `tlsrptd import` keeps what it has decoded: a connection of its own,
 * opened again when it was lost. */
#pragma once
#include "collector/intake/bundle.h"
#include "schema/store/store.h"

enum {
    IMPORT_MONTHS = 200 * 12, /* from 1970 */
};

struct import_batch {
    const char *store_uri; /* NULL: keep nothing, only set what the outcomes would be */
    const char *owner_uri; /* to make months older than a collector may; NULL: none */
    struct store *store;
    bool months_made[IMPORT_MONTHS]; /* by the owner */
};

/* Connects now, if there is something to connect to. */
MUST_USE bool import_batch_connect(struct import_batch *b, struct err *e);
void import_batch_close(struct import_batch *b);

/* Keeps those that have no outcome yet, or OUTCOME_AGAIN. False while the database is
 * away: try again. */
MUST_USE bool import_batch_put(struct import_batch *b, const struct bundle *all,
                               struct err *e);
