/* Sockets to listen on, as the configuration names them: "unix:/path", "192.0.2.1:443",
 * "[::1]:24". Port 0 takes a free one. */
#pragma once
#include "base/err.h"

enum {
    LISTENER_NAME_BYTES = 128,
};

/* Opens one, close-on-exec and not blocking. With `local` only a unix socket or a
 * loopback address will do. A unix socket that nobody listens on any more is replaced;
 * any local user may connect to a new one, where its directory lets him through.
 * ERR_CONFIG when it cannot be had. */
MUST_USE bool listener_open(const char *where, bool local, int *fd, struct err *e);

/* Is it a unix socket, or bound to a loopback address? */
bool listener_is_local(int fd);

/* Where a socket is bound, with the port that was taken: "127.0.0.1:40123"; with `peer`,
 * where its other end is. Returns out. */
char *listener_print(int fd, bool peer, char out[LISTENER_NAME_BYTES]);

/* Closes it; a unix socket is taken away from its directory. */
void listener_close(int fd);

/* Connects to a unix socket. ERR_REFUSED when nobody listens there. */
MUST_USE bool listener_connect(const char *path, int *fd, struct err *e);
