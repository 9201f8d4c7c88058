/* Room doubles whenever the count is a power of two. */
#include "base/rows.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_ROOM = 8
};

static bool
is_full(size_t count)
{
    return count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);
}

static size_t
next_room(size_t count)
{
    return count == 0 ? FIRST_ROOM : count * 2;
}

void *
rows_grow(void *rows, size_t count, size_t size, struct err *e)
{
    if (is_full(count) && (rows = reallocarray(rows, next_room(count), size)) == NULL)
        (void)err_nomem(e);
    return rows;
}

void *
rows_grow_in(struct arena *a, void *rows, size_t count, size_t size, struct err *e)
{
    void *more;

    if (!is_full(count))
        return rows;
    if ((more = arena_array(a, next_room(count), size)) == NULL)
        (void)err_nomem(e);
    else if (count > 0)
        memcpy(more, rows, count * size);
    return more;
}
