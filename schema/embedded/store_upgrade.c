/* By pg_upgrade, which copies: the data of the old version stays whole, and changes
 * places with the new one in one step once that is complete. */
#include "schema/embedded/store_cluster.h"
#include "schema/embedded/store_embedded.h"
#include "schema/embedded/store_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The new data, which pg_upgrade fills. */
static bool
make_fresh(struct cluster *fresh, struct err *e)
{
    if (snprintf(fresh->data, sizeof fresh->data, "%.*s/" CLUSTER_DATA ".upgrade",
                 PATH_MAX - 24, fresh->state) < 0)
        return err_nomem(e);
    cluster_remove(fresh->data); /* what an interrupted one left */
    return cluster_init(fresh, e) && cluster_write_access(fresh, e);
}

static bool
copy_data(struct cluster *c, struct cluster *fresh, struct err *e)
{
    char program[PATH_MAX + 16], jobs[] = "-j2";
    char *const argv[] = {program,      (char[]){"-b"},
                          c->bin,       (char[]){"-B"},
                          fresh->bin,   (char[]){"-d"},
                          c->data,      (char[]){"-D"},
                          fresh->data,  (char[]){"-s"},
                          fresh->state, (char[]){"-U" CLUSTER_SUPER},
                          jobs,         NULL};
    int log;
    bool ok;

    if (!cluster_open_log(c, &log, e))
        return false;
    (void)snprintf(program, sizeof program, "%s/pg_upgrade", fresh->bin);
    ok = cluster_run(c->state, argv, (const int[]){-1, log, log});
    close(log);
    return ok || err_set(e, ERR_CONFIG,
                         "pg_upgrade failed, and nothing has changed: see %s", c->log);
}

/* Where the old data goes; nothing must be there. */
static bool
name_kept(const struct cluster *c, char kept[PATH_MAX], struct err *e)
{
    (void)snprintf(kept, PATH_MAX, "%.*s/" CLUSTER_DATA ".%s", PATH_MAX - 32, c->state,
                   c->version);
    return access(kept, F_OK) != 0 ||
           err_set(e, ERR_CONFIG, "%s is in the way: move it away", kept);
}

/* In one step: never is there none, for which a daemon would make an empty one. */
static bool
change_places(const struct cluster *c, const struct cluster *fresh, const char *kept,
              struct err *e)
{
    if (renameat2(AT_FDCWD, fresh->data, AT_FDCWD, c->data, RENAME_EXCHANGE) != 0)
        return err_set(e, ERR_CONFIG, "cannot exchange %s and %s: %s", fresh->data,
                       c->data, strerror(errno));
    (void)rename(fresh->data, kept);
    return true;
}

static bool
upgrade(struct cluster *c, store_say_fn *say, void *ctx, struct err *e)
{
    struct cluster fresh = *c;
    struct cluster_server server;
    char kept[PATH_MAX], line[2 * PATH_MAX];
    int newest = cluster_find_programs(&fresh, 0), old;

    cluster_server(c, &server);
    if (!cluster_exists(c))
        return err_set(e, ERR_CONFIG, "there is no database in %s", c->state);
    if (server.pid != 0)
        return err_set(e, ERR_REFUSED, "the database runs: stop it first");
    old = (int)strtol(c->version, NULL, 10);
    if (old == newest) {
        say(ctx, "it is of the newest PostgreSQL here already");
        return true;
    }
    cluster_forget_server(c);
    (void)cluster_find_programs(c, old);
    if (c->bin[0] == '\0' || newest < old)
        return cluster_prepare(c, e); /* says what is missing */
    if (!name_kept(c, kept, e) || !make_fresh(&fresh, e) || !copy_data(c, &fresh, e) ||
        !change_places(c, &fresh, kept, e))
        return false;
    (void)snprintf(
        line, sizeof line,
        "PostgreSQL %s is %d now; the old data is kept in %s: remove it when all "
        "is well",
        c->version, newest, kept);
    say(ctx, line);
    return true;
}

bool
embedded_upgrade(const char *state_dir, store_say_fn *say, void *ctx, struct err *e)
{
    struct cluster c;
    bool ok;
    int lock;

    if (!cluster_find(state_dir, true, &c, e) || !lock_take(&c, &lock, e))
        return false;
    if (lock < 0)
        return err_set(e, ERR_REFUSED,
                       "a running tlsrptd owns the database: stop that one");
    ok = upgrade(&c, say, ctx, e);
    close(lock);
    return ok;
}
