/* One look through a mailbox: what is new in it goes through intake, a batch at a time,
 * and only when a batch is committed are its mails marked, moved or deleted, and only
 * then is it remembered how far that came. So whatever ends it, nothing is lost, and what
 * is read twice is known by its key. */
#pragma once
#include "collector/imap/imap_fault.h"
#include "collector/imap/imap_place.h"
#include "collector/queue/batcher.h"

enum {
    IMAP_BATCH_MAILS = 64,
    IMAP_BATCH_BYTES = 4 << 20, /* or one that is larger */
};

struct imap_fetch {
    const struct settings *settings;
    const struct imap_place *place;
    struct batcher *batcher;
    const char *uri;  /* of the database */
    int stopping;     /* readable when the program ends */
    bool from_start;  /* all mails, not only new ones */
    unsigned careful; /* so many looks before were cut short: smaller batches */
};

/* What came of it, also when it was cut short. */
struct imap_tally {
    size_t mails[VERDICT_COUNT];
    size_t all;
};

/* `tally` must be zero. */
MUST_USE bool imap_fetch_run(const struct imap_fetch *fetch, struct imap_tally *tally,
                             struct imap_fault *f);
