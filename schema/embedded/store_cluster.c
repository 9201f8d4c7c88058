#include "schema/embedded/store_cluster.h"

#include "base/count.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_LOG_BYTES = 16 << 20,
    PID_LINES = 8, /* postmaster.pid: the last one is the state */
    OPEN_DIRS = 16,
};

/* Where distributions keep the programs. */
static const char *const program_dirs[] = {
    "/usr/lib/postgresql/*/bin", /* Debian */
    "/usr/pgsql-*/bin",          /* PGDG on RHEL */
    "/usr/local/pgsql/bin",      "/usr/local/bin", "/usr/bin",
};

/* ---- names ---- */

static bool
join(char out[PATH_MAX], const char *dir, const char *name, struct err *e)
{
    int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);

    return (n > 0 && n < PATH_MAX) ||
           err_set(e, ERR_CONFIG, "too long a path: %s/%s", dir, name);
}

static bool
make_dir(const char *path, struct err *e)
{
    if (mkdir(path, 0755) != 0 && errno != EEXIST)
        return err_set(e, ERR_CONFIG, "cannot make %s: %s", path, strerror(errno));
    return true;
}

/* With the directories above it: ~/.local/state may be missing. */
static bool
make_path(const char *path, struct err *e)
{
    char part[PATH_MAX];

    for (const char *end = strchr(path + 1, '/'); end != NULL;
         end = strchr(end + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(end - path), path);
        (void)mkdir(part, 0755);
    }
    return make_dir(path, e);
}

bool
cluster_find(const char *state_dir, bool make, struct cluster *c, struct err *e)
{
    struct sockaddr_un address;
    size_t longest = sizeof address.sun_path - sizeof "/.s.PGSQL." CLUSTER_PORT ".lock";

    *c = (struct cluster){0};
    if (make && geteuid() == 0)
        return err_set(e, ERR_CONFIG, "the private PostgreSQL must not run as root");
    if (make && !make_path(state_dir, e))
        return false;
    if (realpath(state_dir, c->state) == NULL)
        return err_set(e, ERR_CONFIG, "%s: %s", state_dir, strerror(errno));
    if (!join(c->data, c->state, CLUSTER_DATA, e) ||
        !join(c->run, c->state, CLUSTER_RUN, e) ||
        !join(c->log, c->state, CLUSTER_LOG, e))
        return false;
    if (strlen(c->run) > longest)
        return err_set(e, ERR_CONFIG,
                       "%s is too long for a unix socket: %zu bytes, at most %zu", c->run,
                       strlen(c->run), longest);
    return !make || make_dir(c->run, e);
}

/* The first line of a small file, without its end; false if there is none. */
static bool
read_line(const char *path, char *out, int size)
{
    FILE *f = fopen(path, "re");
    bool ok = f != NULL && fgets(out, size, f) != NULL;

    if (f != NULL)
        fclose(f);
    if (ok)
        out[strcspn(out, "\n")] = '\0';
    return ok;
}

bool
cluster_exists(struct cluster *c)
{
    char path[PATH_MAX];

    return join(path, c->data, "PG_VERSION", NULL) &&
           read_line(path, c->version, sizeof c->version);
}

bool
cluster_open_log(const struct cluster *c, int *fd, struct err *e)
{
    struct stat st;
    char old[PATH_MAX];

    if (stat(c->log, &st) == 0 && st.st_size > MAX_LOG_BYTES &&
        join(old, c->state, CLUSTER_LOG ".1", e))
        (void)rename(c->log, old);
    *fd = open(c->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return *fd >= 0 ||
           err_set(e, ERR_CONFIG, "cannot write %s: %s", c->log, strerror(errno));
}

/* ---- programs ---- */

bool
cluster_run(const char *dir, char *const argv[], const int files[3])
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        for (int i = 0; i < 3; i++)
            if (files[i] >= 0)
                dup2(files[i], i);
        if (chdir(dir) == 0)
            execv(argv[0], argv);
        _exit(127);
    }
    if (pid < 0)
        return false;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The major version of the server program in `dir`; 0 if there is none. */
static int
program_version(const char *dir)
{
    char program[PATH_MAX], option[] = "--version", text[128] = "";
    char *const argv[] = {program, option, NULL};
    const char *number;
    int ends[2];
    bool ok;

    if (!join(program, dir, "postgres", NULL) || access(program, X_OK) != 0 ||
        pipe2(ends, O_CLOEXEC) != 0)
        return 0;
    ok = cluster_run("/", argv, (const int[]){-1, ends[1], ends[1]});
    close(ends[1]);
    if (read(ends[0], text, sizeof text - 1) <= 0)
        ok = false;
    close(ends[0]);
    /* postgres (PostgreSQL) 15.5 (Debian 15.5-0+deb12u1) */
    number = strstr(text, ") ");
    return ok && number != NULL ? (int)strtol(number + 2, NULL, 10) : 0;
}

int
cluster_find_programs(struct cluster *c, int wanted)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets it */
    const char *own = getenv("TLSRPT_POSTGRES");
    int newest = 0, flags = 0;
    glob_t found = {0};

    if (own != NULL && glob(own, 0, NULL, &found) == 0)
        flags = GLOB_APPEND;
    for (size_t i = 0; i < COUNT_OF(program_dirs); i++) {
        (void)glob(program_dirs[i], flags, NULL, &found);
        flags = GLOB_APPEND;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        int version = program_version(found.gl_pathv[i]);

        /* The first, which is whole: further down are links to some of the programs. */
        if (version != 0 &&
            (wanted == 0 ? version > newest : version == wanted && c->bin[0] == '\0'))
            (void)snprintf(c->bin, sizeof c->bin, "%s", found.gl_pathv[i]);
        newest = version > newest ? version : newest;
    }
    globfree(&found);
    return newest;
}

