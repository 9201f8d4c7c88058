/* Whom the daemon is: root is left behind before anything of a stranger's is read. */
#pragma once
#include "schema/settings/settings.h"

/* If we are root: makes state_dir, gives it to the user that the settings name, and
 * becomes that user for good. Call it once the ports and files that need root are open.
 * Otherwise nothing. ERR_CONFIG when there is no such user, with the command that makes
 * it. */
MUST_USE bool user_become(const struct settings *s, struct err *e);
