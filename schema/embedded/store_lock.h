/* Who owns the private PostgreSQL: a lock that the daemon holds while it is its parent,
 * and a mark on one that was launched to stay. */
#pragma once
#include "schema/embedded/store_cluster.h"

/* Takes the lock, until *fd is closed; *fd is -1 when another process holds it. */
MUST_USE bool lock_take(const struct cluster *c, int *fd, struct err *e);
MUST_USE bool lock_is_held(const struct cluster *c);

/* The process that was marked as launched to stay; 0 if none was. It need not live. */
pid_t lock_launched(const struct cluster *c);
MUST_USE bool lock_mark_launched(const struct cluster *c, pid_t pid, struct err *e);
