#include "collector/imap/imap_secret.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MAX_WORDS = 64
};

/* The end of the first line. */
static bool
take_line(struct buf *out, const char *whence, struct imap_fault *f)
{
    size_t n = 0;

    while (n < out->len && (unsigned char)out->bytes[n] >= ' ')
        n++;
    while (n > 0 && out->bytes[n - 1] == ' ')
        n--;
    if (n == 0 || out->failed)
        return imap_fail(f, IMAP_NO_SECRET, "%s: %s", whence,
                         n == 0 ? "the first line is empty" : "too long");
    out->len = n;
    out->bytes[n] = '\0';
    return true;
}

static bool
read_file(const char *path, struct buf *out, struct imap_fault *f)
{
    char bytes[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t n = -1;

    while (fd >= 0 && (n = read(fd, bytes, sizeof bytes)) > 0)
        (void)buf_append(out, bytes, (size_t)n);
    if (n < 0)
        (void)imap_fail(f, IMAP_NO_SECRET, "cannot read %s: %s", path,
                        strerrordesc_np(errno));
    if (fd >= 0)
        (void)close(fd);
    explicit_bzero(bytes, sizeof bytes);
    return n == 0 && take_line(out, path, f);
}

/* ---- a command ---- */

static bool
spawn(char *const words[], int output, pid_t *pid)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, pipe_signal;
    bool ok;

    (void)sigemptyset(&none);
    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY,
                                           0);
    (void)posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    (void)posix_spawnattr_init(&attr);
    (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    (void)posix_spawnattr_setsigmask(&attr, &none);
    (void)posix_spawnattr_setsigdefault(&attr, &pipe_signal);
    ok = posix_spawn(pid, words[0], &files, &attr, words, environ) == 0;
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attr);
    return ok;
}

/* Until it closes its output. */
static bool
read_output(int fd, int stopping, struct buf *out, struct imap_fault *f)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
                           {.fd = stopping, .events = POLLIN}};
    int64_t deadline_ms = clock_ms_in(IMAP_TOKEN_S), left;
    char bytes[4096];
    ssize_t n = 1;

    while (n > 0) {
        left = deadline_ms - clock_ms();
        if (left <= 0)
            return imap_fail(f, IMAP_NO_SECRET, "token_command takes more than %d s",
                             IMAP_TOKEN_S);
        if (poll(fds, 2, (int)left) <= 0)
            continue;
        if (fds[1].revents != 0)
            return imap_fail(f, IMAP_STOPPED, "stopped");
        n = read(fd, bytes, sizeof bytes);
        if (n > 0 && !buf_append(out, bytes, (size_t)n))
            return imap_fail(f, IMAP_NO_SECRET, "token_command prints too much");
    }
    explicit_bzero(bytes, sizeof bytes);
    return true;
}

/* It may close its output and go on. */
static int
reap(pid_t pid, bool kill_it)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};
    int status = -1;

    for (int tries = 0; !kill_it && tries < 100; tries++) {
        pid_t ended = waitpid(pid, &status, WNOHANG);

        if (ended == pid || (ended < 0 && errno != EINTR))
            return status;
        (void)nanosleep(&pause, NULL);
    }
    (void)kill(-pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

static bool
run(char *const words[], int stopping, struct buf *out, struct imap_fault *f)
{
    int pipes[2], status;
    pid_t pid;
    bool ok;

    if (pipe2(pipes, O_CLOEXEC) != 0)
        return imap_fail(f, IMAP_BUSY, "%s", strerrordesc_np(errno));
    ok = spawn(words, pipes[1], &pid);
    (void)close(pipes[1]);
    if (ok) {
        ok = read_output(pipes[0], stopping, out, f);
        status = reap(pid, !ok);
        if (ok && status != 0)
            ok = imap_fail(f, IMAP_NO_SECRET, "token_command ends with %s %d",
                           WIFEXITED(status) ? "code" : "signal",
                           WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    } else {
        (void)imap_fail(f, IMAP_NO_SECRET, "cannot run token_command %s", words[0]);
    }
    (void)close(pipes[0]);
    return ok && take_line(out, "token_command", f);
}

bool
imap_secret_read(const char *file, const char *command, int stopping, struct buf *out,
                 struct imap_fault *f)
{
    char *words[MAX_WORDS + 1], *text, *rest = NULL;
    size_t n = 0;
    bool ok;

    if (file != NULL)
        return read_file(file, out, f);
    if ((text = strdup(command)) == NULL)
        return imap_fail(f, IMAP_BUSY, "out of memory");
    for (char *word = strtok_r(text, " \t\n", &rest); word != NULL && n < MAX_WORDS;
         word = strtok_r(NULL, " \t\n", &rest))
        words[n++] = word;
    words[n] = NULL;
    ok = n > 0 && words[0][0] == '/'
             ? run(words, stopping, out, f)
             : imap_fail(f, IMAP_NO_SECRET, "token_command must be an absolute path");
    free(text);
    return ok;
}
