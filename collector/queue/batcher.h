/* What stands between the doors and the database: readers that decode, a queue in which
 * rows wait, writers with a connection each. What waits is bounded in number, bytes and
 * time: of intake/max_wait_s a report waits for a writer for one half, and the writer for
 * PostgreSQL for less than the other. Beyond that it goes to the spool, at once when the
 * database is known to be away, or the doors push back. */
#pragma once
#include "collector/intake/mail_intake.h"
#include "collector/queue/room.h"
#include "collector/queue/spool.h"

enum {
    BATCHER_MAX_THREADS = 64, /* of each kind */
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

/* Takes memory that a door is about to hold for a client; false when there is not so much
 * left for that kind: push back. */
MUST_USE bool batcher_reserve(struct batcher *b, enum room_kind kind, size_t bytes);
void batcher_release(struct batcher *b, enum room_kind kind, size_t bytes);

/* What was held as ROOM_UNFINISHED is whole, and is ROOM_BIG from here on. */
void batcher_end_of_body(struct batcher *b, size_t bytes);

/* Why a small post of that network would be refused now; NULL when it would not. Static.
 * `waits`: it will wait for a database that is away, which may soon be back. */
const char *batcher_refuses(struct batcher *b, const struct peer *peer, bool waits);

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
