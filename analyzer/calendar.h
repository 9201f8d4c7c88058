/* What a finding was found by, day by day and sender by sender, and place by place: the
 * failures that speak for it, whatever its kind. Pure. */
#pragma once
#include "analyzer/analysis/finding.h"

enum {
    CALENDAR_DAYS = 42,
    CALENDAR_BEFORE = 7, /* days shown before the first one */
    CALENDAR_ROWS = 20,
    CALENDAR_PLACES = 200,
};

struct calendar_cell {
    int64_t sessions, failed;
    bool missing; /* of a finding about silence: a day without a report */
};

struct calendar_row {
    name sender;
    bool fails; /* it is one of the finding's */
    struct calendar_cell cells[CALENDAR_DAYS];
};

/* Where it failed; a declared address at which it did not has failed = 0. */
struct calendar_place {
    name host, address;
    int64_t failed;
    int16_t first, last; /* days */
};

struct calendar {
    int first, day_count; /* days as the facts count them */
    struct calendar_row rows[CALENDAR_ROWS];
    size_t row_count;
    bool more;                                     /* there are more senders */
    struct calendar_place places[CALENDAR_PLACES]; /* most failures first */
    size_t place_count;
};

void calendar_make(const struct facts *f, const struct finding *x, struct calendar *out);

/* Is the finding about reports that do not come? */
bool calendar_is_silence(const struct finding *x);

/* Is its kind a result type, so that reports name it? */
bool calendar_is_result(const struct finding *x);
