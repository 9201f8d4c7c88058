/* Which database is read, and as whom. */
#pragma once
#include "base/buf.h"
#include "schema/settings/settings.h"
#include "schema/store/store.h"

/* Appends the URI of the configured database, or of the embedded one. */
MUST_USE bool database_reader_uri(const struct settings *s, struct buf *out,
                                  struct err *e);

/* Opens it. ERR_AGAIN says how to start the embedded one when it does not run. */
MUST_USE bool database_open_reader(const struct settings *s, struct store **out,
                                   struct err *e);
