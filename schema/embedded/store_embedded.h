/* The private PostgreSQL of a site that has configured none: its data in
 * STATE_DIR/postgres, its unix socket in STATE_DIR/run, no network. One daemon owns it
 * and is its parent; other programs join. Nothing here works as root: a tlsrptd started
 * as root becomes settings.user first. */
#pragma once
#include "base/buf.h"
#include "schema/store/store.h"

#include <sys/types.h>

struct embedded;

/* Makes the cluster, the database and the roles where they are missing, starts the server
 * as a child that stops when this process ends for whatever reason, and waits until it
 * takes connections. After a kill -9 of an earlier daemon its server is taken over. When
 * another daemon owns a running one, or `tlsrptd database start` started it, that one is
 * joined and left alone. Does not migrate: see store_migrate. Call it from the main
 * thread: the child is stopped when the thread that made it ends. ERR_CONFIG: root, no
 * server programs, a path too long for a socket, a cluster of another major version (with
 * the command that upgrades it). */
MUST_USE bool embedded_start(const char *state_dir, struct embedded **out, struct err *e);

/* Starts the server again if it was ours and is gone. Cheap: call it every few seconds.
 */
MUST_USE bool embedded_keep(struct embedded *em, struct err *e);

/* Fast shutdown, if it is ours. NULL is fine. */
void embedded_close(struct embedded *em);

/* `tlsrptd database start`: the same, but it goes on after this process. True, too, when
 * it was running already. */
MUST_USE bool embedded_launch(const char *state_dir, struct err *e);

/* `tlsrptd database stop`: fast shutdown; true, too, when nothing ran. ERR_REFUSED while
 * a daemon owns it. */
MUST_USE bool embedded_stop(const char *state_dir, struct err *e);

/* `tlsrptd database upgrade`: to the newest PostgreSQL that is installed, of which the
 * old one's programs are needed, too. Nothing may run. The old data stays beside the new
 * one, and in its place until the new one is complete: an interrupted upgrade has changed
 * nothing, or is complete. Says what it did by `say`. */
MUST_USE bool embedded_upgrade(const char *state_dir, store_say_fn *say, void *ctx,
                               struct err *e);

struct embedded_status {
    bool exists;      /* a cluster was made */
    bool ready;       /* it takes connections */
    bool owned;       /* a daemon is its parent */
    pid_t pid;        /* 0 when it is not running */
    char version[16]; /* of the cluster, major: "15" */
};

void embedded_status(const char *state_dir, struct embedded_status *out);

/* Appends the URI by which `role` reaches it. It need not run. */
bool embedded_uri(const char *state_dir, enum store_role role, struct buf *out);
