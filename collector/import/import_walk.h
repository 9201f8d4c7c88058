/* What lies under the paths given to `tlsrptd import`: files, directories, Maildirs,
 * mboxes, standard input; one message or report at a time, in the order of names, with
 * the memory of the largest one. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum {
    IMPORT_MAX_DEPTH = 32,                /* directories in directories */
    IMPORT_MAX_ARCHIVE_BYTES = 256 << 20, /* of a container of mails, and of all in it */
};

/* All of it only while the callback runs. */
struct import_item {
    const char *bytes; /* NULL when it is too big to be read */
    size_t n;
    const char *path;
};

struct import_sink {
    /* Takes an item; false stops the walk. */
    bool (*item)(void *ctx, const struct import_item *item);
    /* Something could not be read; the walk goes on. */
    void (*trouble)(void *ctx, const char *path, const char *why);
    /* What is no file has nothing to read, and nobody may be there to write it: said
     * once. */
    void (*waiting)(void *ctx, const char *path);
    /* Asked when a signal came while something was read; false stops the walk, and what
     * was read by half is forgotten. */
    bool (*go_on)(void *ctx);
    void *ctx;
    size_t max_item_bytes;
};

/* Walks a path, "-" being standard input. False when the sink stopped it. Hidden files
 * are passed over, and in a Maildir everything but new, cur and its subfolders. Links to
 * directories are not followed, but for the path itself. */
bool import_walk(const char *path, const struct import_sink *sink);

/* How many bytes such a walk will read; what cannot be read or known counts nothing. */
size_t import_measure(const char *path);
