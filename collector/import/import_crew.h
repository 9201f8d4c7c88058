/* The workers of `tlsrptd import`: each reads items, gathers a batch and stores it over a
 * connection of its own. */
#pragma once
#include "collector/import/import_walk.h"
#include "collector/intake/mail_intake.h"

enum {
    IMPORT_MAX_JOBS = 64,
    IMPORT_BATCH_REPORTS = 250,
    IMPORT_BATCH_BYTES = 4 << 20, /* what they take as they came and decoded */
    IMPORT_QUEUE_ITEMS = 200,     /* read and not yet taken by a worker */
    IMPORT_QUEUE_BYTES = 4 << 20, /* the same; one item may be larger */
    IMPORT_SHARE_ITEMS = 16,      /* that a worker takes at once, or is woken for */
    IMPORT_RETRIES = 5,           /* of a batch, while the database is away */
};

struct import_plan {
    struct mail_context mail;
    const char *store_uri; /* NULL: keep nothing, only say what would be kept */
    const char *owner_uri; /* to make months older than a collector may; NULL: none */
    int jobs;
    bool vouched;     /* tier operator */
    bool as_https;    /* every item is the body of a post */
    int64_t received; /* of reports that are no mail; 0: not known */
    const char *peer; /* of a post; else "" */

    /* Tells of an item that was not kept. Called under a lock. */
    void (*refused)(void *ctx, const char *path, enum verdict verdict,
                    const char *reason);
    void *ctx;
};

struct import_tally {
    size_t items, bytes;
    size_t verdicts[VERDICT_COUNT]; /* of items; PENDING: read, not stored yet */
};

struct import_crew;

/* Starts the workers. The plan must outlive them. Fails with the error of store_open()
 * when the database cannot be used. */
MUST_USE bool import_crew_start(const struct import_plan *plan, struct import_crew **out,
                                struct err *e);

/* Hands over a copy of an item; waits while the queue is full. False when the crew has
 * given up: the database is away for too long. */
bool import_crew_put(struct import_crew *c, const struct import_item *item);

void import_crew_tally(struct import_crew *c, struct import_tally *out);

/* Waits until all is stored, ends the workers, frees the crew. False when it had given
 * up. */
bool import_crew_finish(struct import_crew *c, struct import_tally *out, struct err *e);
