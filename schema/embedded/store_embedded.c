/* One owner at a time, by a lock on a file in the state directory: the daemon that holds
 * it is the parent of the server and takes over whatever an earlier one left. PQping()
 * would take an orphan's answer for the child's, so readiness is read from
 * postmaster.pid. */
#include "schema/embedded/store_embedded.h"

#include "base/count.h"
#include "schema/embedded/store_cluster.h"
#include "schema/embedded/store_lock.h"
#include "schema/store/pg.h"

#include "schema_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    START_MS = 300000, /* recovery after a crash included */
    STOP_MS = 60000,   /* then it is stopped without a checkpoint */
    LOOK_MS = 20,
};

struct embedded {
    struct cluster cluster;
    int lock;    /* -1: another one owns the server */
    pid_t child; /* 0: not ours */
};

/* ---- waiting ---- */

static void
sleep_ms(long ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&t, NULL);
}

/* Has our child ended? Takes its remains, which would keep a new one from starting. */
static bool
has_ended(pid_t child)
{
    return waitpid(child, NULL, WNOHANG) != 0;
}

/* Until the server takes connections; `child` is 0 when it is another's. */
static bool
wait_ready(const struct cluster *c, pid_t child, struct err *e)
{
    struct cluster_server server;

    for (int ms = 0; ms < START_MS; ms += LOOK_MS) {
        cluster_server(c, &server);
        if (server.ready && (child == 0 || server.pid == child))
            return true;
        if (child != 0 && has_ended(child))
            return err_set(e, ERR_AGAIN, "the private PostgreSQL does not start: see %s",
                           c->log);
        sleep_ms(LOOK_MS);
    }
    return err_set(e, ERR_AGAIN, "the private PostgreSQL is not ready: see %s", c->log);
}

static bool
is_gone(const struct cluster *c, pid_t pid, bool ours)
{
    struct cluster_server server;

    if (ours)
        return has_ended(pid);
    cluster_server(c, &server);
    return server.pid != pid;
}

/* Fast shutdown; if that does not end, an immediate one, after which the next start
 * recovers. */
static bool
stop_server(const struct cluster *c, pid_t pid, bool ours, struct err *e)
{
    static const int signals[] = {SIGINT, SIGQUIT};

    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        (void)kill(pid, signals[i]);
        for (int ms = 0; ms < STOP_MS; ms += LOOK_MS) {
            if (is_gone(c, pid, ours))
                return true;
            sleep_ms(LOOK_MS);
        }
    }
    return err_set(e, ERR_AGAIN, "the private PostgreSQL (process %ld) does not stop",
                   (long)pid);
}

/* ---- the child ---- */

/* Between fork and exec: nothing but system calls. */
static void
become_server(const char *program, char *const argv[], int log, pid_t parent, bool stays)
{
    sigset_t none;

    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setsid(); /* the terminal's ^C is for the daemon, which stops the server in
                       order */
    if (!stays && (prctl(PR_SET_PDEATHSIG, SIGINT) != 0 || getppid() != parent))
        _exit(1);
    (void)dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    (void)dup2(log, STDOUT_FILENO);
    (void)dup2(log, STDERR_FILENO);
    (void)close_range(STDERR_FILENO + 1, ~0U, 0);
    if (chdir("/") == 0)
        execv(program, argv);
    _exit(127);
}

static bool
start_child(struct cluster *c, bool stays, pid_t *child, struct err *e)
{
    char program[PATH_MAX + 16], sockets[PATH_MAX + 40];
    char *const argv[] = {
        program,
        (char[]){"-D"},
        c->data,
        (char[]){"-c"},
        sockets,
        (char[]){"-clisten_addresses="},
        (char[]){"-cport=" CLUSTER_PORT},
        (char[]){"-cunix_socket_permissions=0777"}, /* pg_ident decides */
        (char[]){"-clogging_collector=off"},
        (char[]){"-clog_destination=stderr"},
        (char[]){"-ctimezone=UTC"},
        (char[]){"-clog_timezone=UTC"},
        NULL};
    pid_t parent = getpid();
    int log;

    snprintf(program, sizeof program, "%s/postgres", c->bin);
    snprintf(sockets, sizeof sockets, "unix_socket_directories=%s", c->run);
    if (!cluster_open_log(c, &log, e))
        return false;
    *child = fork();
    if (*child == 0)
        become_server(program, argv, log, parent, stays);
    close(log);
    if (*child < 0)
        return err_set(e, ERR_AGAIN, "cannot fork: %s", strerror(errno));
    if (wait_ready(c, *child, e))
        return true;
    if (!has_ended(*child))
        (void)stop_server(c, *child, true, NULL);
    *child = 0;
    return false;
}

/* ---- roles and database ---- */

