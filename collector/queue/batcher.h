/* What stands between the doors and the database: workers that decode, one queue in which
 * reports wait, writers with a connection each. A writer that comes free takes what is
 * there, so a batch is as large as the database is slow; there is no timer. What waits is
 * bounded in number, bytes and time: of intake/max_wait_s a report waits for a writer for
 * one half, and the writer for PostgreSQL for less than the other. Beyond that it goes to
 * the spool, at once when the database is known to be away, or the doors push back. */
#pragma once
#include "collector/intake/intake.h"
#include "collector/intake/mail_intake.h"
#include "collector/queue/spool.h"

enum {
    BATCH_MAX_REPORTS = 100,
    BATCH_MAX_BYTES = 4 << 20,
    BATCH_MAX_ROWS = 5000,
};

struct batcher;

/* Opens no connection yet: writers do, and try again for ever when the database is away.
 * `uri`: as whom the writers connect. `settings` and `mail` (its resolver included) must
 * outlive it; `mail` may be NULL, then a DELIVERY_MAIL gets VERDICT_AGAIN. `spool`, which
 * must outlive it too, takes HTTPS posts while the database is away, and is drained when
 * it is back; NULL: they get VERDICT_AGAIN. */
MUST_USE bool batcher_start(const struct settings *settings, const char *uri,
                            const struct mail_context *mail, struct spool *spool,
                            struct batcher **out, struct err *e);

/* Takes bytes that a door is about to hold for a client out of the common budget; false
 * when there are not so many left: push back. */
MUST_USE bool batcher_reserve(struct batcher *b, size_t bytes);
void batcher_release(struct batcher *b, size_t bytes);

/* Is there room for one more report? For a door that wants to know before it reads one.
 */
MUST_USE bool batcher_has_room(struct batcher *b);

/* What it has in hand: reports without a verdict, and bytes of the common budget. */
struct batcher_usage {
    size_t reports, bytes;
};
void batcher_usage(struct batcher *b, struct batcher_usage *out);

/* From here on the batcher has `d`, until d->done(d) is called, exactly once, with
 * d->verdict and d->reason set; at once when there is no room (VERDICT_AGAIN). */
void batcher_submit(struct batcher *b, struct delivery *d);

/* It will be stopped soon: no longer drains the spool, nor waits long for a database that
 * is away. NULL is fine. */
void batcher_hurry(struct batcher *b);

/* Takes no more, keeps what it has (within the time that a report may wait), calls every
 * done(), and ends the threads. */
void batcher_free(struct batcher *b); /* NULL is fine */
