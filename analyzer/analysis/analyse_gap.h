/* Reports that do not come: one sender's, or everybody's, which is our own fault. Pure.
 */
#pragma once
#include "analyzer/analysis/finding.h"

MUST_USE bool gap_find(const struct facts *f, struct analysis *a, struct err *e);
