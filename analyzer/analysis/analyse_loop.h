/* Noise that explains itself: a reporter whose only session each day is its own report,
 * and a small sender that has failed for as long as it is known. Severity info. Pure. */
#pragma once
#include "analyzer/analysis/finding.h"

MUST_USE bool loop_find(const struct facts *f, struct analysis *a, struct err *e);
