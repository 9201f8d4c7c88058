/* What a person types for a time: "7d", "36h", "yesterday", "2026-11-01", RFC 3339. Pure.
 */
#pragma once
#include "base/err.h"

#include <stdint.h>

/* The seconds that a text means, both ends in it: one for an instant, 86400 for a day. */
struct span {
    int64_t first, last;
};

/* Understands "now"; "today" and "yesterday" (UTC days); a number of hours, days or weeks
 * before `now` ("36h", "7d", "2w"); a date; an RFC 3339 instant, which without an offset
 * is UTC. ERR_INPUT for anything else, and for what lies before 1970. */
MUST_USE bool span_parse(const char *text, int64_t now, struct span *out, struct err *e);
