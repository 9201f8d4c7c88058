/* What a person types for a time: "7d", "last week", "2026-11-01", RFC 3339. Pure. */
#pragma once
#include "base/err.h"

#include <stdint.h>

/* The seconds that a text means, both ends in it: one for an instant, 86400 for a day. */
struct span {
    int64_t first, last;
};

/* Understands "now"; whole UTC days: "today", "yesterday", "monday" (the latest one,
 * today included), "this week" and "last week" (from Monday), "this month" and "last
 * month", with a blank or a dash, a date; so many hours, days, weeks or months before
 * `now` ("36h", "7d", "2w", "1m"); an RFC 3339 instant, which without an offset is UTC.
 * ERR_INPUT says what is understood, or that it lies before 1970. */
MUST_USE bool span_parse(const char *text, int64_t now, struct span *out, struct err *e);
