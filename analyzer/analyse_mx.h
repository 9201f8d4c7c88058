/* Receiving hosts that no mx: pattern of the policy matches (RFC 8461 section 4.1): mail
 * to them is refused as soon as the policy enforces. Pure. */
#pragma once
#include "analyzer/analyse.h"

/* Adds such findings, and takes away those that it explains. */
MUST_USE bool mx_find(const struct facts *f, struct analysis *a, struct err *e);

/* Is the host covered by the policy that the domain declares, or else by one that a
 * sender saw? True when no policy with patterns is known. */
bool mx_is_covered(const struct facts *f, name domain, name host, int day);
