/* The memory that all doors share, and who may take how much of it, so that what is large
 * and never ends leaves room to what is small or whole. Not locked. Pure. */
#pragma once
#include "base/err.h"

#include <stddef.h>

enum room_kind {
    ROOM_SMALL,      /* small posts: up to all of it */
    ROOM_MAIL,       /* up to seven eighths in all */
    ROOM_BIG,        /* what is big, and whole: up to five eighths in all */
    ROOM_UNFINISHED, /* the same while it still comes: up to half for all of them */
};

enum {
    ROOM_MAX_SMALL_BYTES = 64 << 10, /* what takes more is big, while it comes */
    ROOM_BIG_PART = 16,              /* of it all: what takes more once decoded is big */
    ROOM_STEP_BYTES = 16 << 10,      /* a big one takes so much more at a time */
};

struct room {
    size_t max;
    size_t largest_body, largest_mail; /* one of them always fits, if it is alone */
    size_t used;
    size_t unfinished; /* of used */
};

/* False when it is too much. One that takes all at once may have as much as there is. */
MUST_USE bool room_take(struct room *r, enum room_kind kind, size_t bytes);

/* They are no longer needed; of an unfinished one they go on being used, when it ends. */
void room_give(struct room *r, enum room_kind kind, size_t bytes);
void room_end(struct room *r, size_t bytes);

/* What to take for so many bytes of a body: no more than are there, in steps. */
size_t room_step(size_t bytes);
