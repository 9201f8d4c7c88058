/* Says who must act, and where: findings, as a pure function of the facts. */
#pragma once
#include "analyzer/analysis/finding.h"

/* Everything there is to say about the facts. `out` is to be cleared, also on failure. */
MUST_USE bool analyse(const struct facts *f, struct analysis *out, struct err *e);
void analyse_clear(struct analysis *a);
