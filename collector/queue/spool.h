/* The directory in which HTTPS posts wait while the database is away. What spool_put()
 * says it has is on disk, whole and for good, until spool_remove(). One process has a
 * spool at a time. Thread-safe, but for spool_next() and what follows it, which are for
 * one thread. */
#pragma once
#include "collector/intake/intake.h"

struct spool;

enum {
    SPOOL_SMALL_BYTES = 64 << 10, /* for spool_has_room() */
    SPOOL_MAX_OF_FREE = 3,        /* times what is free: so much one network may have */
};

/* Makes STATE_DIR/spool unless it is there, forgets posts that were never acknowledged,
 * and finds those that were. */
MUST_USE bool spool_open(const struct settings *s, struct spool **out, struct err *e);
void spool_close(struct spool *s); /* NULL is fine */

struct spool_usage {
    int64_t files, bytes; /* set aside ones included */
    int64_t aside;        /* of the files, those that cannot be taken out */
};

/* `s` NULL: none. */
void spool_usage(struct spool *s, struct spool_usage *out);

/* Would a small post from there be kept? A network may have three times what is still
 * free, so that the first never fill it for all. NULL: no. */
bool spool_has_room(struct spool *s, const struct peer *network);

/* Keeps reports, and sets the verdict of each: VERDICT_SPOOLED once it and its name are
 * on disk; VERDICT_AGAIN when there is no room or the disk fails, and then nothing is
 * left of it. */
void spool_put(struct spool *s, struct delivery *const items[], size_t n);

/* A report that waits. */
struct spooled {
    uint64_t number; /* of its file */
    struct peer network;
    struct buf file; /* what `delivery` points into; the caller's to clear */
    struct delivery delivery;
};

/* Reads the next, networks in turn and each in the order in which they came: false after
 * the last, and then the next call begins with the first again. What cannot be read is
 * set aside. */
MUST_USE bool spool_next(struct spool *s, struct spooled *out);

/* The next call of spool_next() begins with the first. */
void spool_rewind(struct spool *s);

/* It is committed. */
void spool_remove(struct spool *s, const struct spooled *item);

/* It never will be: keeps the file under another name, and says so. */
void spool_set_aside(struct spool *s, const struct spooled *item, const char *why);
