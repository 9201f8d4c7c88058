/* Every open connection of a server, with the total deadline of what it is doing:
 * libmicrohttpd's own time-out is idle time only, so a byte every two seconds would hold
 * a connection for ever. A thread shuts down what is late; who comes when there are too
 * many has the oldest unfinished request of the fullest network give way. Thread-safe. */
#pragma once
#include "base/peer.h"

enum guard_phase {
    GUARD_OPENING, /* from accept to the request line: the handshake is in it */
    GUARD_HEADERS,
    GUARD_BODY,
    GUARD_WORK,   /* the request is whole and there is no answer yet */
    GUARD_ANSWER, /* until the end of the answer */
    GUARD_IDLE,   /* kept alive */
    GUARD_PHASES
};

struct guard_config {
    int64_t phase_s[GUARD_PHASES]; /* 0: for ever */
    int64_t max_connections;
    int64_t max_per_address, max_per_network; /* 0: no limit; /24 and /64 */
    const struct settings_list *exempt;       /* from these two; NULL: nobody */
    int64_t least_rate; /* bytes of a body a second, once least_rate_s are over; 0: none
                         */
    int64_t least_rate_s;
    const char *door; /* for the log, a static text */
};

struct guard;
struct guard_node;
struct sockaddr;

MUST_USE bool guard_start(const struct guard_config *config, struct guard **out,
                          struct err *e);
void guard_free(struct guard *g); /* NULL is fine */

/* A connection was accepted. When it is one too many of its address or network it is shut
 * down at once, but must be removed as any other. NULL: out of memory, and shut down. */
struct guard_node *guard_add(struct guard *g, int fd, const struct sockaddr *address);
void guard_remove(struct guard *g, struct guard_node *node); /* before close() */

/* Starts the clock of a phase. */
void guard_enter(struct guard *g, struct guard_node *node, enum guard_phase phase);

/* So many bytes of the body have come. False: its time is over, and it is shut down in a
 * moment unless it is answered now. */
MUST_USE bool guard_come(struct guard *g, struct guard_node *node, size_t bytes);

/* Its time is over now, whatever it does; safe from any thread while it is there. */
void guard_hurry(struct guard_node *node);

/* Who is connected; false for a unix socket. */
bool guard_peer(const struct guard_node *node, struct peer *out);
int guard_fd(const struct guard_node *node);

/* Is it one too many, with nobody to give way to it? Then it had better be told so. */
bool guard_is_excess(const struct guard_node *node);

/* One more request on this connection: how many there were, this one included. */
int64_t guard_count_request(struct guard_node *node);
