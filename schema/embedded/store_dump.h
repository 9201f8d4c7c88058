/* The whole database as one file, by pg_dump and pg_restore: into another one, of another
 * PostgreSQL or place. Their complaints go to standard error. */
#pragma once
#include "schema/store/store.h"

/* Writes a dump, consistent while others write, to the file `fd`. */
MUST_USE bool dump_write(const char *owner_uri, int fd, struct err *e);

/* Fills an empty database from the file `fd`, all of it or nothing, and brings it up to
 * this program. ERR_REFUSED when it holds reports. */
MUST_USE bool dump_read(const char *owner_uri, int fd, store_say_fn *say, void *ctx,
                        struct err *e);
