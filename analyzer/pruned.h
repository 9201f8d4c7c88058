/* What can be said of days whose reports were summed up and dropped: figures, and no
 * single report; and no figure as of a time when not all of them had come. */
#pragma once
#include "analyzer/command.h"

/* ERR_INPUT when figures of such days are asked for as of so long ago. */
MUST_USE bool pruned_check(const struct context *c, struct err *e);

/* The same for all that looks at single days, of which `first_day` is the first. */
MUST_USE bool pruned_check_days(const struct store *s, int32_t first_day, struct err *e);

/* The same for the id of a report, or its beginning. */
MUST_USE bool pruned_check_id(const struct store *s, const char *id, struct err *e);

/* Says on standard error that a list of reports begins later than was asked for. */
void pruned_say(const struct context *c);
