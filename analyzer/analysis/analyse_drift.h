/* Policies that senders saw, against those that were declared: RFC 8461 lets a sender use
 * its copy for max_age. Pure. */
#pragma once
#include "analyzer/analysis/finding.h"

MUST_USE bool drift_find(const struct facts *f, struct analysis *a, struct err *e);

/* Of the failures of a kind, those under an enforced policy or DANE: mail that was
 * delayed or bounced. */
int64_t drift_refused(const struct facts *f, name kind, const struct name_list *domains,
                      const struct name_list *senders, int first, int last);

/* Does the sender's policy enforce, as far as it told by `day`? */
bool drift_enforces(const struct facts *f, name domain, name sender, int day);

/* The declared policy or set in force on a day; 0 if none is declared. */
name drift_declared(const struct published *list, size_t count, int32_t day);
