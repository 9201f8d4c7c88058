/* See spots.h. */
#include "analyzer/spots.h"

#include <stdlib.h>

static const double usual_times = 3;

enum {
    LEAST_FAILED = 2,
    NOTICEABLE = 200, /* one part in so many */
};

bool
spots_add(struct spots *l, name at, int64_t failed, int64_t past, struct err *e)
{
    size_t i = 0;

    while (i < l->count && l->rows[i].at != at)
        i++;
    if (i == l->size) {
        size_t size = l->size ? l->size * 2 : 16;
        struct spot *more = realloc(l->rows, size * sizeof(*more));

        if (!more)
            return err_nomem(e);
        l->rows = more;
        l->size = size;
    }
    if (i == l->count)
        l->rows[l->count++] = (struct spot){.at = at};
    l->rows[i].failed += failed;
    l->rows[i].past += past;
    return true;
}

void
spots_clear(struct spots *l)
{
    free(l->rows);
    *l = (struct spots){0};
}

int
spots_failing(const struct spots *l, int days, int past_days)
{
    int64_t total = 0;
    int count = 0;

    for (size_t i = 0; i < l->count; i++)
        total += l->rows[i].failed;
    for (size_t i = 0; i < l->count; i++) {
        const struct spot *at = &l->rows[i];
        double usual = past_days ? (double)at->past * days / past_days : 0;

        count += at->failed >= LEAST_FAILED && (double)at->failed > usual_times * usual &&
                 at->failed * NOTICEABLE >= total;
    }
    return count;
}
