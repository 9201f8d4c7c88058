/* All wait equally long, so the first of a lane is the first to expire. */
#include "collector/queue/lanes.h"

static size_t
next_lane(const struct lanes *q)
{
    size_t i = q->turn;

    while (q->lanes[i].first == NULL)
        i = (i + 1) % LANE_COUNT;
    return i;
}

static struct delivery *
take_first(struct lanes *q, size_t i)
{
    struct lane *lane = &q->lanes[i];
    struct delivery *d = lane->first;

    lane->first = d->next;
    if (lane->first == NULL)
        lane->last = NULL;
    d->next = NULL;
    q->count--;
    return d;
}

void
lanes_put(struct lanes *q, struct delivery *d)
{
    struct lane *lane = &q->lanes[d->transport];

    d->next = NULL;
    if (lane->last == NULL)
        lane->first = d;
    else
        lane->last->next = d;
    lane->last = d;
    q->count++;
}

struct delivery *
lanes_peek(const struct lanes *q)
{
    return q->count == 0 ? NULL : q->lanes[next_lane(q)].first;
}

struct delivery *
lanes_take(struct lanes *q)
{
    size_t i;

    if (q->count == 0)
        return NULL;
    i = next_lane(q);
    q->turn = (i + 1) % LANE_COUNT;
    return take_first(q, i);
}

struct delivery *
lanes_take_expired(struct lanes *q, int64_t now_ms)
{
    for (size_t i = 0; i < LANE_COUNT; i++) {
        if (q->lanes[i].first != NULL && q->lanes[i].first->deadline_ms <= now_ms)
            return take_first(q, i);
    }
    return NULL;
}

int64_t
lanes_deadline(const struct lanes *q)
{
    int64_t deadline = INT64_MAX;

    for (size_t i = 0; i < LANE_COUNT; i++) {
        if (q->lanes[i].first != NULL && q->lanes[i].first->deadline_ms < deadline)
            deadline = q->lanes[i].first->deadline_ms;
    }
    return deadline;
}
