/* When it began, when it was last seen, and whether it is over. Pure. */
#pragma once
#include "analyzer/analysis/analyse_triage.h"

/* Sets first, last, onset_earliest, onset_latest and open of `out`. */
void onset_find(const struct scope *s, struct finding *out);

/* Days until the slowest of the senders has usually reported, a margin included. */
int onset_patience(const struct facts *f, const struct name_list *senders);
