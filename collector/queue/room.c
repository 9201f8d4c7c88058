#include "collector/queue/room.h"

enum {
    EIGHTHS = 8,
    SMALLEST_BYTES = 4096,
};

bool
room_take(struct room *r, enum room_kind kind, size_t bytes)
{
    static const size_t eighths[] = {
        [ROOM_SMALL] = 8,
        [ROOM_MAIL] = 7,
        [ROOM_BIG] = 5,
        [ROOM_UNFINISHED] = 5,
    };
    size_t max = r->max / EIGHTHS * eighths[kind], half = r->max / 2;

    if (kind == ROOM_MAIL && max < r->largest_mail)
        max = r->largest_mail;
    if (kind == ROOM_UNFINISHED && max < r->largest_body)
        max = r->largest_body;
    if (half < r->largest_body)
        half = r->largest_body;
    if (bytes > r->max || r->used > r->max - bytes)
        return false;
    if (r->used > 0 && r->used + bytes > max)
        return false;
    if (kind == ROOM_UNFINISHED && r->unfinished > 0 && r->unfinished + bytes > half)
        return false;
    r->used += bytes;
    r->unfinished += kind == ROOM_UNFINISHED ? bytes : 0;
    return true;
}

void
room_give(struct room *r, enum room_kind kind, size_t bytes)
{
    r->used -= bytes;
    r->unfinished -= kind == ROOM_UNFINISHED ? bytes : 0;
}

void
room_end(struct room *r, size_t bytes)
{
    r->unfinished -= bytes;
}

size_t
room_step(size_t bytes)
{
    size_t step = bytes < ROOM_MAX_SMALL_BYTES ? SMALLEST_BYTES : ROOM_STEP_BYTES;

    return (bytes + step - 1) / step * step;
}
