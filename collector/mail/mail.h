/* Finds the reports in a mail. The only file that includes GMime, which gets the body and
 * two header fields only: the rest of the header is read by message.h. GLib aborts when
 * memory runs out, which the limits of mail_limits.h keep small. Pure, thread-safe. */
#pragma once
#include "collector/mail/mail_part.h"
#include "collector/mail/message.h"

/* Each is in LIMITS of tlsrpt.conf(5). */
enum {
    MAIL_MAX_DEPTH = 20,  /* of parts in parts; what lies deeper is not looked at */
    MAIL_MAX_PARTS = 200, /* looked at */
};

/* The parts that are or may be reports, in order: by media type, by filename, by the
 * bytes themselves (gzip, zip, zlib or JSON), a report as the body included. When any
 * part is declared to be a report, parts that only look like one are left out. The mail
 * must have passed mail_limits_check(); what is found may point into it, or is copied
 * into `a`. ERR_INPUT when it cannot be read
 * at all. */
MUST_USE bool mail_find_reports(struct arena *a, const struct message *m,
                                struct mail_reports *out, struct err *e);

/* Does the body prove its own boundary: is it multipart, and do its first and last line
 * open and close the boundary that Content-Type names? */
bool mail_is_framed(const struct message *m);

/* The domain of the only mailbox in the only From, lower case; "" if there is none or
 * more than one; NULL when out of memory. */
MUST_USE const char *mail_from_domain(struct arena *a, const struct message *m);
