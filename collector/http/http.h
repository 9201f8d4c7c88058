/* The HTTPS door: POST to the configured path, or to it and "/<policy domain>". */
#pragma once
#include "collector/intake/origin.h"
#include "collector/queue/batcher.h"

enum {
    HTTP_MAX_SOCKETS = 16,
};

struct http;

/* Makes a door that listens nowhere yet. All three must outlive it; `origin` may be NULL:
 * no host name is looked for. */
MUST_USE bool http_open(const struct settings *s, struct batcher *b,
                        struct origin *origin, struct http **out, struct err *e);

/* Answers at a listening socket, which is the door's from here on, even on failure. With
 * `tls` http_tls_load() must have succeeded. */
MUST_USE bool http_listen(struct http *h, int fd, bool tls, struct err *e);

/* Stops listening and takes no new request; http_close() waits for the others. */
void http_quiesce(struct http *h);

/* After http_quiesce(): lets what is under way end, answers it, stops. The batcher must
 * still run, and nothing of the door's is with it afterwards. False when something would
 * not end: then the process must be left at once, by _exit(). */
MUST_USE bool http_close(struct http *h);

/* After http_close(), or before http_listen(). NULL is fine. */
void http_free(struct http *h);
