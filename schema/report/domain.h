/* Domain names as reports, headers and operators write them. Pure. */
#pragma once
#include "base/arena.h"

#include <stddef.h>

/* The name in the form in which names are compared here: without white space around it
 * and without its final dot, A-labels (where IDNA 2008 has them for it), ASCII lower
 * case. What is no domain name is only trimmed and lowered. NULL when out of memory. */
MUST_USE char *domain_normalise(struct arena *a, const char *text, size_t n);

/* Could it be a host's or a mail domain's name: two labels or more of letters, digits,
 * hyphens and underscores? Wants it normalised. */
bool domain_is_plausible(const char *name);
