/* Names are sorted, so that two runs over one archive meet its mails in the same order.
 */
#include "collector/import/import_walk.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/rows.h"
#include "collector/mail/mbox.h"
#include "schema/wire/archive.h"
#include "schema/wire/inflate.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK_BYTES = 64 * 1024,
    WORD_MS = 1000,    /* then it is said what is waited for */
    PEEK_BYTES = 1024, /* of what is in a gzip */
};

struct walk {
    const struct import_sink *sink; /* NULL: measure only */
    size_t measured_bytes;
    struct buf path;
    char *block; /* BLOCK_BYTES */
    int depth;
    bool stopped; /* by the sink, while reading */
    bool cut;     /* the file's end was not reached: an error, or stopped */
};

static void
trouble(const struct walk *w, const char *why)
{
    if (w->sink != NULL)
        w->sink->trouble(w->sink->ctx, w->path.bytes, why);
}

/* ---- one file ---- */

static bool
give(const struct walk *w, const char *bytes, size_t n, bool too_big)
{
    const struct import_item item = {.bytes = too_big         ? NULL
                                              : bytes == NULL ? ""
                                                              : bytes,
                                     .n = too_big ? 0 : n,
                                     .path = w->path.bytes};

    return w->sink->item(w->sink->ctx, &item);
}

/* ---- containers of mails: .mbox.gz, .eml.gz, archives ---- */

/* Does it begin with a header field? */
static bool
looks_like_mail(const char *bytes, size_t n)
{
    size_t name = 0;

    while (name < n && (isalnum((unsigned char)bytes[name]) || bytes[name] == '-'))
        name++;
    return name > 0 && name < n && bytes[name] == ':';
}

struct opened {
    const struct walk *w;
    bool go_on;
    bool has_mail;
};

static bool
find_mail(void *ctx, const struct inflate_item *item, struct err *e)
{
    struct opened *o = ctx;

    (void)e;
    o->has_mail =
        o->has_mail ||
        (item->kind == INFLATE_UNKNOWN &&
         (mbox_sniff(item->text, item->len) || looks_like_mail(item->text, item->len)));
    return true;
}

static bool
give_mbox(const struct walk *w, const char *bytes, size_t n)
{
    struct mbox m;
    size_t taken;
    bool go_on = true;

    mbox_init(&m, w->sink->max_item_bytes);
    for (size_t at = 0; at < n && go_on; at += taken)
        if (mbox_take(&m, bytes + at, n - at, &taken) == MBOX_MESSAGE)
            go_on = give(w, m.message.bytes, m.message.len, m.too_big);
    if (go_on && mbox_end(&m) == MBOX_MESSAGE)
        go_on = give(w, m.message.bytes, m.message.len, m.too_big);
    mbox_clear(&m);
    return go_on;
}

static bool
give_text(void *ctx, const struct inflate_item *item, struct err *e)
{
    struct opened *o = ctx;

    if (mbox_sniff(item->text, item->len))
        o->go_on = give_mbox(o->w, item->text, item->len);
    else if (item->len > 0)
        o->go_on =
            give(o->w, item->text, item->len, item->len > o->w->sink->max_item_bytes);
    return o->go_on || err_set(e, ERR_AGAIN, "stopped");
}

/* What holds mails is opened here; what holds reports goes as it is to who reads it. */
static bool
give_file(const struct walk *w, const char *bytes, size_t n)
{
    const struct inflate_limits limits = {IMPORT_MAX_ARCHIVE_BYTES, SIZE_MAX};
    enum inflate_kind kind = inflate_sniff(bytes, n);
    struct opened o = {.w = w, .go_on = true};
    struct err e = {0};
    size_t inflated = 0;
    char head[PEEK_BYTES];

    if (kind == INFLATE_GZIP) {
        size_t len = inflate_peek(bytes, n, head, sizeof head);

        if (archive_is_tar(head, len) || inflate_sniff(head, len) == INFLATE_ZIP)
            kind = INFLATE_TAR;
        else
            o.has_mail = mbox_sniff(head, len) || looks_like_mail(head, len);
    }
    if (kind == INFLATE_ZIP || kind == INFLATE_TAR)
        (void)!inflate_each(bytes, n, &limits, find_mail, &o, &inflated, &e);
    if (!o.has_mail)
        return give(w, bytes, n, n > w->sink->max_item_bytes);
    err_clear(&e);
    if (!inflate_each(bytes, n, &limits, give_text, &o, &inflated, &e) && o.go_on)
        trouble(w, e.text);
    return o.go_on;
}

/* The next bytes of a file, behind the n that the block holds; 0 at its end, or when it
 * is cut. */
