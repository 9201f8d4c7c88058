/* The database of one verb: the one that the settings name or, where they name none, the
 * embedded one, which then runs as long as the verb unless a daemon has it running. */
#pragma once
#include "base/buf.h"
#include "schema/settings/settings.h"
#include "schema/store/store.h"

struct embedded;

struct database {
    struct embedded *embedded;
    struct buf uri; /* for the role that was asked for */
};

/* The embedded one is its user's: root becomes that user first. It is brought up to this
 * program as well; for another one that is `tlsrptd migrate`. Connects nowhere else. */
MUST_USE bool database_open(const struct settings *s, enum store_role role,
                            struct database *out, struct err *e);
void database_close(struct database *db);

/* store_durability() of the database at a collector's URI. */
MUST_USE bool database_durability(const char *uri, store_row_fn *row, void *ctx,
                                  struct err *e);

/* What the settings say of the quarantine, of retention and of metrics, for
 * store_maintain(). */
struct store_limits database_limits(const struct settings *s);
