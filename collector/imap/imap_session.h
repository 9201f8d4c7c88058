/* One session with an IMAP server (RFC 9051, 3501): logged in, one folder open, and the
 * few commands that a fetcher needs. After a failure only imap_session_close() is left.
 * The server is half trusted: what it may say to one command is bounded. */
#pragma once
#include "base/buf.h"
#include "collector/imap/imap_fault.h"
#include "collector/imap/imap_place.h"

#include <stdint.h>

enum {
    IMAP_PIECE_BYTES = 256 * 1024, /* of a mail that are asked for at once */
};

struct imap_session;

/* Connects, over TLS but as imap_place allows, and logs in. */
MUST_USE bool imap_session_open(const struct imap_place *place, int stopping,
                                struct imap_session **out, struct imap_fault *f);
void imap_session_close(struct imap_session *s); /* NULL is fine */

/* Opens the folder, without the right to change anything for IMAP_KEEP. `next`: all UIDs
 * in it are lower. */
MUST_USE bool imap_session_enter(struct imap_session *s, uint32_t *validity,
                                 uint32_t *next, struct imap_fault *f);

struct imap_mail {
    uint32_t uid, bytes;
};

/* The mails with UIDs first..last, in their order; `out` is the caller's to free. */
MUST_USE bool imap_session_list(struct imap_session *s, uint32_t first, uint32_t last,
                                struct imap_mail **out, size_t *count,
                                struct imap_fault *f);

/* Appends the bytes of a mail, which stays unread; those that `out` cannot take are not
 * asked for (out->failed). Nothing is appended when it is no longer there. */
MUST_USE bool imap_session_fetch(struct imap_session *s, uint32_t uid, struct buf *out,
                                 struct imap_fault *f);

/* Marks, moves or deletes these mails, as the place says. */
MUST_USE bool imap_session_finish(struct imap_session *s, const uint32_t uids[], size_t n,
                                  struct imap_fault *f);