static size_t
read_more(struct walk *w, int fd, size_t n)
{
    ssize_t more;

    do {
        more = read(fd, w->block + n, BLOCK_BYTES - n);
        w->stopped = more < 0 && errno == EINTR && !w->sink->go_on(w->sink->ctx);
    } while (more < 0 && errno == EINTR && !w->stopped);
    if (more >= 0)
        return (size_t)more;
    w->cut = true;
    if (!w->stopped)
        trouble(w, strerror(errno));
    return 0;
}

static bool
read_mbox(struct walk *w, int fd, size_t n)
{
    struct mbox m;
    size_t taken;
    bool go_on = true;

    mbox_init(&m, w->sink->max_item_bytes);
    for (; n > 0 && go_on; n = go_on ? read_more(w, fd, 0) : 0) {
        for (size_t at = 0; at < n && go_on; at += taken)
            if (mbox_take(&m, w->block + at, n - at, &taken) == MBOX_MESSAGE)
                go_on = give(w, m.message.bytes, m.message.len, m.too_big);
    }
    if (go_on && !w->cut && mbox_end(&m) == MBOX_MESSAGE)
        go_on = give(w, m.message.bytes, m.message.len, m.too_big);
    mbox_clear(&m);
    return go_on && !w->stopped;
}

/* Most mails are there with the first block, and given as they lie in it. */
static bool
read_whole(struct walk *w, int fd, size_t n)
{
    size_t more = n < BLOCK_BYTES ? read_more(w, fd, n) : 0;
    bool whole = n < BLOCK_BYTES && more == 0, go_on = true;
    struct buf bytes;

    buf_init(&bytes, inflate_sniff(w->block, n) == INFLATE_UNKNOWN
                         ? w->sink->max_item_bytes
                         : IMPORT_MAX_ARCHIVE_BYTES);
    for (n += more; !whole && n > 0 && buf_append(&bytes, w->block, n);)
        n = read_more(w, fd, 0);
    if (!w->cut)
        go_on = whole          ? give_file(w, w->block, n)
                : bytes.failed ? give(w, NULL, 0, true)
                               : give_file(w, bytes.bytes, bytes.len);
    buf_clear(&bytes);
    return go_on && !w->stopped;
}

static bool
read_file(struct walk *w, int fd)
{
    size_t n;

    w->cut = false;
    n = read_more(w, fd, 0);
    if (n == 0)
        return !w->stopped; /* empty: perhaps a mail that is just being delivered */
    return mbox_sniff(w->block, n) ? read_mbox(w, fd, n) : read_whole(w, fd, n);
}

/* ---- directories ---- */

struct name {
    const char *text;
    bool is_file; /* for sure */
};

struct names {
    struct arena arena;
    struct name *list;
    size_t count;
    bool maildir;
};

