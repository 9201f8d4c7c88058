/* Two runs over one archive must end in the same: what has an outcome is left alone. */
#include "collector/import/import_batch.h"

#include "base/when.h"

#include <stdlib.h>
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
make_month(struct import_batch *b, int32_t day)
{
    struct when_date date = when_date_of(day);
    int month = (date.year - 1970) * 12 + date.month - 1;

    if (month >= 0 && month < IMPORT_MONTHS && !b->months_made[month])
        b->months_made[month] = store_make_month(b->owner_uri, day, NULL);
}

static void
make_months(struct import_batch *b, struct submission *const subs[], size_t n)
{
    int32_t oldest = when_day_of_instant((int64_t)time(NULL)) - STORE_MONTHS_BACK_DAYS;

    for (size_t i = 0; i < n && b->owner_uri != NULL; i++) {
        const struct report *r = subs[i]->report;

        if (r != NULL && report_day(r->start, r->end) < oldest)
            make_month(b, report_day(r->start, r->end));
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
put(struct import_batch *b, struct submission *const subs[], size_t n, struct err *e)
{
    if (n == 0)
        return true;
    make_months(b, subs, n);
    if (!import_batch_connect(b, e))
        return false;
    if (store_put(b->store, subs, n, e))
        return true;
    if (store_lost(b->store))
        import_batch_close(b);
    return false;
}

bool
import_batch_put(struct import_batch *b, struct submission *const subs[], size_t n,
                 struct err *e)
{
    struct submission **left = calloc(n + 1, sizeof(struct submission *));
    size_t count = 0;
    bool ok;

    if (left == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        if (b->store_uri == NULL)
            subs[i]->outcome = would_be(subs[i]->status);
        if (subs[i]->outcome == OUTCOME_PENDING || subs[i]->outcome == OUTCOME_AGAIN)
            left[count++] = subs[i];
    }
    ok = put(b, left, count, e);
    free(left);
    return ok;
}
