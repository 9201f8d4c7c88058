/* Providers give each address of their customers a name below their own domain, so such a
 * name says whose customer a host is, and nothing about the provider's own mail. Pure. */
#pragma once
#include <stdbool.h>

/* Does `host`, as far as it stands before its registered domain, look like a name that a
 * provider gave to a customer's address? `address`: as text, of the host. When in doubt
 * it does. */
bool customer_is_host(const char *host, const char *registered, const char *address);
