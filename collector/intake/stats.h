/* What the process has done since it started: plain counters, safe from any thread. */
#pragma once
#include "collector/intake/intake.h"

#include <stdint.h>

enum {
    STATS_TRANSPORTS = TRANSPORT_IMAP + 1,
    STATS_TIERS = TIER_UNVERIFIED + 1, /* 0: nothing was accepted */
};

/* One more delivery by this door got this verdict. */
void stats_count(const struct delivery *d);
void stats_refused(enum transport transport, enum verdict verdict);

int64_t stats_get(enum transport transport, enum tier tier, enum verdict verdict);

/* A batch of so many reports was written. */
void stats_batch(size_t reports);
void stats_batches(int64_t *batches, int64_t *reports);

/* Connections of clients to a door: one more, or one less. */
void stats_connected(enum transport transport, int more);
int64_t stats_connections(enum transport transport);

/* One log line for each door that was used. */
void stats_log(void);
