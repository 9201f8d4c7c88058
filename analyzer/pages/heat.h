/* Senders by days: what each reported, and on which days it should have and did not. A
 * sender that reported on at least three days in four of the fortnight before it fell
 * silent is expected to go on, for four weeks; a day is due once the sender's usual lag
 * and a margin are over. Pure. */
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    HEAT_DAYS = 90,   /* shown at most */
    HEAT_HABIT = 14,  /* days that make a habit, before those shown, too */
    HEAT_SILENT = 28, /* days after which nothing is expected any more */
    HEAT_MARGIN_H = 24,
    HEAT_SENDERS = 30, /* rows; the others are one */
    HEAT_SENDER_SIZE = 256,
    HEAT_LEVELS = 6,
    HEAT_TEXT = 8,
};

enum heat_state {
    HEAT_BLANK,
    HEAT_REPORTED,
    HEAT_MISSING,
};

struct heat_cell {
    enum heat_state state;
    int32_t lag_h; /* from the end of the day to the first arrival */
    int64_t sessions, failed;
};

struct heat_row {
    char sender[HEAT_SENDER_SIZE]; /* "" is all the others */
    int64_t sessions, failed;      /* of the days shown */
    struct heat_cell cells[HEAT_HABIT + HEAT_DAYS];
};

struct heat {
    int32_t first_day;     /* of the cells: HEAT_HABIT before the first one shown */
    size_t day_count;      /* cells in use */
    struct heat_row *rows; /* in the order in which they were added */
    size_t row_count;
};

/* `days` shown, up to and including `last_day`. */
MUST_USE bool heat_init(struct heat *h, int32_t last_day, size_t days, struct err *e);
void heat_clear(struct heat *h);

/* Rows come sender by sender; NULL is the others. Days outside, and senders beyond the
 * limit, are dropped. */
void heat_add(struct heat *h, const char *sender, int32_t day,
              const struct heat_cell *cell);

/* Once all are added: finds what is missing as of `now`, seconds since 1970. */
void heat_finish(struct heat *h, int64_t now);

/* The share of failures in 0..HEAT_LEVELS-1, 0 for none at all; and as a text that agrees
 * with it: "0 %", "<1 %", "12 %", "100 %" only when all failed. Without sessions 0 and
 * "-". Into HEAT_TEXT bytes; returns out. */
int heat_level(int64_t sessions, int64_t failed);
char *heat_text(int64_t sessions, int64_t failed, char *out);
