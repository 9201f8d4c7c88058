/* Reports that do not come: one sender's, or everybody's, which is our own fault. A day
 * counts as missed when its report had not come by the sender's usual lag and a margin,
 * whether or not it comes later: what was missed yesterday stays missed. Pure. */
#pragma once
#include "analyzer/analyse.h"

MUST_USE bool gap_find(const struct facts *f, struct analysis *a, struct err *e);

/* The hours after the end of a day by which a sender has nearly always reported. */
int gap_usual_lag_h(const struct facts *f, name sender);
