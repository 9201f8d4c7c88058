/* What the daemon has done since it started: plain counters, safe from any thread. */
#pragma once
#include "collector/verdict.h"
#include "schema/vocab.h"

#include <stdint.h>

enum {
    STATS_TRANSPORTS = TRANSPORT_IMPORT + 1
};

/* One more delivery by this door got this verdict. */
void stats_count(enum transport transport, enum verdict verdict);

int64_t stats_get(enum transport transport, enum verdict verdict);

/* One log line for each door that was used. */
void stats_log(void);
