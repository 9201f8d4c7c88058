/* The bodies that still come, and the memory that they take. When there is none left, the
 * largest and slowest body of the network that holds most gives way. Thread-safe. */
#pragma once
#include "base/buf.h"
#include "base/guard.h"
#include "collector/queue/batcher.h"

#include <stdatomic.h>

struct http_body {
    struct buf bytes;
    atomic_bool gone; /* it has given way: what it was is freed */

    /* private */
    struct guard_node *node;
    struct peer peer, network;
    size_t held;
    int64_t began_ms;
    bool big; /* and in the list, while it comes */
    struct http_body *next, *prev;
};

struct http_bodies;

MUST_USE bool http_bodies_new(struct batcher *b, struct guard *g,
                              struct http_bodies **out, struct err *e);
void http_bodies_free(struct http_bodies *all); /* NULL is fine */

/* A body begins, of at most max_bytes. */
void http_body_begin(struct http_body *body, const struct peer *peer,
                     struct guard_node *node, size_t max_bytes);

/* Appends; false when there is no room for it, or it is gone. */
MUST_USE bool http_body_take(struct http_bodies *all, struct http_body *body,
                             const char *data, size_t n);

/* It is whole, and gives way to nobody any more; false when it is gone. */
MUST_USE bool http_body_end(struct http_bodies *all, struct http_body *body);

/* Gives back what it holds. */
void http_body_clear(struct http_bodies *all, struct http_body *body);
