/* Two runs over one archive must end in the same: what has an outcome is left alone. */
#include "collector/import/import_batch.h"

#include "base/when.h"

#include <time.h>

static enum outcome
would_be(enum status status)
{
    switch (status) {
    case STATUS_ACCEPTED:
        return OUTCOME_STORED;
    case STATUS_QUARANTINED:
        return OUTCOME_QUARANTINED;
    case STATUS_IGNORED:
        return OUTCOME_IGNORED;
    }
    return OUTCOME_PENDING;
}

/* Where it fails, the store says what is wrong with the report. */
static void
make_months(struct import_batch *b, const struct bundle *left)
{
    int32_t oldest = when_day_of_instant((int64_t)time(NULL)) - STORE_MONTHS_BACK_DAYS;

    for (size_t i = 0; i < left->count && b->owner_uri != NULL; i++) {
        const struct report *r = left->items[i]->report;
        int32_t day = r == NULL ? oldest : report_day(r->start, r->end);
        struct when_date date = when_date_of(day);
        int month = (date.year - 1970) * 12 + date.month - 1;

        if (day < oldest && month >= 0 && month < IMPORT_MONTHS && !b->months_made[month])
            b->months_made[month] = store_make_month(b->owner_uri, day, NULL);
    }
}

bool
import_batch_connect(struct import_batch *b, struct err *e)
{
    return b->store != NULL || b->store_uri == NULL ||
           store_open(b->store_uri, STORE_COLLECTOR, &b->store, e);
}

void
import_batch_close(struct import_batch *b)
{
    store_close(b->store);
    b->store = NULL;
}

static bool
put(struct import_batch *b, const struct bundle *left, struct err *e)
{
    if (left->count == 0)
        return true;
    make_months(b, left);
    if (!import_batch_connect(b, e))
        return false;
    if (store_put(b->store, left->items, left->count, e))
        return true;
    if (store_lost(b->store))
        import_batch_close(b);
    return false;
}

bool
import_batch_put(struct import_batch *b, const struct bundle *all, struct err *e)
{
    struct bundle left = {0};
    bool ok;

    for (size_t i = 0; i < all->count; i++) {
        struct submission *sub = all->items[i];

        if (b->store_uri == NULL)
            sub->outcome = would_be(sub->status);
        if (sub->outcome == OUTCOME_PENDING || sub->outcome == OUTCOME_AGAIN)
            bundle_add(&left, sub);
    }
    ok = bundle_is_whole(&left, e) && put(b, &left, e);
    bundle_clear(&left);
    return ok;
}
