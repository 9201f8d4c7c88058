/* What the three files of the batcher share: the queues and their threads. Nobody else
 * includes this. */
#pragma once
#include "collector/batcher.h"
#include "collector/lanes.h"

#include <pthread.h>

enum {
    BATCHER_MAX_THREADS = 64, /* of each kind */
};

struct batcher {
    const struct settings *settings;
    const char *uri;
    const struct mail_context *mail;

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t to_read, to_write, freed, expiring, ending;
    struct lanes reports, mails; /* for the workers */
    struct lanes rows;           /* for the writers */
    size_t inside;               /* submitted and not done */
    size_t writing;              /* of these, in the hands of a writer */
    size_t big_waiting;          /* workers that wait for room for a big one */
    size_t bytes_used;
    bool stopping; /* takes no more */
    bool read_all; /* no worker is left */
    bool stopped;  /* no writer is left */
    bool away_said;

    struct batcher_threads {
        pthread_t threads[BATCHER_MAX_THREADS];
        size_t count;
    } workers, mail_workers, writers, watch;
};

/* CLOCK_MONOTONIC, as the conditions. */
int64_t batcher_now_ms(void);

/* Waits with the lock held; INT64_MAX: for ever. */
void batcher_wait(struct batcher *b, pthread_cond_t *cond, int64_t deadline_ms);

/* Takes bytes out of the budget with the lock held. */
MUST_USE bool batcher_take_bytes(struct batcher *b, size_t bytes);

/* Counts and logs its verdict, gives back its memory, tells the door. */
void batcher_finish(struct batcher *b, struct delivery *d);

/* Sets VERDICT_AGAIN with a reason. */
void batcher_push_back(struct delivery *d, const char *why);

/* The threads; `arg` is the batcher. */
void *batcher_read_reports(void *arg);
void *batcher_read_mails(void *arg);
void *batcher_write(void *arg);
