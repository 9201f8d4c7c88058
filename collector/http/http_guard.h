/* Every open connection, with the total deadline of what it is doing: libmicrohttpd's own
 * time-out is idle time only, so a byte every two seconds would hold a connection for
 * ever. A thread shuts down what is late, and a connection too many at once. */
#pragma once
#include "collector/intake/peer.h"

enum guard_phase {
    GUARD_OPENING, /* from accept to the request line: the handshake is in it */
    GUARD_HEADERS,
    GUARD_BODY,
    GUARD_ANSWER, /* from the end of the body to the end of the answer */
    GUARD_IDLE,   /* kept alive */
    GUARD_PHASES
};

struct guard;
struct guard_node;
struct sockaddr;

MUST_USE bool guard_start(const struct settings *s, struct guard **out, struct err *e);
void guard_free(struct guard *g); /* NULL is fine */

/* A connection was accepted. When it is one too many of its address or network it is shut
 * down at once, but must be removed as any other. NULL: out of memory, and shut down. */
struct guard_node *guard_add(struct guard *g, int fd, const struct sockaddr *address);
void guard_remove(struct guard *g, struct guard_node *node); /* before close() */

/* Starts the clock of a phase. */
void guard_enter(struct guard *g, struct guard_node *node, enum guard_phase phase);

/* Who is connected; false for a unix socket. */
bool guard_peer(const struct guard_node *node, struct peer *out);

/* One more request on this connection: how many there were, this one included. */
int64_t guard_count_request(struct guard_node *node);
