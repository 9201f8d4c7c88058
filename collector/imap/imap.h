/* The mailboxes' door: a thread for each section `imap` of the settings looks through its
 * mailbox now and then (imap_fetch.h), and waits longer each time that this fails. */
#pragma once
#include "collector/imap/imap_fault.h"
#include "collector/imap/imap_fetch.h"

struct imap;

/* Reads the sections; connects nowhere yet. ERR_CONFIG. The settings must outlive it.
 * *out is NULL when there is none. */
MUST_USE bool imap_open(const struct settings *s, struct imap **out, struct err *e);

/* Begins. `uri`: of the database; it and the batcher must outlive imap_stop(). */
MUST_USE bool imap_start(struct imap *m, struct batcher *b, const char *uri,
                         struct err *e);

/* Ends at once, but for verdicts that are due. NULL is fine for both. */
void imap_stop(struct imap *m);
void imap_free(struct imap *m);

/* One look, for a program that is no daemon. NULL: all mailboxes; each is told of. False
 * with the last error, also when there is none of that name. */
typedef void imap_told_fn(const char *name, const struct imap_tally *tally,
                          const struct imap_fault *f);
MUST_USE bool imap_look(struct imap *m, const char *name, bool from_start,
                        struct batcher *b, const char *uri, imap_told_fn *told,
                        struct err *e);

/* For metrics: the i-th mailbox; false when there are no more. NULL: none. */
struct imap_status {
    const char *name;
    enum imap_state state;
    int64_t looked; /* last time it worked, seconds since 1970; 0: never */
};
MUST_USE bool imap_status(struct imap *m, size_t i, struct imap_status *out);
