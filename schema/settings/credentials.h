/* What systemd hands to a service as credentials (LoadCredential=, systemd.exec(5)):
 * files that only the service may read, whoever owns the originals. */
#pragma once
#include "schema/settings/settings_table.h"

/* Fills what the configuration does not set from files of these names below `directory`:
 * certificate and key of https, and the database's uri, owner_uri, reparse_uri,
 * reader_uri. Empty files count as none. */
MUST_USE bool credentials_take(const char *directory, struct settings *s, struct err *e);
