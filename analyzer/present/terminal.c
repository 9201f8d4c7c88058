/* The pager replaces standard output, as in git, so that nothing else need know of it. */
#include "analyzer/present/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    USUAL_WIDTH = 80,
    LEAST_WIDTH = 20,
};

/* A small system has no less, and then the text simply goes out. */
#define DEFAULT_PAGER "if command -v less >/dev/null; then exec less; else exec cat; fi"

static size_t
find_width(void)
{
    const char *columns = getenv("COLUMNS");
    struct winsize size;
    unsigned long width = 0;

    if (columns != NULL)
        width = strtoul(columns, NULL, 10);
    if (width == 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width == 0)
        width = USUAL_WIDTH;
    return width < LEAST_WIDTH ? LEAST_WIDTH : (size_t)width;
}

void
terminal_find(struct terminal *t)
{
    const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");

    *t = (struct terminal){.is_terminal = isatty(STDOUT_FILENO) == 1};
    if (!t->is_terminal)
        return;
    t->width = find_width();
    t->colour = (no_colour == NULL || *no_colour == '\0') && term != NULL &&
                strcmp(term, "dumb") != 0;
}

/* The pager's command; NULL for none. */
static const char *
find_pager(void)
{
    const char *pager = getenv("TLSRPT_PAGER");

    if (pager == NULL)
        pager = getenv("PAGER");
    if (pager == NULL)
        pager = DEFAULT_PAGER;
    return *pager == '\0' || strcmp(pager, "cat") == 0 ? NULL : pager;
}

/* In the child: the pipe becomes standard input, the shell finds the pager. */
static _Noreturn void
become_pager(const char *pager, const int pipe_fds[2])
{
    if (dup2(pipe_fds[0], STDIN_FILENO) >= 0) {
        (void)close(pipe_fds[0]);
        (void)close(pipe_fds[1]);
        (void)signal(SIGPIPE, SIG_DFL);
        (void)setenv("LESS", "FRX", 0);
        (void)setenv("LESSCHARSET", "utf-8", 0);
        (void)setenv("LV", "-c", 0);
        (void)execl("/bin/sh", "sh", "-c", pager, (char *)NULL);
    }
    _exit(EXIT_FAILURE);
}

void
terminal_page(struct terminal *t)
{
    const char *pager;
    int pipe_fds[2];

    if (!t->is_terminal || t->pager != 0 || (pager = find_pager()) == NULL ||
        pipe(pipe_fds) != 0)
        return;
    (void)fflush(stdout);
    t->pager = fork();
    if (t->pager == 0)
        become_pager(pager, pipe_fds);
    if (t->pager > 0) {
        (void)dup2(pipe_fds[1], STDOUT_FILENO);
        /* what is typed is the pager's; when it leaves, writing meets EPIPE */
        (void)signal(SIGINT, SIG_IGN);
        (void)signal(SIGQUIT, SIG_IGN);
    } else {
        t->pager = 0;
    }
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
}

/* Has the reader of standard output gone? An earlier write may have met it, so errno does
 * not tell. */
static bool
reader_left(void)
{
    struct pollfd fd = {.fd = STDOUT_FILENO};

    return poll(&fd, 1, 0) == 1 && (fd.revents & POLLERR) != 0;
}

bool
terminal_finish(struct terminal *t, struct err *e)
{
    bool ok = fflush(stdout) == 0 && ferror(stdout) == 0;
    int why = errno;
    bool left = !ok && reader_left();

    if (t->pager != 0) {
        (void)close(STDOUT_FILENO);
        while (waitpid(t->pager, NULL, 0) < 0 && errno == EINTR)
            ;
        t->pager = 0;
    }
    if (ok || left)
        return true;
    return err_set(e, ERR_AGAIN, "cannot write the answer: %s", strerror(why));
}
