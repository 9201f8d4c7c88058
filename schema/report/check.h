/* Is a decoded report possible at all? Judged against the instant it was received, never
 * the clock, or old archives could not be imported. Pure. */
#pragma once
#include "schema/report/report.h"

/* `now`: by the clock, if that is known and later; otherwise 0. What ends after both lies
 * in the future, whatever the clock of the arrival said. Fails with ERR_INPUT and the
 * reason when there is no policy, the window ends before it starts, is longer than
 * REPORT_MAX_WINDOW_S, starts more than 400 days before or ends more than 2 days after
 * the later of the two, or a policy domain or the sender is too long for a key. Notes
 * quirks of window, counts and lateness. */
MUST_USE bool check_report(struct report *r, int64_t received, int64_t now,
                           struct err *e);
