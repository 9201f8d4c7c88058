/* A queue with one lane for each door: first come, first served within a lane, the lanes
 * in turn, so that a flood at one door does not starve the others. Not locked. */
#pragma once
#include "collector/intake/intake.h"

enum {
    LANE_COUNT = TRANSPORT_IMPORT + 1
};

struct lane {
    struct delivery *first, *last;
};

struct lanes {
    struct lane lanes[LANE_COUNT];
    size_t turn;
    size_t count;
};

void lanes_put(struct lanes *q, struct delivery *d);

/* The next one, which stays where it is; NULL when there is none. */
struct delivery *lanes_peek(const struct lanes *q);
struct delivery *lanes_take(struct lanes *q);

/* Takes one that should not wait longer at `now_ms`; NULL when there is none. */
struct delivery *lanes_take_expired(struct lanes *q, int64_t now_ms);

/* When the next one expires; INT64_MAX when there is none. */
int64_t lanes_deadline(const struct lanes *q);
