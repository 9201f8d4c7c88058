/* A thread with a connection of its own that tells the database what this process made of
 * deliveries, has the running totals take in what came, and knows whether it is there. */
#pragma once
#include "schema/settings/settings.h"
#include "schema/store/store.h"

enum {
    LEDGER_EVERY_S = 60,
    LEDGER_IMPORT_EVERY_S = 1, /* so much comes in that nobody waits for it at the end */
};

struct ledger;

/* Writes every `every_s` seconds, and once more at the end. */
MUST_USE bool ledger_start(const struct settings *settings, const char *uri, int every_s,
                           struct ledger **out, struct err *e);

/* It will be stopped soon: asks no more before that, and is then not waited for beyond a
 * few seconds (what it is made of remains, for a process that ends). NULL is fine for
 * both. */
void ledger_hurry(struct ledger *l);
void ledger_stop(struct ledger *l);

/* Did the database answer a moment ago? If not, `reason` says why. */
MUST_USE bool ledger_database_up(struct ledger *l, char *reason, size_t size);

/* Writes once, for a process that is soon over; what fails is not told. */
void ledger_write(const struct settings *settings, const char *uri, enum store_role role);
