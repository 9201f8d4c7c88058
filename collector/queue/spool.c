/* The files by name: numbers in the order of arrival, and what each is. A file is written
 * under another name, synced, renamed, and then the directory is synced: a crash leaves a
 * whole file or one that nobody was promised. A file whose sync failed is removed, for
 * the kernel may have thrown away what it could not write and called the pages clean. */
#include "collector/queue/spool.h"

#include "base/fault.h"

#include "base/log.h"
#include "base/rows.h"
#include "base/tally.h"
#include "collector/queue/spool_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINES_A_MINUTE = 10,
    NAME_BYTES = 32,
    TOP_BYTES = 512,       /* of a file, in which its network stands */
    LISTED_AT_ONCE = 1000, /* then newcomers get their turn */
};

/* The end of a file's name. */
#define WAITS "report"
#define HALF  "half"  /* not acknowledged */
#define ASIDE "aside" /* of no use */

struct spool {
    int64_t max_files, max_bytes;
    int dir;
    pthread_mutex_t lock; /* of these four */
    struct spool_usage usage;
    struct tally *files, *bytes; /* by network */
    uint64_t next_number;

    struct turn *turns; /* of files that wait, as last listed */
    size_t count, at;
};

struct turn {
    uint64_t number;
    int64_t before; /* how many of its network came before it */
    struct peer network;
};

static void
print_name(char name[NAME_BYTES], uint64_t number, const char *kind)
{
    (void)snprintf(name, NAME_BYTES, "%020" PRIu64 ".%s", number, kind);
}

static void
complain(const char *what, const char *name, const char *why)
{
    static struct log_limit limit = LOG_LIMIT(LINES_A_MINUTE);
    int64_t suppressed;

    if (log_allow(&limit, &suppressed))
        log_error(what, LOG_S("file", name), LOG_S("error", why),
                  LOG_I("suppressed", suppressed));
}

