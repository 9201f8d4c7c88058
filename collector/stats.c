/* Counters of the process, the one kind of global that threads may share. */
#include "collector/stats.h"

#include "base/log.h"

#include <stdatomic.h>

static _Atomic int64_t counts[STATS_TRANSPORTS][VERDICT_COUNT];

void
stats_count(enum transport transport, enum verdict verdict)
{
    atomic_fetch_add(&counts[transport][verdict], 1);
}

int64_t
stats_get(enum transport transport, enum verdict verdict)
{
    return atomic_load(&counts[transport][verdict]);
}

void
stats_log(void)
{
    for (int t = TRANSPORT_HTTPS; t < STATS_TRANSPORTS; t++) {
        int64_t n[VERDICT_COUNT], all = 0;

        for (int v = 0; v < VERDICT_COUNT; v++)
            all += n[v] = stats_get((enum transport)t, (enum verdict)v);
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
