/* Where the failures of an incident went, and what was said of them. Part of
 * scope_measure(), see analyse_triage.h. */
#pragma once
#include "analyzer/analysis/analyse_triage.h"

enum {
    PLACES_PAST_DAYS = 28, /* before the incident, that it is compared with */
};

/* Adds those of one domain of the incident; `g` and `k` hold its failing senders only. */
MUST_USE bool places_add(struct scope *s, const struct grid *g, const struct grid_kind *k,
                         struct err *e);
