/* The facts from the database and the configuration. */
#pragma once
#include "analyzer/analysis/facts.h"
#include "schema/settings/settings.h"
#include "schema/store/store.h"

/* Loads what had arrived by `as_of` (seconds since 1970), of all domains or of `domains`
 * and those that the configuration says share their MX hosts. The store's snapshot must
 * be taken at the same instant. `out` is to be cleared, also on failure. */
MUST_USE bool facts_load(struct store *store, const struct settings *settings,
                         int64_t as_of, const char *const domains[], size_t domain_count,
                         struct facts *out, struct err *e);
