/* The mail's door into the daemon: LMTP over unix sockets and loopback addresses, a
 * thread for each connection. `tlsrptd deliver` comes in by the same road, over a socket
 * in the state directory (lmtp_send.h). */
#pragma once
#include "collector/queue/batcher.h"

struct lmtp;

/* Takes no mail yet. The settings and the batcher must outlive it. */
MUST_USE bool lmtp_open(const struct settings *s, struct batcher *b, struct lmtp **out,
                        struct err *e);

/* Takes mail from a listening socket, which is its own from now on. What comes as
 * TRANSPORT_DELIVER may be for any recipient. */
MUST_USE bool lmtp_listen(struct lmtp *l, int fd, enum transport transport,
                          struct err *e);

/* Listens no more, lets messages that are complete be kept and answered, tells the others
 * 421, waits for the connections to end. NULL is fine. */
void lmtp_close(struct lmtp *l);