static bool
need_programs(struct cluster *c, struct err *e)
{
    int newest = cluster_find_programs(c, (int)strtol(c->version, NULL, 10));

    if (newest == 0)
        return err_set(
            e, ERR_CONFIG,
            "no PostgreSQL server programs found: install them (Debian: apt install "
            "postgresql), or name a database of your own: database { uri = \"...\" }");
    return c->bin[0] != '\0' ||
           err_set(e, ERR_CONFIG,
                   "%s is of PostgreSQL %s, and here is %d: install %s too (Debian: apt "
                   "install postgresql-%s), then run `tlsrptd database upgrade`",
                   c->data, c->version, newest, c->version, c->version);
}

/* ---- making the data ---- */

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void
cluster_remove(const char *data)
{
    (void)nftw(data, remove_one, OPEN_DIRS, FTW_DEPTH | FTW_PHYS);
}

bool
cluster_init(struct cluster *c, struct err *e)
{
    char program[PATH_MAX], fresh[PATH_MAX];
    char *const argv[] = {program,
                          (char[]){"-D"},
                          fresh,
                          (char[]){"-U" CLUSTER_SUPER},
                          (char[]){"-k"},
                          (char[]){"-EUTF8"},
                          (char[]){"--locale=C.UTF-8"},
                          (char[]){"-Apeer"},
                          (char[]){"--no-instructions"},
                          NULL};
    int log;
    bool ok;

    if (!join(program, c->bin, "initdb", e) ||
        !join(fresh, c->state, CLUSTER_DATA ".new", e) || !cluster_open_log(c, &log, e))
        return false;
    cluster_remove(fresh); /* what an interrupted start left */
    ok = cluster_run("/", argv, (const int[]){-1, log, log});
    close(log);
    if (!ok)
        return err_set(e, ERR_CONFIG, "initdb failed: see %s", c->log);
    if (rename(fresh, c->data) != 0)
        return err_set(e, ERR_CONFIG, "cannot rename %s: %s", fresh, strerror(errno));
    return cluster_exists(c) ||
           err_set(e, ERR_CONFIG, "initdb made nothing: see %s", c->log);
}

static bool
write_file(const char *dir, const char *name, const char *text, struct err *e)
{
    char path[PATH_MAX];
    FILE *f;
    bool ok;

    if (!join(path, dir, name, e))
        return false;
    ok = (f = fopen(path, "we")) != NULL && fputs(text, f) >= 0;
    if (f != NULL)
        ok = fclose(f) == 0 && ok;
    return ok || err_set(e, ERR_CONFIG, "cannot write %s: %s", path, strerror(errno));
}

/* Who is who: the kernel says which user is at the other end of the socket. */
bool
cluster_write_access(const struct cluster *c, struct err *e)
{
    static const char *const roles[] = {CLUSTER_SUPER, "tlsrpt_owner", "tlsrpt_collector",
                                        "tlsrpt_reparse", "tlsrpt_reader"};
    const struct passwd *user = getpwuid(geteuid());
    struct buf ident = {0};
    bool ok;

    if (user == NULL)
        return err_set(e, ERR_CONFIG, "user %ld has no name", (long)geteuid());
    for (size_t i = 0; i < COUNT_OF(roles); i++)
        buf_printf(&ident, "tlsrpt \"%s\" %s\n", user->pw_name, roles[i]);
    buf_puts(&ident, "tlsrpt root tlsrpt_reader\n");
    ok = ident.failed ? err_nomem(e)
                      : write_file(c->data, "pg_ident.conf", ident.bytes, e);
    buf_clear(&ident);
    return ok && write_file(c->data, "pg_hba.conf", "local all all peer map=tlsrpt\n", e);
}

bool
cluster_prepare(struct cluster *c, struct err *e)
{
    bool exists = cluster_exists(c);

    return need_programs(c, e) && (exists || cluster_init(c, e)) &&
           cluster_write_access(c, e);
}

/* ---- a server that runs ---- */

/* A server works in its data directory; another process that got its number after a crash
 * does not. */
static bool
works_in(pid_t pid, const char *dir)
{
    char link[40], where[PATH_MAX];
    ssize_t n;

    snprintf(link, sizeof link, "/proc/%ld/cwd", (long)pid);
    n = readlink(link, where, sizeof where - 1);
    if (n < 0)
        return false;
    where[n] = '\0';
    return strcmp(where, dir) == 0;
}

void
cluster_server(const struct cluster *c, struct cluster_server *out)
{
    char path[PATH_MAX], line[PATH_MAX];
    FILE *f;

    *out = (struct cluster_server){0};
    if (!join(path, c->data, "postmaster.pid", NULL) || (f = fopen(path, "re")) == NULL)
        return;
    for (int n = 1; n <= PID_LINES && fgets(line, sizeof line, f) != NULL; n++) {
        if (n == 1)
            out->pid = (pid_t)strtol(line, NULL, 10);
        if (n == PID_LINES)
            out->ready = strncmp(line, "ready", 5) == 0;
    }
    fclose(f);
    if (out->pid <= 0 || !works_in(out->pid, c->data))
        *out = (struct cluster_server){0};
}

void
cluster_forget_server(const struct cluster *c)
{
    char path[PATH_MAX];

    if (join(path, c->data, "postmaster.pid", NULL))
        (void)unlink(path);
}
