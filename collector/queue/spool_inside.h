/* What the two files of the spool share. Nobody else includes this. */
#pragma once
#include "collector/queue/spool.h"

#include <pthread.h>

enum {
    SPOOL_NAME_BYTES = 32,
};

/* The end of a file's name. */
#define SPOOL_WAITS "report"
#define SPOOL_HALF  "half"  /* not acknowledged */
#define SPOOL_ASIDE "aside" /* of no use */

struct spool {
    int64_t max_files, max_bytes;
    int dir;
    pthread_mutex_t lock; /* of the two below */
    struct spool_usage usage;
    uint64_t next_number;

    uint64_t *numbers; /* of files that wait, as last listed */
    size_t count, at;
};

void spool_print_name(char name[SPOOL_NAME_BYTES], uint64_t number, const char *kind);

/* Logs, so often and no more. */
void spool_complain(const char *what, const char *name, const char *why);

/* Adds to the usage. */
void spool_count(struct spool *s, int64_t files, int64_t bytes, int64_t set_aside);
