/* The files by name: numbers in the order of arrival, and what each is. */
#include "collector/queue/spool.h"

#include "base/log.h"
#include "collector/queue/spool_file.h"
#include "collector/queue/spool_inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINES_A_MINUTE = 10,
};

void
spool_print_name(char name[SPOOL_NAME_BYTES], uint64_t number, const char *kind)
{
    (void)snprintf(name, SPOOL_NAME_BYTES, "%020" PRIu64 ".%s", number, kind);
}

void
spool_complain(const char *what, const char *name, const char *why)
{
    static struct log_limit limit = LOG_LIMIT(LINES_A_MINUTE);
    int64_t suppressed;

    if (log_allow(&limit, &suppressed))
        log_error(what, LOG_S("file", name), LOG_S("error", why),
                  LOG_I("suppressed", suppressed));
}

void
spool_count(struct spool *s, int64_t files, int64_t bytes, int64_t set_aside)
{
    (void)pthread_mutex_lock(&s->lock);
    s->usage.files += files;
    s->usage.bytes += bytes;
    s->usage.aside += set_aside;
    (void)pthread_mutex_unlock(&s->lock);
}

void
spool_usage(struct spool *s, struct spool_usage *out)
{
    *out = (struct spool_usage){0};
    if (s == NULL)
        return;
    (void)pthread_mutex_lock(&s->lock);
    *out = s->usage;
    (void)pthread_mutex_unlock(&s->lock);
}

/* ---- what is there ---- */

typedef void file_fn(struct spool *s, const char *name, uint64_t number,
                     const char *kind);

