/* Strangers. A domain that nobody knows can sign a report of a billion failures: its
 * counts are kept out of every verdict. So are those of unverified reports, which are
 * told as what they are: claims. Pure. */
#pragma once
#include "analyzer/analysis/finding.h"

/* Marks in excluded[], by name, the newcomers whose sessions are beyond measure. */
MUST_USE bool newcomer_exclude(const struct facts *f, uint8_t *excluded, struct err *e);

/* Findings of severity info about them, and about unverified claims. */
MUST_USE bool newcomer_find(const struct facts *f, struct analysis *a, struct err *e);
