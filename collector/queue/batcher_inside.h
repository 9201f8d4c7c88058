/* What the files of the batcher share: the queues and their threads. Nobody else
 * includes this. */
#pragma once
#include "base/clock.h"
#include "collector/queue/batcher.h"
#include "collector/queue/lanes.h"

#include <pthread.h>

enum {
    BATCHER_MAX_THREADS = 64, /* of each kind */
    BATCHER_CONNECT_S = 2,    /* for the database to take a connection: the least that
                                 libpq knows */
};

struct batcher {
    const struct settings *settings;
    const char *uri;
    const struct mail_context *mail;
    struct spool *spool;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t to_read, to_read_mail, to_write, to_spool, freed, expiring, ending;
    struct lanes reports, mails; /* for the workers */
    struct lanes rows;           /* for the writers */
    struct lanes spooling;       /* for the spool */
    size_t inside;               /* submitted and not done */
    size_t writing;              /* of these, in the hands of a writer */
    size_t big_waiting;          /* workers that wait for room for a big one */
    size_t bytes_used;
    bool leaving;         /* soon */
    bool stopping;        /* takes no more */
    bool read_all;        /* no worker is left */
    bool stopped;         /* no writer is left */
    bool decided;         /* nothing more goes to the spool */
    bool away;            /* the last that was heard of the database is that it is */
    bool doubted;         /* the last batch was lost with its connection */
    size_t connected;     /* writers */
    size_t connect_tries; /* of all writers */
    int64_t next_probe_ms;
    int64_t watch_until_ms; /* sleeps the thread that looks for what expires */

    struct batcher_threads {
        pthread_t threads[BATCHER_MAX_THREADS];
        size_t count;
    } workers, mail_workers, writers, spoolers, watch;
};

/* Sees to it that what was queued expires in time. The lock is held. */
void batcher_watch(struct batcher *b, const struct delivery *d);

/* Takes bytes out of the budget with the lock held. */
MUST_USE bool batcher_take_bytes(struct batcher *b, size_t bytes);

/* Finds the verdict of each, then spools it or ends it; `items` is changed. */
void batcher_finish(struct batcher *b, struct delivery *items[], size_t n);

/* Counts and logs the verdicts, gives back the places, tells the doors. */
void batcher_end(struct batcher *b, struct delivery *const items[], size_t n);

/* Half of what a report may wait; the lock need not be held. */
int64_t batcher_half_wait_ms(const struct batcher *b);

bool batcher_can_spool(const struct batcher *b, const struct delivery *d);

/* Leaves it to the spool; false when that is not for it. */
MUST_USE bool batcher_to_spool(struct batcher *b, struct delivery *d);

/* Is there enough for a writer that waits? The lock is held. */
bool batcher_wants_writer(const struct batcher *b);

/* The threads; `arg` is the batcher. */
void *batcher_read_reports(void *arg);
void *batcher_read_mails(void *arg);
void *batcher_write(void *arg);
void *batcher_spool(void *arg);
void *batcher_drain(void *arg);