/* Hands over each file of ours. */
static bool
list(struct spool *s, file_fn *fn, struct err *e)
{
    int fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    if (dir == NULL) {
        (void)err_set(e, ERR_AGAIN, "cannot list the spool: %s", strerrordesc_np(errno));
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    while ((entry = readdir(dir)) != NULL) {
        char *dot;
        uint64_t number = strtoull(entry->d_name, &dot, 10);

        if (dot > entry->d_name && *dot == '.')
            fn(s, entry->d_name, number, dot + 1);
    }
    (void)closedir(dir);
    return true;
}

static void
find_file(struct spool *s, const char *name, uint64_t number, const char *kind)
{
    struct stat st;

    if (number >= s->next_number)
        s->next_number = number + 1;
    if (strcmp(kind, SPOOL_HALF) == 0)
        (void)unlinkat(s->dir, name, 0);
    else if (fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        spool_count(s, 1, st.st_size, strcmp(kind, SPOOL_ASIDE) == 0);
}

/* What is in it is of no use if its own name is lost. */
static bool
sync_parent(const char *state_dir, struct err *e)
{
    int fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        (void)err_set(e, ERR_CONFIG, "cannot sync %s: %s", state_dir,
                      strerrordesc_np(errno));
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static bool
open_directory(struct spool *s, const char *state_dir, struct err *e)
{
    struct buf path;
    bool ok;

    buf_init(&path, 0);
    (void)mkdir(state_dir, 0755);
    ok = buf_printf(&path, "%s/spool", state_dir) || err_nomem(e);
    if (ok && mkdir(path.bytes, 0700) != 0 && errno != EEXIST)
        ok = err_set(e, ERR_CONFIG, "cannot make %s: %s", path.bytes,
                     strerrordesc_np(errno));
    if (ok && (s->dir = open(path.bytes, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        ok = err_set(e, ERR_CONFIG, "cannot open %s: %s", path.bytes,
                     strerrordesc_np(errno));
    ok = ok && sync_parent(state_dir, e);
    if (ok && flock(s->dir, LOCK_EX | LOCK_NB) != 0)
        ok = err_set(e, ERR_CONFIG, "%s is another process's", path.bytes);
    buf_clear(&path);
    return ok;
}

bool
spool_open(const struct settings *settings, struct spool **out, struct err *e)
{
    struct spool *s = calloc(1, sizeof *s);

    *out = NULL;
    if (s == NULL)
        return err_nomem(e);
    s->max_files = settings->https.spool_max_files;
    s->max_bytes = settings->https.spool_max_bytes;
    s->dir = -1;
    (void)pthread_mutex_init(&s->lock, NULL);
    if (!open_directory(s, settings->state_dir, e) || !list(s, find_file, e)) {
        spool_close(s);
        return false;
    }
    if (s->usage.files > 0)
        log_info("spool", LOG_I("files", s->usage.files), LOG_I("bytes", s->usage.bytes),
                 LOG_I("aside", s->usage.aside));
    *out = s;
    return true;
}

void
spool_close(struct spool *s)
{
    if (s == NULL)
        return;
    if (s->dir >= 0)
        (void)close(s->dir);
    (void)pthread_mutex_destroy(&s->lock);
    free(s->numbers);
    free(s);
}

/* ---- out ---- */

static void
note_number(struct spool *s, const char *name, uint64_t number, const char *kind)
{
    uint64_t *grown;

    (void)name;
    if (strcmp(kind, SPOOL_WAITS) != 0)
        return;
    if ((s->count & (s->count - 1)) == 0) { /* at each power of two */
        grown = reallocarray(s->numbers, s->count == 0 ? 1 : s->count * 2, sizeof *grown);
        if (grown == NULL)
            return; /* it waits for the next list */
        s->numbers = grown;
    }
    s->numbers[s->count++] = number;
}

static int
compare_numbers(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static bool
read_file(struct spool *s, const char *name, struct buf *out, struct err *e)
{
    int fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st = {0};
    ssize_t n = 0;

    if (fd < 0 || fstat(fd, &st) != 0)
        (void)err_set(e, errno == ENOENT ? ERR_REFUSED : ERR_AGAIN, "%s",
                      strerrordesc_np(errno));
    else if (!buf_reserve(out, (size_t)st.st_size + 1))
        (void)err_nomem(e);
    while (e->kind == ERR_NONE && (size_t)st.st_size > out->len &&
           (n = read(fd, out->bytes + out->len, (size_t)st.st_size - out->len)) > 0)
        out->len += (size_t)n;
    if (n < 0)
        (void)err_set(e, ERR_AGAIN, "%s", strerrordesc_np(errno));
    if (fd >= 0)
        (void)close(fd);
    return e->kind == ERR_NONE;
}

bool
spool_next(struct spool *s, struct spooled *out)
{
    char name[SPOOL_NAME_BYTES];

    if (s->count == 0) {
        (void)list(s, note_number, NULL);
        if (s->count > 0)
            qsort(s->numbers, s->count, sizeof *s->numbers, compare_numbers);
    }
    for (; s->at < s->count; buf_clear(&out->file)) {
        struct err e = {0};

        out->number = s->numbers[s->at++];
        spool_print_name(name, out->number, SPOOL_WAITS);
        buf_init(&out->file, 0);
        if (read_file(s, name, &out->file, &e) &&
            spool_file_decode(&out->file, &out->delivery, &e))
            return true;
        if (e.kind == ERR_INPUT)
            spool_set_aside(s, out, e.text);
        else if (e.kind == ERR_AGAIN)
            spool_complain("cannot read the spool", name, e.text);
    }
    spool_rewind(s);
    return false;
}

void
spool_rewind(struct spool *s)
{
    s->at = s->count = 0;
}

void
spool_remove(struct spool *s, const struct spooled *item)
{
    char name[SPOOL_NAME_BYTES];

    spool_print_name(name, item->number, SPOOL_WAITS);
    if (unlinkat(s->dir, name, 0) != 0)
        spool_complain("cannot remove", name, strerrordesc_np(errno));
    else
        spool_count(s, -1, -(int64_t)item->file.len, 0);
}

void
spool_set_aside(struct spool *s, const struct spooled *item, const char *why)
{
    char from[SPOOL_NAME_BYTES], to[SPOOL_NAME_BYTES];

    spool_print_name(from, item->number, SPOOL_WAITS);
    spool_print_name(to, item->number, SPOOL_ASIDE);
    if (renameat(s->dir, from, s->dir, to) != 0)
        why = strerrordesc_np(errno);
    else
        spool_count(s, 0, 0, 1);
    log_error("set aside in the spool", LOG_S("file", to), LOG_S("reason", why));
}
