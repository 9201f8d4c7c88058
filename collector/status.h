/* The daemon's own page for monitoring: /metrics of this process, /healthz (it lives),
 * /readyz (it can store). On loopback or a unix socket only. */
#pragma once
#include "collector/imap/imap.h"
#include "collector/ledger.h"
#include "collector/queue/batcher.h"

struct status_door;

/* All that is told of; they must outlive it. `spool` and `imap` may be NULL. */
struct status_source {
    const struct settings *settings;
    struct batcher *batcher;
    struct ledger *ledger;
    struct spool *spool;
    struct imap *imap;
};

/* *out is NULL when the settings name no address. ERR_CONFIG: one that is none, or that
 * other machines reach. */
MUST_USE bool status_start(const struct status_source *source, struct status_door **out,
                           struct err *e);

/* Not ready from now on: the doors close. NULL is fine. */
void status_drain(struct status_door *s);
void status_stop(struct status_door *s); /* NULL is fine */
