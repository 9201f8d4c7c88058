/* Counters of the process, the one kind of global that threads may share. */
#include "collector/intake/stats.h"

#include "base/log.h"

#include <stdatomic.h>

static _Atomic int64_t counts[STATS_TRANSPORTS][STATS_TIERS][VERDICT_COUNT];
static _Atomic int64_t batch_count, batch_reports;
static _Atomic int64_t connections[STATS_TRANSPORTS];

void
stats_count(const struct delivery *d)
{
    atomic_fetch_add(&counts[d->transport][d->tier][d->verdict], 1);
}

void
stats_refused(enum transport transport, enum verdict verdict)
{
    atomic_fetch_add(&counts[transport][0][verdict], 1);
}

int64_t
stats_get(enum transport transport, enum tier tier, enum verdict verdict)
{
    return atomic_load(&counts[transport][tier][verdict]);
}

void
stats_batch(size_t reports)
{
    atomic_fetch_add(&batch_count, 1);
    atomic_fetch_add(&batch_reports, (int64_t)reports);
}

void
stats_batches(int64_t *batches, int64_t *reports)
{
    *batches = atomic_load(&batch_count);
    *reports = atomic_load(&batch_reports);
}

void
stats_connected(enum transport transport, int more)
{
    atomic_fetch_add(&connections[transport], more);
}

int64_t
stats_connections(enum transport transport)
{
    return atomic_load(&connections[transport]);
}

void
stats_log(void)
{
    for (int t = TRANSPORT_HTTPS; t < STATS_TRANSPORTS; t++) {
        int64_t n[VERDICT_COUNT], all = 0;

        for (int v = 0; v < VERDICT_COUNT; v++) {
            n[v] = 0;
            for (int tier = 0; tier < STATS_TIERS; tier++)
                n[v] += stats_get((enum transport)t, (enum tier)tier, (enum verdict)v);
            all += n[v];
        }
        if (all == 0)
            continue;
        log_info(
            "totals", LOG_S("door", transport_text((enum transport)t)),
            LOG_I("stored", n[VERDICT_STORED]), LOG_I("duplicate", n[VERDICT_DUPLICATE]),
            LOG_I("quarantined", n[VERDICT_QUARANTINED]),
            LOG_I("ignored", n[VERDICT_IGNORED]), LOG_I("not-ours", n[VERDICT_NOT_OURS]),
            LOG_I("unrecognized", n[VERDICT_UNRECOGNIZED]),
            LOG_I("too-big", n[VERDICT_TOO_BIG]), LOG_I("spooled", n[VERDICT_SPOOLED]),
            LOG_I("try-later", n[VERDICT_AGAIN]));
    }
}
