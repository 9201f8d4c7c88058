/* A file is written under another name, synced, renamed, and then the directory is
 * synced: a crash leaves a whole file or one that nobody was promised. A file whose sync
 * failed is removed, for the kernel may have thrown away what it could not write and
 * called the pages clean. */
#include "base/fault.h"
#include "collector/queue/spool.h"
#include "collector/queue/spool_file.h"
#include "collector/queue/spool_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct entry {
    struct delivery *d;
    uint64_t number;
    int64_t bytes;
    int fd;     /* until it is synced */
    bool named; /* it has the name of one that waits */
};

static const char *
reserve(struct spool *s, struct entry *entry)
{
    const char *why = NULL;

    (void)pthread_mutex_lock(&s->lock);
    if (s->usage.files >= s->max_files || s->usage.bytes + entry->bytes > s->max_bytes)
        why = "the database is away and the spool is full, try again later";
    else {
        s->usage.files++;
        s->usage.bytes += entry->bytes;
        entry->number = s->next_number++;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return why;
}

/* Takes back what was done for it. */
static void
fail(struct spool *s, struct entry *entry, const char *what)
{
    char name[SPOOL_NAME_BYTES];

    spool_print_name(name, entry->number, entry->named ? SPOOL_WAITS : SPOOL_HALF);
    spool_complain("cannot spool", name, what);
    if (entry->fd >= 0)
        (void)close(entry->fd);
    (void)unlinkat(s->dir, name, 0);
    spool_count(s, -1, -entry->bytes, 0);
    entry->fd = -1;
    entry->d->verdict = VERDICT_AGAIN;
    (void)stpcpy(entry->d->reason,
                 "the database is away and the spool fails, try again later");
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
    char name[SPOOL_NAME_BYTES];
    const char *why = "out of memory, try again later";
    struct buf file;

    buf_init(&file, 0);
    entry->fd = -1;
    entry->d->verdict = VERDICT_AGAIN;
    if (spool_file_encode(entry->d, &file)) {
        entry->bytes = (int64_t)file.len;
        why = reserve(s, entry);
    }
    if (why != NULL) {
        (void)stpcpy(entry->d->reason, why);
    } else {
        entry->d->verdict = VERDICT_SPOOLED;
        spool_print_name(name, entry->number, SPOOL_HALF);
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
    char from[SPOOL_NAME_BYTES], to[SPOOL_NAME_BYTES];

    spool_print_name(from, entry->number, SPOOL_HALF);
    spool_print_name(to, entry->number, SPOOL_WAITS);
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
        (void)stpcpy(items[i]->reason, entries == NULL
                                           ? "out of memory, try again later"
                                           : "kept until the database is back");
        if (entries != NULL)
            entries[i].d = items[i];
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
