/* tlsrpt metrics: for the node exporter's textfile collector, or to look at. */
#include "analyzer/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A reader sees the old file or the new one, and after a crash, too. */
static bool
write_file(const char *path, const struct buf *b, struct err *e)
{
    char new_path[PATH_MAX], copy[PATH_MAX];
    bool ok = false;
    int fd = -1, folder;
    size_t done = 0;
    ssize_t n;

    if ((size_t)snprintf(new_path, sizeof new_path, "%s.%ld.tmp", path, (long)getpid()) <
        sizeof new_path)
        fd = open(new_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    else
        errno = ENAMETOOLONG;
    if (fd >= 0) {
        while (done < b->len && (n = write(fd, b->bytes + done, b->len - done)) >= 0)
            done += (size_t)n;
        ok = done == b->len && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
        ok = close(fd) == 0 && ok;
        ok = ok && rename(new_path, path) == 0;
        if (ok) { /* a new name counts once its directory is on the disk, too */
            (void)snprintf(copy, sizeof copy, "%s", path);
            folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
            ok = folder >= 0 && fsync(folder) == 0;
            if (folder >= 0)
                (void)close(folder);
        }
    }
    if (!ok)
        (void)err_set(e, ERR_CONFIG, "cannot write %s: %s", path, strerrordesc_np(errno));
    if (!ok && fd >= 0)
        (void)unlink(new_path);
    return ok;
}

static bool
write_metrics(struct context *c, const struct findings *findings, struct err *e)
{
    const struct metrics_source source = {c->settings, c->store, findings,
                                          c->options->now};
    const char *path = c->options->textfile;
    struct err down = {0};
    struct buf text;
    bool ok;

    buf_init(&text, 0);
    ok = metrics_write(&source, OMETRIC_TEXT, &text, &down, e);
    if (ok && path != NULL)
        ok = write_file(path, &text, e);
    else if (ok)
        ok = fwrite(text.bytes, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
    buf_clear(&text);
    if (ok && down.kind != ERR_NONE)
        ok = err_set(e, down.kind, "%s", down.text);
    return ok;
}

/* Monitoring wants to hear of it as well. */
static void
unreachable(struct context *c, struct err *e)
{
    (void)write_metrics(c, NULL, e);
}

static bool
run(struct context *c, struct err *e)
{
    struct findings findings = {0};
    struct err down = {0};
    bool ok = findings_load(c, c->options->now, &findings, &down);

    ok = write_metrics(c, ok ? &findings : NULL, e) &&
         (ok || err_set(e, down.kind, "%s", down.text));
    findings_clear(&findings);
    return ok;
}

const struct command cmd_metrics = {
    .name = "metrics",
    .line = "Figures for Prometheus, as text, or as a file for the node exporter",
    .examples =
        "  tlsrpt metrics\n"
        "  tlsrpt metrics --textfile /var/lib/prometheus/node-exporter/tlsrpt.prom\n",
    .notes = "Without a database the metrics say just that, and the exit code is 69.\n",
    .options = OPTION_DB | OPTION_CONFIG | OPTION_TEXTFILE,
    .run = run,
    .unreachable = unreachable,
};
