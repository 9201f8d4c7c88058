/* The embedded database without the daemon, so that tlsrpt can read it; and copies of
 * any. */
#include "base/count.h"
#include "base/suggest.h"
#include "collector/command.h"
#include "collector/database.h"
#include "collector/user.h"
#include "schema/embedded/store_dump.h"
#include "schema/embedded/store_embedded.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

static void
say(void *ctx, const char *line)
{
    (void)ctx;
    (void)puts(line);
}

static bool
start(const struct settings *s, const char *file, struct err *e)
{
    struct buf uri = {0};
    bool ok = embedded_launch(s->state_dir, e) &&
              (embedded_uri(s->state_dir, STORE_OWNER, &uri) || err_nomem(e)) &&
              store_migrate(uri.bytes, NULL, NULL, e);

    (void)file;
    buf_clear(&uri);
    return ok;
}

static bool
stop(const struct settings *s, const char *file, struct err *e)
{
    (void)file;
    return embedded_stop(s->state_dir, e);
}

static bool
status(const struct settings *s, const char *file, struct err *e)
{
    struct embedded_status st;
    struct buf uri = {0};

    (void)file;
    embedded_status(s->state_dir, &st);
    if (!st.exists) {
        (void)printf("there is none in %s\n", s->state_dir);
        return true;
    }
    if (st.pid == 0) {
        (void)printf("stopped (PostgreSQL %s in %s)\n", st.version, s->state_dir);
        return true;
    }
    if (!embedded_uri(s->state_dir, STORE_READER, &uri))
        return err_nomem(e);
    (void)printf("%s: process %ld, PostgreSQL %s, %s\n%s\n",
                 st.ready ? "running" : "starting", (long)st.pid, st.version,
                 st.owned ? "with its daemon" : "without a daemon", uri.bytes);
    buf_clear(&uri);
    return true;
}

static bool
upgrade(const struct settings *s, const char *file, struct err *e)
{
    (void)file;
    return embedded_upgrade(s->state_dir, say, NULL, e);
}

/* Root's files are opened before it becomes the database's user, for whom it may not be
 * allowed; so a child becomes that. Its exit code. */
static int
dump_in_child(const struct settings *s, int fd)
{
    struct database db = {0};
    struct err e = {0};
    pid_t child;
    int status;

    (void)fflush(stdout);
    if ((child = fork()) == 0) {
        bool ok =
            database_open(s, STORE_OWNER, &db, &e) && dump_write(db.uri.bytes, fd, &e);

        database_close(&db);
        _exit(ok ? EX_OK : command_fail(&e));
    }
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EX_TEMPFAIL;
}

/* The file is complete, or it is not there. */
static bool
backup(const struct settings *s, const char *file, struct err *e)
{
    struct buf part = {0};
    struct stat st;
    int fd, code;

    if (strcmp(file, "-") == 0)
        return dump_in_child(s, STDOUT_FILENO) == EX_OK ||
               err_set(e, ERR_AGAIN, "no backup was made");
    if (lstat(file, &st) == 0 && !S_ISREG(st.st_mode))
        return err_set(e, ERR_INPUT, "%s is there, and no regular file: nothing written",
                       file);
    if (!buf_printf(&part, "%s.part", file))
        return err_nomem(e);
    fd = open(part.bytes, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        err_set(e, ERR_CONFIG, "cannot write %s: %s", part.bytes, strerror(errno));
        goto out;
    }
    code = dump_in_child(s, fd);
    if (code != EX_OK)
        err_set(e, ERR_AGAIN, "no backup was made");
    else if (fsync(fd) != 0 || rename(part.bytes, file) != 0)
        err_set(e, ERR_AGAIN, "cannot write %s: %s", file, strerror(errno));
    if (e->kind != ERR_NONE)
        (void)unlink(part.bytes);
    close(fd);
out:
    buf_clear(&part);
    return e->kind == ERR_NONE;
}

static bool
restore(const struct settings *s, const char *file, struct err *e)
{
    struct database db = {0};
    int fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return err_set(e, ERR_INPUT, "cannot read %s: %s", file, strerror(errno));
    ok = database_open(s, STORE_OWNER, &db, e) &&
         dump_read(db.uri.bytes, fd, say, NULL, e);
    database_close(&db);
    if (fd != STDIN_FILENO)
        close(fd);
    return ok;
}

static const struct action {
    const char *name;
    bool (*run)(const struct settings *s, const char *file, struct err *e);
    bool as_user; /* root may look */
    bool of_any;  /* of a server, too; takes a file */
} actions[] = {
    {"start", start, true, false},    {"stop", stop, true, false},
    {"status", status, false, false}, {"upgrade", upgrade, true, false},
    {"backup", backup, false, true},  {"restore", restore, false, true},
};

/* The action that is asked for; NULL when it is wrongly asked. */
static const struct action *
find_action(const struct cli *line, struct err *e)
{
    struct suggest s;

    suggest_init(&s, line->args[0]);
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        suggest_offer(&s, actions[i].name);
        if (strcmp(line->args[0], actions[i].name) != 0)
            continue;
        if (line->arg_count == (actions[i].of_any ? 2 : 1))
            return &actions[i];
        (void)err_set(e, ERR_INPUT, "database %s takes %s: see tlsrptd database --help",
                      actions[i].name, actions[i].of_any ? "one FILE" : "no FILE");
        return NULL;
    }
    (void)suggest_fail(&s, "database ", "", "tlsrptd database --help", e);
    return NULL;
}

static int
run(const struct options *o, const struct settings *s)
{
    struct err e = {0};
    const struct action *action = find_action(&o->line, &e);

    if (action == NULL) {
        (void)command_fail(&e);
        return EX_USAGE;
    }
    if (s->database.uri != NULL && !action->of_any)
        (void)err_set(&e, ERR_CONFIG, "the configuration names a database of your own");
    return e.kind == ERR_NONE && (!action->as_user || user_become(s, &e)) &&
                   action->run(s, o->line.args[1], &e)
               ? EX_OK
               : command_fail(&e);
}

const struct command cmd_database = {
    .name = "database",
    .line = "Runs or upgrades the embedded database; backs up and restores any",
    .args = "ACTION [FILE]",
    .notes = "ACTION is start, stop, status or upgrade, of the embedded database; "
             "or backup or\nrestore with a FILE, of any. A restore reads standard "
             "input when FILE is -.\n",
    .examples = "  tlsrptd database start   (then tlsrpt can read it)\n"
                "  tlsrptd database status\n"
                "  tlsrptd database backup /var/backups/tlsrpt.dump\n"
                "  tlsrptd database restore --db URI tlsrpt.dump   (into a server)\n",
    .options = OPTIONS_COMMON,
    .run = run,
};
