/* Every sender's days: on which it reported, in time by its own habit, and which it
 * missed though it had reported almost every day before. A day counts as missed when its
 * report had not come by the usual lag and a margin, whether or not it comes later: what
 * was missed yesterday stays missed. Pure. */
#pragma once
#include "analyzer/analysis/facts.h"

enum {
    DIARY_HISTORY = 28, /* days that make a habit */
    DIARY_NEVER = INT32_MAX,
};

enum day_state {
    DAY_NONE, /* before its first report, or not due yet */
    DAY_ON_TIME,
    DAY_MISSED,
};

/* One sender's days. */
struct diary {
    name sender;
    int32_t lag_h[FACTS_DAYS]; /* of the first report of the day; DIARY_NEVER */
    uint8_t state[FACTS_DAYS];
    uint8_t expected[FACTS_DAYS]; /* it had reported almost every day before */
    uint8_t in_gap[FACTS_DAYS];
    int first_day; /* with a report */
    int64_t sessions;
    int reported;
    int usual_lag_h; /* by which four in five have come */
    int limit_h;     /* later is missed */
    double sessions_of[FACTS_DAYS];
};

struct diaries {
    struct diary *rows;
    size_t count;
    uint32_t *place; /* by name: its row + 1 */
};

/* Of all senders but the excluded ones. `out` is to be cleared, also on failure. */
MUST_USE bool diary_write(const struct facts *f, const uint8_t *excluded,
                          struct diaries *out, struct err *e);
void diary_clear(struct diaries *l);

/* Sessions of a reported day. */
double diary_per_day(const struct diary *d);
