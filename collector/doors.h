/* All sockets of the daemon: opened first, while it may be root, answered at once the
 * batcher runs. */
#pragma once
#include "collector/intake/origin.h"
#include "collector/queue/batcher.h"

struct doors;

/* Opens every socket that the settings name. ERR_CONFIG when they name none, or one that
 * would take reports without TLS from other machines unasked. */
MUST_USE bool doors_open(const struct settings *s, struct doors **out, struct err *e);

/* Begins to take reports. `origin` may be NULL. */
MUST_USE bool doors_start(struct doors *d, struct batcher *b, struct origin *origin,
                          struct err *e);

/* Writes a line for each socket: "https 127.0.0.1:4711", "http unix:/run/x", "lmtp ...".
 */
void doors_print(const struct doors *d, int fd);

/* Takes no more and answers what is under way. False: leave by _exit(). NULL is fine. */
MUST_USE bool doors_stop(struct doors *d);

/* After doors_stop() and the end of the batcher. NULL is fine. */
void doors_free(struct doors *d);
