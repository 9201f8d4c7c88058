/* Threads that give rows to the database, each over a connection of its own. A writer
 * that comes free takes what is there, so a batch is as large as the database is slow:
 * waiting for more by a timer was measured to cost 17 to 60 %. */
#pragma once
#include "collector/queue/backlog.h"

enum {
    WRITERS_MAX_REPORTS = 100, /* of a batch */
    WRITERS_MAX_BYTES = 4 << 20,
    WRITERS_MAX_ROWS = 5000,
};

/* Is there enough for a writer that waits? The backlog's lock is held. */
bool writers_are_wanted(const struct backlog *b);

/* `arg` is the backlog; ends when no reader is left and all is written. */
void *writers_run(void *arg);
