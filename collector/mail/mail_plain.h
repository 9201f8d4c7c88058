/* The parts of a mail of which every reader makes the same, as nearly all report mails
 * are: it needs no MIME parser. Pure. */
#pragma once
#include "collector/mail/mail_part.h"
#include "collector/mail/message.h"

/* Plain is a multipart of which each line that begins with "--" is its own boundary, with
 * an end, of parts that are neither multiparts nor messages; the fields that matter are
 * given once, in ASCII, without comments, escapes or encodings of their own. False for
 * any other mail, for one of more than MAIL_MAX_REPORTS parts, and when out of memory.
 *
 * Sets media_type, filename and bytes, which may point into the mail; bytes are NULL when
 * they are encoded otherwise than in base64. */
bool mail_plain_read(struct arena *a, const struct message *m,
                     struct mail_part parts[MAIL_MAX_REPORTS], size_t *count);
