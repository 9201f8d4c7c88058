/* What a mailbox is opened with: a password out of a file, or a token that a command
 * prints. Read anew for each connection, since both change. */
#pragma once
#include "base/buf.h"
#include "collector/imap/imap_fault.h"

enum {
    IMAP_SECRET_BYTES = 16384,
    IMAP_TOKEN_S = 30, /* for the command; then it is killed, with all that it started */
};

/* Exactly one of both is not NULL. The first line, without white space at its end.
 * `command` is words, the first an absolute path: no shell reads it. */
MUST_USE bool imap_secret_read(const char *file, const char *command, int stopping,
                               struct buf *out, struct imap_fault *f);
