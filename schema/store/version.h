/* Which programs fit a database. A migration that expands only leaves VERSION_OLDEST as
 * it is, so that collectors go on writing until they are upgraded one by one. Pure. */
#pragma once
#include "base/err.h"

/* The oldest program that can work with the schema as this program leaves it. */
#define VERSION_OLDEST "0.4.0"

/* Negative, 0 or positive as version a ("0.1.0") is older, equal or newer than b. Of text
 * that is no version, nothing but a number is promised. */
int version_compare(const char *a, const char *b);

/* Fails with ERR_CONFIG and what to do unless oldest <= program <= newest, where releases
 * that differ in the last number only are equal to `newest`: they bring no migration.
 * NULL is a database that was never migrated. */
MUST_USE bool version_fits(const char *program, const char *oldest, const char *newest,
                           struct err *e);
