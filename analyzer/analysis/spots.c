/* See spots.h. */
#include "analyzer/analysis/spots.h"

#include <stdlib.h>

static const double usual_times = 3;

enum {
    FIRST_SIZE = 16, /* a power of two */
    LEAST_FAILED = 2,
    NOTICEABLE = 200, /* one part in so many */
};

/* Two slots a row, so that there is always a free one. */
static uint32_t *
find_slot(const struct spots *l, name at)
{
    const uint64_t spread = UINT64_C(0x9E3779B97F4A7C15); /* 2^64 by the golden ratio */
    size_t mask = 2 * l->size - 1, i = (size_t)(at * spread >> 32) & mask;

    while (l->slots[i] != 0 && l->rows[l->slots[i] - 1].at != at)
        i = (i + 1) & mask;
    return &l->slots[i];
}

static bool
grow(struct spots *l, struct err *e)
{
    size_t size = l->size ? l->size * 2 : FIRST_SIZE;
    struct spot *rows = realloc(l->rows, size * sizeof *rows);
    uint32_t *slots = calloc(2 * size, sizeof *slots);

    l->rows = rows ? rows : l->rows;
    if (!rows || !slots) {
        free(slots);
        return err_nomem(e);
    }
    free(l->slots);
    l->slots = slots;
    l->size = size;
    for (size_t i = 0; i < l->count; i++)
        *find_slot(l, rows[i].at) = (uint32_t)i + 1;
    return true;
}

bool
spots_add(struct spots *l, name at, int64_t failed, int64_t past, struct err *e)
{
    uint32_t *slot;
    struct spot *row;

    if (l->count == l->size && !grow(l, e))
        return false;
    slot = find_slot(l, at);
    if (*slot == 0) {
        l->rows[l->count++] = (struct spot){.at = at};
        *slot = (uint32_t)l->count;
    }
    row = &l->rows[*slot - 1];
    row->failed += failed;
    row->past += past;
    return true;
}

void
spots_clear(struct spots *l)
{
    free(l->rows);
    free(l->slots);
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
                 at->failed >= total / NOTICEABLE + (total % NOTICEABLE > 0);
    }
    return count;
}
