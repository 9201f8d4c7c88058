/* What waits between the doors and the database: the queues, how much they may hold and
 * for how long, and the end of each delivery. The threads that work on it are readers,
 * writers and those of the batcher, which alone is for the doors. */
#pragma once
#include "base/clock.h"
#include "collector/intake/mail_intake.h"
#include "collector/queue/lanes.h"
#include "collector/queue/room.h"
#include "collector/queue/spool.h"

#include <pthread.h>

/* From start to end; each includes what came before. */
enum backlog_phase {
    BACKLOG_OPEN,
    BACKLOG_LEAVING,    /* soon: nobody waits long for a database that is away */
    BACKLOG_STOPPING,   /* takes no more */
    BACKLOG_CHEAP_READ, /* only readers of what is dear are left */
    BACKLOG_READ,       /* no reader is left */
    BACKLOG_WRITTEN,    /* no writer is left */
    BACKLOG_DECIDED,    /* nothing more goes to the spool */
};

/* Deliveries that wait for a kind of thread. */
struct backlog_queue {
    struct lanes lanes;
    pthread_cond_t filled;
};

struct backlog {
    const struct settings *settings;
    const struct mail_context *mail; /* NULL: no mail is taken */
    const char *uri;                 /* as whom writers connect */
    struct spool *spool;             /* NULL: none */
    struct drain *drain;             /* the same */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t freed, expiring, ending;
    enum backlog_phase phase;
    struct backlog_queue reports, mails; /* for the readers */
    struct backlog_queue dear;           /* for those of what takes long */
    struct backlog_queue rows;           /* for the writers */
    struct backlog_queue spooling;       /* for the spool */
    size_t inside;                       /* submitted and not done */
    size_t writing;                      /* of these, in the hands of a writer */
    struct room room;
    bool away;            /* the last that was heard of the database is that it is */
    bool doubted;         /* the last batch was lost with its connection */
    size_t connected;     /* writers */
    size_t connect_tries; /* of all writers */
    int64_t next_probe_ms;
    int64_t watch_until_ms; /* sleeps the thread that looks for what expires */
};

void backlog_init(struct backlog *b);
void backlog_clear(struct backlog *b);

/* Takes the lock, sets the phase, wakes everybody. */
void backlog_enter(struct backlog *b, enum backlog_phase phase);

void backlog_release(struct backlog *b, enum room_kind kind, size_t bytes);

/* Queues one; false when out of memory. The lock is held. */
MUST_USE bool backlog_put(struct backlog *b, struct backlog_queue *q, struct delivery *d);

/* Half of what a report may wait; the lock need not be held. */
int64_t backlog_half_wait_ms(const struct backlog *b);

/* Is it for the spool when it cannot be read or stored in time? */
bool backlog_can_spool(const struct backlog *b, const struct delivery *d);

/* Which part of the room is its own, once it takes so much? */
enum room_kind backlog_kind(const struct backlog *b, const struct delivery *d,
                            size_t bytes);

/* Finds the verdict of each, then spools it or ends it; `items` is changed. */
void backlog_finish(struct backlog *b, struct delivery *items[], size_t n);

/* Try again later, since. */
void backlog_push_back(struct delivery *d, const char *why);

/* Threads: sees to it that nothing waits too long; takes what is for the spool to it.
 * `arg` is the backlog. */
void *backlog_watch(void *arg);
void *backlog_spool(void *arg);
