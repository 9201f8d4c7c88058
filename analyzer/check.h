/* The answer of a monitoring plugin, by the monitoring plugins guidelines: one line with
 * a state, a text and performance data, and more lines when they are asked for. Pure. */
#pragma once
#include "analyzer/range.h"
#include "base/buf.h"

/* The numbers are the exit codes. */
enum check_state {
    CHECK_OK,
    CHECK_WARNING,
    CHECK_CRITICAL,
    CHECK_UNKNOWN
};

struct check {
    enum check_state state;
    struct buf text; /* of the first line */
    struct buf perf;
    struct buf more; /* lines after it */
};

struct check_metric {
    const char *label; /* letters and _ */
    double value;      /* negative: undetermined */
    int decimals;
    const char *unit;                       /* "", "s", "B" or "%" */
    const struct range *warning, *critical; /* NULL: none */
};

void check_init(struct check *c);
void check_clear(struct check *c);

/* Appends formatted text; what would end the line, begin performance data or steer a
 * terminal is escaped, and what is longer than a monitor keeps is cut. */
void check_say(struct buf *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Adds performance data, and raises the state where the value alarms. */
void check_measure(struct check *c, const struct check_metric *m);

/* Raises the state; it never falls. UNKNOWN gives way to CRITICAL. */
void check_raise(struct check *c, enum check_state state);

/* Appends all of it. */
bool check_print(const struct check *c, struct buf *out);
