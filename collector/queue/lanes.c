/* All wait equally long, so the first of a lane is the first to expire. A lane that was
 * away begins where the others are, and one that is empty is remembered for as long as it
 * has cost more than they have. There are as many lanes as deliveries at most, so they
 * are looked through. */
#include "collector/queue/lanes.h"

#include <stdlib.h>
#include <string.h>

struct lane {
    struct lane *next;
    enum transport transport;
    struct peer network;
    int64_t cost;
    struct delivery *first, **last;
};

static struct lane *
find(const struct lanes *q, const struct delivery *d)
{
    struct lane *lane = q->first;

    while (lane != NULL && (lane->transport != d->transport ||
                            memcmp(&lane->network, &d->network, sizeof d->network) != 0))
        lane = lane->next;
    return lane;
}

static void
append(struct lanes *q, struct lane *lane)
{
    struct lane **at = &q->first;

    while (*at != NULL)
        at = &(*at)->next;
    *at = lane;
    lane->next = NULL;
}

static struct lane *
find_or_add(struct lanes *q, const struct delivery *d)
{
    struct lane *lane = find(q, d);

    if (lane == NULL && (lane = calloc(1, sizeof *lane)) != NULL) {
        lane->transport = d->transport;
        lane->network = d->network;
        lane->last = &lane->first;
        lane->cost = q->floor;
        append(q, lane);
    }
    return lane;
}

/* Of those who cost the same the one that was served longest ago. */
static struct lane *
next_lane(const struct lanes *q)
{
    struct lane *next = NULL;

    for (struct lane *lane = q->first; lane != NULL; lane = lane->next) {
        if (lane->first != NULL && (next == NULL || lane->cost < next->cost))
            next = lane;
    }
    return next;
}

/* Forgets lanes that are empty and owe nothing, or all when nobody waits. */
static void
sweep(struct lanes *q)
{
    struct lane **at = &q->first;

    while (*at != NULL) {
        struct lane *lane = *at;

        if (lane->first != NULL || (q->count > 0 && lane->cost > q->floor)) {
            at = &lane->next;
            continue;
        }
        *at = lane->next;
        free(lane);
    }
}

static struct delivery *
take_first(struct lanes *q, struct lane *lane)
{
    struct delivery *d = lane->first;

    lane->first = d->next;
    if (lane->first == NULL)
        lane->last = &lane->first;
    d->next = NULL;
    q->count--;
    q->bytes -= d->byte_count;
    return d;
}

bool
lanes_put(struct lanes *q, struct delivery *d)
{
    struct lane *lane = find_or_add(q, d);

    if (lane == NULL)
        return false;
    if (lane->first == NULL && lane->cost < q->floor)
        lane->cost = q->floor;
    d->next = NULL;
    *lane->last = d;
    lane->last = &d->next;
    q->count++;
    q->bytes += d->byte_count;
    return true;
}

struct delivery *
lanes_peek(const struct lanes *q)
{
    const struct lane *lane = next_lane(q);

    return lane == NULL ? NULL : lane->first;
}

struct delivery *
lanes_take(struct lanes *q)
{
    struct lane *lane = next_lane(q), **at = &q->first;
    struct delivery *d;

    if (lane == NULL)
        return NULL;
    d = take_first(q, lane);
    if (lane->cost > q->floor)
        q->floor = lane->cost;
    while (*at != lane)
        at = &(*at)->next;
    *at = lane->next;
    append(q, lane);
    lane->cost++;
    sweep(q);
    return d;
}

void
lanes_charge(struct lanes *q, const struct delivery *d, int64_t cost)
{
    struct lane *lane = q->count == 0 ? NULL : find_or_add(q, d);

    if (lane != NULL)
        lane->cost += cost;
}

struct delivery *
lanes_take_expired(struct lanes *q, int64_t now_ms)
{
    for (struct lane *lane = q->first; lane != NULL; lane = lane->next) {
        if (lane->first != NULL && lane->first->deadline_ms <= now_ms)
            return take_first(q, lane);
    }
    return NULL;
}

int64_t
lanes_deadline(const struct lanes *q)
{
    int64_t deadline = INT64_MAX;

    for (const struct lane *lane = q->first; lane != NULL; lane = lane->next) {
        if (lane->first != NULL && lane->first->deadline_ms < deadline)
            deadline = lane->first->deadline_ms;
    }
    return deadline;
}

void
lanes_expire(struct lanes *q, enum transport transport)
{
    for (struct lane *lane = q->first; lane != NULL; lane = lane->next) {
        for (struct delivery *d = lane->first; d != NULL; d = d->next)
            d->deadline_ms = lane->transport == transport ? 0 : d->deadline_ms;
    }
}

void
lanes_clear(struct lanes *q)
{
    struct lane *next;

    for (struct lane *lane = q->first; lane != NULL; lane = next) {
        next = lane->next;
        free(lane);
    }
    *q = (struct lanes){0};
}
