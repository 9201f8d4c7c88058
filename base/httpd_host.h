/* Is a request meant for us? A name that is not ours in Host is a page of a stranger that
 * had its name point here (DNS rebinding). Pure. */
#pragma once
#include "base/err.h"

#include <stddef.h>

/* Does a Host header, its port aside, name one of `hosts`? Capitals do not matter. */
bool httpd_host_is(const char *header, const char *const hosts[], size_t count);
