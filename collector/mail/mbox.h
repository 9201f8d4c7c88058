/* Cuts an mbox into its messages, block by block, so that an archive of any size needs
 * only the memory of its largest message. Pure. */
#pragma once
#include "base/buf.h"

enum mbox_event {
    MBOX_MORE,    /* all bytes were taken */
    MBOX_MESSAGE, /* `message` holds one, until the next call */
};

struct mbox {
    struct buf message; /* without its "From " line, "From " in its body unquoted */
    bool too_big;       /* it did not fit: `message` is empty */

    /* private */
    struct buf line;
    bool started, in_long_line, after_blank, emitted;
};

/* `max_bytes`: of one message. */
void mbox_init(struct mbox *m, size_t max_bytes);
void mbox_clear(struct mbox *m);

/* Do the first bytes of a file look like an mbox? */
bool mbox_sniff(const char *bytes, size_t n);

/* Takes bytes up to the end of a message and says in *taken how many. */
enum mbox_event mbox_take(struct mbox *m, const char *bytes, size_t n, size_t *taken);

/* The file has ended: MBOX_MESSAGE when that ended a message, MBOX_MORE when there is
 * none. */
enum mbox_event mbox_end(struct mbox *m);