static bool
add_name(struct names *names, const struct dirent *entry)
{
    struct name *grown = rows_grow(names->list, names->count, sizeof *grown, NULL);

    if (grown == NULL)
        return false;
    names->list = grown;
    names->list[names->count] = (struct name){arena_strdup(&names->arena, entry->d_name),
                                              entry->d_type == DT_REG};
    return names->list[names->count++].text != NULL;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* A mail that is read meanwhile moves from new to cur, so new is visited first. */
static int
by_name_backwards(const void *a, const void *b)
{
    return by_name(b, a);
}

static bool
list_names(DIR *dir, struct names *names)
{
    const struct dirent *entry;
    bool has_new = false, has_cur = false;

    while ((entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        has_new = has_new || strcmp(entry->d_name, "new") == 0;
        has_cur = has_cur || strcmp(entry->d_name, "cur") == 0;
        if (!add_name(names, entry))
            return false;
    }
    names->maildir = has_new && has_cur;
    if (names->count > 0)
        qsort(names->list, names->count, sizeof *names->list,
              names->maildir ? by_name_backwards : by_name);
    return true;
}

/* A Maildir holds tmp (not mail yet) and its servers' files beside the mails, and its
 * subfolders begin with a dot; elsewhere what begins with a dot is nobody's report. */
static bool
is_wanted(const struct names *in, const char *name, bool is_dir)
{
    if (!in->maildir)
        return name[0] != '.';
    return is_dir &&
           (name[0] == '.' || strcmp(name, "new") == 0 || strcmp(name, "cur") == 0);
}

/* Follows links to files, but not to directories: they can make a circle. */
static bool
is_to_be_read(struct walk *w, int dir_fd, const struct names *in, const char *name,
              bool *is_dir)
{
    struct stat st, link;

    if (fstatat(dir_fd, name, &link, AT_SYMLINK_NOFOLLOW) != 0 ||
        fstatat(dir_fd, name, &st, 0) != 0) {
        trouble(w, strerror(errno));
        return false;
    }
    *is_dir = S_ISDIR(link.st_mode);
    if (!is_wanted(in, name, S_ISDIR(st.st_mode)))
        return false;
    if (w->sink == NULL && S_ISREG(st.st_mode)) {
        w->measured_bytes += (size_t)st.st_size;
        return false;
    }
    return S_ISREG(st.st_mode) || *is_dir;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as IMPORT_MAX_DEPTH */
static bool walk_dir(struct walk *w, int fd);

static bool
walk_entry(struct walk *w, int dir_fd, const struct names *in, const struct name *name)
{
    bool is_file = name->is_file && w->sink != NULL, is_dir = false, go_on;
    int fd;

    if (is_file ? !is_wanted(in, name->text, false)
                : !is_to_be_read(w, dir_fd, in, name->text, &is_dir))
        return true;
    fd = openat(dir_fd, name->text, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        trouble(w, strerror(errno));
        return true;
    }
    if (is_dir)
        return walk_dir(w, fd);
    go_on = read_file(w, fd);
    (void)close(fd);
    return go_on;
}

static bool
walk_names(struct walk *w, int dir_fd, const struct names *names)
{
    size_t len = w->path.len;
    bool go_on = true;

    for (size_t i = 0; i < names->count && go_on; i++) {
        if (!buf_printf(&w->path, "%s%s", w->path.bytes[len - 1] == '/' ? "" : "/",
                        names->list[i].text))
            return false;
        go_on = walk_entry(w, dir_fd, names, &names->list[i]);
        w->path.len = len;
        w->path.bytes[len] = '\0';
    }
    return go_on;
}

/* Takes fd. */
static bool
walk_dir(struct walk *w, int fd)
{
    struct names names = {0};
    DIR *dir = fdopendir(fd);
    bool go_on = true;

    if (dir == NULL) {
        trouble(w, strerror(errno));
        (void)close(fd);
        return true;
    }
    arena_init(&names.arena, 0);
    if (w->depth >= IMPORT_MAX_DEPTH)
        trouble(w, "too many directories in directories");
    else if (!list_names(dir, &names))
        trouble(w, "out of memory");
    else {
        w->depth++;
        go_on = walk_names(w, fd, &names);
        w->depth--;
    }
    (void)closedir(dir);
    free(names.list);
    arena_clear(&names.arena);
    return go_on;
}

/* NOLINTEND(misc-no-recursion) */

/* A pipe, or a terminal, may have nobody who writes. False when the sink stopped it. */
static bool
await_writer(const struct walk *w, int fd)
{
    struct pollfd pipe = {.fd = fd, .events = POLLIN};
    int ready = poll(&pipe, 1, WORD_MS);

    if (ready == 0)
        w->sink->waiting(w->sink->ctx, w->path.bytes);
    while (ready == 0 || (ready < 0 && errno == EINTR)) {
        if (!w->sink->go_on(w->sink->ctx))
            return false;
        ready = poll(&pipe, 1, -1);
    }
    return true;
}

static bool
walk_path(struct walk *w, const char *path)
{
    bool is_stdin = strcmp(path, "-") == 0, go_on = true;
    int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        trouble(w, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return true;
    }
    if (S_ISDIR(st.st_mode))
        return walk_dir(w, fd);
    if (w->sink == NULL) {
        w->measured_bytes += S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
    } else if (!S_ISREG(st.st_mode) && !await_writer(w, fd)) {
        go_on = false;
    } else {
        if (!is_stdin) /* only its opening was not to be waited for */
            (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
        go_on = read_file(w, fd);
    }
    (void)close(fd);
    return go_on;
}

bool
import_walk(const char *path, const struct import_sink *sink)
{
    struct walk w = {.sink = sink, .block = malloc(BLOCK_BYTES)};
    bool go_on = false;

    buf_init(&w.path, 0);
    if (w.block != NULL && buf_puts(&w.path, path[0] == '\0' ? "." : path))
        go_on = walk_path(&w, path);
    else
        sink->trouble(sink->ctx, path, "out of memory");
    buf_clear(&w.path);
    free(w.block);
    return go_on;
}

size_t
import_measure(const char *path)
{
    struct walk w = {0};

    buf_init(&w.path, 0);
    if (buf_puts(&w.path, path[0] == '\0' ? "." : path))
        (void)walk_path(&w, path);
    buf_clear(&w.path);
    return w.measured_bytes;
}
