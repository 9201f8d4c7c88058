/* The settings of both programs: read, completed, checked and printed. */
#pragma once
#include "schema/settings/settings_table.h"

#define SETTINGS_PATH "/etc/tlsrpt/tlsrpt.conf"

/* Reads `path`; NULL: SETTINGS_PATH, and the defaults where there is none. Cleared on
 * failure, which is ERR_CONFIG "file:line: ...". */
MUST_USE bool settings_load(const char *path, struct settings *out, struct err *e);
void settings_clear(struct settings *s);

/* The text of a configuration instead of a file, for tests and `--set`. */
MUST_USE bool settings_parse(const char *name, const char *text, struct settings *out,
                             struct err *e);

/* `--db URI`: this database serves every role. */
MUST_USE bool settings_use_database(struct settings *s, const char *uri, struct err *e);

/* Appends the effective configuration; passwords in URIs are not shown. */
bool settings_print(const struct settings *s, struct buf *out);

/* Is `domain` (lower case, no final dot) one of `domains`, or below one that begins with
 * a dot? Always when the list is empty. */
bool settings_owns(const struct settings_list *domains, const char *domain);
