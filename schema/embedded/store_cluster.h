/* The files of the private PostgreSQL: where they are, which programs fit them, how they
 * are made. */
#pragma once
#include "base/buf.h"

#include <limits.h>
#include <sys/types.h>

/* Names below the state directory. */
#define CLUSTER_DATA  "postgres"
#define CLUSTER_RUN   "run"
#define CLUSTER_LOG   "postgres.log"
#define CLUSTER_PORT  "5432"
#define CLUSTER_DB    "tlsrpt"
#define CLUSTER_SUPER "postgres"

struct cluster {
    char state[PATH_MAX]; /* absolute, no symbolic links */
    char data[PATH_MAX];
    char run[PATH_MAX]; /* of the unix socket */
    char log[PATH_MAX];
    char bin[PATH_MAX]; /* of PostgreSQL's programs */
    char version[16];   /* major; "" while there is no data */
};

/* Names the files; with `make`, makes the state directory and the one of the socket if
 * they are missing, and refuses root. ERR_CONFIG: not there, not writable, too long for a
 * socket. Does not look for programs. */
MUST_USE bool cluster_find(const char *state_dir, bool make, struct cluster *c,
                           struct err *e);

/* Sets c->version from the data; false when there is none. */
MUST_USE bool cluster_exists(struct cluster *c);

/* Finds the programs, makes the data if there is none, and writes who may connect: our
 * own user as every role, root as the reader. ERR_CONFIG: no programs; data of another
 * version, with the command that upgrades it. */
MUST_USE bool cluster_prepare(struct cluster *c, struct err *e);

/* ---- what upgrading needs of it ---- */

/* Sets c->bin to programs of version `wanted`, or, if that is 0, of the newest; returns
 * the newest version seen, 0 when there are none. TLSRPT_POSTGRES may name a folder of
 * them, wildcards included, besides those where distributions keep them. */
int cluster_find_programs(struct cluster *c, int wanted);

/* Runs a program in `dir` to its end, with standard input, output and error from `files`
 * (-1: ours); is it content? PostgreSQL's insist on a working directory that they may
 * enter, which a daemon that was root's may not. */
MUST_USE bool cluster_run(const char *dir, char *const argv[], const int files[3]);

/* Makes new, empty data in c->data by the programs in c->bin. */
MUST_USE bool cluster_init(struct cluster *c, struct err *e);
MUST_USE bool cluster_write_access(const struct cluster *c, struct err *e);

/* Removes data, wholly. */
void cluster_remove(const char *data);

/* Opens the server's log for appending; one that has grown large is put aside. */
MUST_USE bool cluster_open_log(const struct cluster *c, int *fd, struct err *e);

/* What postmaster.pid says of a server that runs on this data now. */
struct cluster_server {
    pid_t pid; /* 0: none */
    bool ready;
};

void cluster_server(const struct cluster *c, struct cluster_server *out);

/* Removes a postmaster.pid that a crash left: PostgreSQL would refuse to start if a
 * process of ours had the same number by now. Only when cluster_server() says none. */
void cluster_forget_server(const struct cluster *c);