/* Adds to what there is, of a network. The lock is held. */
static void
count_files(struct spool *s, const struct peer *network, int64_t files, int64_t bytes)
{
    s->usage.files += files;
    s->usage.bytes += bytes;
    (void)tally_add(&s->files, network, files);
    (void)tally_add(&s->bytes, network, bytes);
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

/* Of a file, by its first lines; zero when they do not say it. */
static struct peer
read_network(const struct spool *s, const char *name)
{
    int fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct peer network = {{0}};
    char top[TOP_BYTES];
    ssize_t n = fd < 0 ? -1 : read(fd, top, sizeof top);

    if (n > 0)
        network = spool_file_network(top, (size_t)n);
    if (fd >= 0)
        (void)close(fd);
    return network;
}

static void
find_file(struct spool *s, const char *name, uint64_t number, const char *kind)
{
    struct stat st;

    if (number >= s->next_number)
        s->next_number = number + 1;
    if (strcmp(kind, HALF) == 0) {
        (void)unlinkat(s->dir, name, 0);
    } else if (fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        struct peer network = read_network(s, name);

        count_files(s, &network, 1, st.st_size);
        s->usage.aside += strcmp(kind, ASIDE) == 0;
    }
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
    tally_free(s->files);
    tally_free(s->bytes);
    free(s->turns);
    free(s);
}

/* ---- in ---- */

struct entry {
    struct delivery *d;
    struct peer network;
    uint64_t number;
    int64_t bytes;
    int fd;     /* until it is synced */
    bool named; /* it has the name of one that waits */
};

/* The lock is held. */
static bool
has_room(const struct spool *s, const struct peer *network, int64_t bytes)
{
    int64_t files_left = s->max_files - s->usage.files,
            bytes_left = s->max_bytes - s->usage.bytes;

    return files_left >= 1 && bytes <= bytes_left &&
           tally_get(s->files, network) < files_left * SPOOL_MAX_OF_FREE &&
           tally_get(s->bytes, network) + bytes <=
               (bytes_left - bytes) * SPOOL_MAX_OF_FREE;
}

bool
spool_has_room(struct spool *s, const struct peer *network)
{
    bool ok;

    if (s == NULL)
        return false;
    (void)pthread_mutex_lock(&s->lock);
    ok = has_room(s, network, SPOOL_SMALL_BYTES);
    (void)pthread_mutex_unlock(&s->lock);
    return ok;
}

static bool
reserve(struct spool *s, struct entry *entry)
{
    bool ok;

    (void)pthread_mutex_lock(&s->lock);
    ok = has_room(s, &entry->network, entry->bytes);
    if (ok) {
        count_files(s, &entry->network, 1, entry->bytes);
        entry->number = s->next_number++;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return ok;
}

/* Takes back what was done for it. */
static void
fail(struct spool *s, struct entry *entry, const char *what)
{
    char name[NAME_BYTES];

    print_name(name, entry->number, entry->named ? WAITS : HALF);
    complain("cannot spool", name, what);
    if (entry->fd >= 0)
        (void)close(entry->fd);
    (void)unlinkat(s->dir, name, 0);
    (void)pthread_mutex_lock(&s->lock);
    count_files(s, &entry->network, -1, -entry->bytes);
    (void)pthread_mutex_unlock(&s->lock);
    entry->fd = -1;
    entry->d->verdict = VERDICT_AGAIN;
    (void)stpcpy(entry->d->reason,
                 "it cannot be kept now and the spool fails, try again later");
}

static bool
write_all(int fd, const char *bytes, size_t n)
{
    ssize_t written;

    for (; n > 0; bytes += written, n -= (size_t)written) {
        written = write(fd, bytes, n);
        if (written == 0)
            errno = EIO;
        if (written == 0 || (written < 0 && errno != EINTR))
            return false;
        if (written < 0)
            written = 0;
    }
    return true;
}

static void
write_file(struct spool *s, struct entry *entry)
{
    char name[NAME_BYTES];
    struct buf file;

    buf_init(&file, 0);
    entry->fd = -1;
    entry->d->verdict = VERDICT_AGAIN;
    if (!spool_file_encode(entry->d, &file)) {
        (void)stpcpy(entry->d->reason, "out of memory, try again later");
    } else if (entry->bytes = (int64_t)file.len, !reserve(s, entry)) {
        (void)stpcpy(entry->d->reason,
                     "it cannot be kept now and the spool is full, try again later");
    } else {
        entry->d->verdict = VERDICT_SPOOLED;
        print_name(name, entry->number, HALF);
        entry->fd = openat(s->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (entry->fd < 0 || !write_all(entry->fd, file.bytes, file.len))
            fail(s, entry, strerrordesc_np(errno));
    }
    buf_clear(&file);
}

static void
sync_file(struct spool *s, struct entry *entry)
{
    bool ok = fsync(entry->fd) == 0;

    if (!ok) {
        fail(s, entry, strerrordesc_np(errno));
        return;
    }
    (void)close(entry->fd);
    entry->fd = -1;
}

static void
name_file(struct spool *s, struct entry *entry)
{
    char from[NAME_BYTES], to[NAME_BYTES];

    print_name(from, entry->number, HALF);
    print_name(to, entry->number, WAITS);
    if (renameat(s->dir, from, s->dir, to) != 0)
        fail(s, entry, strerrordesc_np(errno));
    else
        entry->named = true;
}

/* One step for all that are still good; no name is given before its bytes are safe. */
static void
each(struct spool *s, struct entry *entries, size_t n,
     void (*step)(struct spool *s, struct entry *entry))
{
    for (size_t i = 0; i < n; i++) {
        if (entries[i].d->verdict == VERDICT_SPOOLED)
            step(s, &entries[i]);
    }
}

void
spool_put(struct spool *s, struct delivery *const items[], size_t n)
{
    struct entry *entries = calloc(n, sizeof *entries);
    int error = 0;

    for (size_t i = 0; i < n; i++) {
        items[i]->verdict = entries == NULL ? VERDICT_AGAIN : VERDICT_SPOOLED;
        (void)stpcpy(items[i]->reason,
                     entries == NULL ? "out of memory, try again later"
                                     : "kept on disk until it can be read and stored");
        if (entries != NULL)
            entries[i] =
                (struct entry){.d = items[i], .network = peer_network_of(items[i]->peer)};
    }
    if (entries == NULL)
        return;
    each(s, entries, n, write_file);
    FAULT("spool-written");
    each(s, entries, n, sync_file);
    FAULT("spool-synced");
    each(s, entries, n, name_file);
    FAULT("spool-renamed");
    if (fsync(s->dir) != 0)
        error = errno;
    FAULT("spool-directory-synced");
    for (size_t i = 0; error != 0 && i < n; i++) {
        if (items[i]->verdict == VERDICT_SPOOLED)
            fail(s, &entries[i], strerrordesc_np(error));
    }
    free(entries);
}

/* ---- out ---- */

static void
note_turn(struct spool *s, const char *name, uint64_t number, const char *kind)
{
    struct turn *grown;

    if (strcmp(kind, WAITS) != 0 ||
        (grown = rows_grow(s->turns, s->count, sizeof *grown, NULL)) == NULL)
        return; /* without memory it waits for the next list */
    s->turns = grown;
    s->turns[s->count++] = (struct turn){number, 0, read_network(s, name)};
}

static int
compare_turns(const void *a, const void *b)
{
    const struct turn *x = a, *y = b;

    if (x->before != y->before)
        return x->before < y->before ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static void
list_turns(struct spool *s)
{
    struct tally *seen = NULL;

    (void)list(s, note_turn, NULL);
    if (s->count == 0)
        return;
    qsort(s->turns, s->count, sizeof *s->turns, compare_turns);
    for (size_t i = 0; i < s->count; i++)
        s->turns[i].before = tally_add(&seen, &s->turns[i].network, 1);
    tally_free(seen);
    qsort(s->turns, s->count, sizeof *s->turns, compare_turns);
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
    char name[NAME_BYTES];

    if (s->count == 0)
        list_turns(s);
    for (; s->at < s->count && s->at < LISTED_AT_ONCE; buf_clear(&out->file)) {
        struct err e = {0};

        out->number = s->turns[s->at].number;
        out->network = s->turns[s->at++].network;
        print_name(name, out->number, WAITS);
        buf_init(&out->file, 0);
        if (read_file(s, name, &out->file, &e) &&
            spool_file_decode(&out->file, &out->delivery, &e))
            return true;
        if (e.kind == ERR_INPUT)
            spool_set_aside(s, out, e.text);
        else if (e.kind == ERR_AGAIN)
            complain("cannot read the spool", name, e.text);
    }
    spool_rewind(s);
    return false;
}

void
spool_rewind(struct spool *s)
{
    free(s->turns);
    s->turns = NULL;
    s->at = s->count = 0;
}

void
spool_remove(struct spool *s, const struct spooled *item)
{
    char name[NAME_BYTES];

    print_name(name, item->number, WAITS);
    if (unlinkat(s->dir, name, 0) != 0) {
        complain("cannot remove", name, strerrordesc_np(errno));
        return;
    }
    (void)pthread_mutex_lock(&s->lock);
    count_files(s, &item->network, -1, -(int64_t)item->file.len);
    (void)pthread_mutex_unlock(&s->lock);
}

void
spool_set_aside(struct spool *s, const struct spooled *item, const char *why)
{
    char from[NAME_BYTES], to[NAME_BYTES];

    print_name(from, item->number, WAITS);
    print_name(to, item->number, ASIDE);
    if (renameat(s->dir, from, s->dir, to) != 0)
        why = strerrordesc_np(errno);
    (void)pthread_mutex_lock(&s->lock);
    s->usage.aside++;
    (void)pthread_mutex_unlock(&s->lock);
    log_error("set aside in the spool", LOG_S("file", to), LOG_S("reason", why));
}