static bool
uri_for(const struct cluster *c, const char *role, const char *database, struct buf *out)
{
    static const char unreserved[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-._";

    buf_printf(out, "postgresql://%s@/%s?port=" CLUSTER_PORT "&host=", role, database);
    for (const char *p = c->run; *p != '\0'; p++)
        buf_printf(out, strchr(unreserved, *p) != NULL ? "%c" : "%%%02x",
                   (unsigned char)*p);
    return !out->failed;
}

static bool
run_as_super(const struct cluster *c, const char *database,
             const char *const statements[], size_t n, struct err *e)
{
    struct buf uri = {0};
    struct pg *pg = NULL;
    bool ok =
        uri_for(c, CLUSTER_SUPER, database, &uri)
            ? pg_open(uri.bytes, (struct pg_patience){.connect_s = 10}, true, &pg, e)
            : err_nomem(e);

    for (size_t i = 0; ok && i < n; i++) {
        ok = pg_script(pg, statements[i], NULL, 0, e);
        if (!ok && pg_sqlstate_is(pg, "42P04")) { /* the database is there */
            err_clear(e);
            ok = true;
        }
    }
    pg_close(pg);
    buf_clear(&uri);
    return ok;
}

static bool
make_database(const struct cluster *c, struct err *e)
{
    static const char *const server[] = {
        query_migrate_roles, "CREATE DATABASE " CLUSTER_DB " OWNER tlsrpt_owner"};
    static const char *const database[] = {query_migrate_roles};
    struct err why = {0};

    if (run_as_super(c, CLUSTER_SUPER, server, 2, &why) &&
        run_as_super(c, CLUSTER_DB, database, 1, &why))
        return true;
    return err_set(e, why.kind, "%s", why.text);
}

/* ---- exported ---- */

/* Under the lock: joins a server that was launched to stay, else starts one. */
static bool
take_over(struct embedded *em, bool stays, struct err *e)
{
    struct cluster *c = &em->cluster;
    struct cluster_server server = {0};

    if (!cluster_prepare(c, e))
        return false;
    cluster_server(c, &server);
    if (server.pid != 0 && server.pid == lock_launched(c))
        return wait_ready(c, 0, e);
    if (server.pid != 0 && !stop_server(c, server.pid, false, e))
        return false;
    cluster_forget_server(c);
    return start_child(c, stays, &em->child, e) && make_database(c, e) &&
           (!stays || lock_mark_launched(c, em->child, e));
}

/* Owner, or guest of another: em->child tells. */
static bool
acquire(struct embedded *em, bool stays, struct err *e)
{
    struct cluster_server server;
    bool ok;

    for (int ms = 0; em->lock < 0 && ms < START_MS; ms += LOOK_MS) {
        if (!lock_take(&em->cluster, &em->lock, e))
            return false;
        if (em->lock >= 0)
            break;
        cluster_server(&em->cluster, &server);
        if (server.ready)
            return true;
        sleep_ms(LOOK_MS);
    }
    if (em->lock < 0)
        return err_set(e, ERR_AGAIN,
                       "another tlsrptd owns the database, and it is not ready");
    ok = take_over(em, stays, e);
    if (!ok || em->child == 0 || stays) {
        close(em->lock);
        em->lock = -1;
    }
    return ok;
}

bool
embedded_start(const char *state_dir, struct embedded **out, struct err *e)
{
    struct embedded *em = calloc(1, sizeof *em);

    *out = NULL;
    if (em == NULL)
        return err_nomem(e);
    em->lock = -1;
    if (!cluster_find(state_dir, true, &em->cluster, e) || !acquire(em, false, e)) {
        embedded_close(em);
        return false;
    }
    *out = em;
    return true;
}

bool
embedded_keep(struct embedded *em, struct err *e)
{
    struct cluster_server server;

    if (em->child != 0) {
        if (!has_ended(em->child))
            return true;
        em->child = 0;
        return start_child(&em->cluster, false, &em->child, e);
    }
    cluster_server(&em->cluster, &server);
    return server.pid != 0 || acquire(em, false, e);
}

void
embedded_close(struct embedded *em)
{
    if (em == NULL)
        return;
    if (em->child != 0)
        (void)stop_server(&em->cluster, em->child, true, NULL);
    if (em->lock >= 0)
        close(em->lock);
    free(em);
}

bool
embedded_launch(const char *state_dir, struct err *e)
{
    struct embedded em = {.lock = -1};

    if (!cluster_find(state_dir, true, &em.cluster, e))
        return false;
    if (acquire(&em, true, e))
        return true;
    if (em.child != 0)
        (void)stop_server(&em.cluster, em.child, true, NULL);
    return false;
}

bool
embedded_stop(const char *state_dir, struct err *e)
{
    struct cluster_server server;
    struct cluster c;
    bool ok = true;
    int lock;

    if (!cluster_find(state_dir, true, &c, e) || !lock_take(&c, &lock, e))
        return false;
    if (lock < 0)
        return err_set(e, ERR_REFUSED,
                       "a running tlsrptd owns the database: stop that one");
    cluster_server(&c, &server);
    if (server.pid != 0)
        ok = stop_server(&c, server.pid, false, e);
    close(lock);
    return ok;
}

void
embedded_status(const char *state_dir, struct embedded_status *out)
{
    struct cluster_server server;
    struct cluster c;

    *out = (struct embedded_status){0};
    if (!cluster_find(state_dir, false, &c, NULL))
        return;
    out->exists = cluster_exists(&c);
    memcpy(out->version, c.version, sizeof out->version);
    cluster_server(&c, &server);
    out->pid = server.pid;
    out->ready = server.ready;
    out->owned = lock_is_held(&c);
}

bool
embedded_uri(const char *state_dir, enum store_role role, struct buf *out)
{
    struct cluster c = {0};

    if (realpath(state_dir, c.state) == NULL)
        snprintf(c.state, sizeof c.state, "%s", state_dir);
    snprintf(c.run, sizeof c.run, "%.*s/" CLUSTER_RUN, PATH_MAX - 8, c.state);
    return uri_for(&c, store_role_name(role), CLUSTER_DB, out);
}
