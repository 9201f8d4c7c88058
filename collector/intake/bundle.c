#include "collector/intake/bundle.h"

#include "base/rows.h"

#include <stdlib.h>

void
bundle_add(struct bundle *b, struct submission *sub)
{
    struct submission **grown =
        b->failed ? NULL
                  : rows_grow(b->items, b->count, sizeof(struct submission *), NULL);

    if (grown == NULL) {
        b->failed = true;
        return;
    }
    b->items = grown;
    b->items[b->count++] = sub;
}

void
bundle_add_all(struct bundle *b, const struct delivery *d)
{
    for (size_t i = 0; i < d->submission_count; i++)
        bundle_add(b, &d->submissions[i]);
}

bool
bundle_is_whole(const struct bundle *b, struct err *e)
{
    return !b->failed || err_nomem(e);
}

void
bundle_clear(struct bundle *b)
{
    free(b->items);
    *b = (struct bundle){0};
}
