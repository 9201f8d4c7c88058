/* What a mail's header, and the name of a report file, say about the report in it. They
 * only fill gaps: the JSON is the authority (RFC 8460 section 5.6). Pure. */
#pragma once
#include "collector/mail/message.h"
#include "schema/report/report.h"

struct mail_hints {
    const char *policy_domain, *submitter; /* TLS-Report-Domain and -Submitter */
    const char *subject_domain;            /* "Report Domain: ..." of the Subject */
    const char *source; /* address that our mail server's Received names; "" if none */
};

/* What the name of a report file (RFC 8460 section 5.1) says; NULL, and -1 where it says
 * nothing. */
struct mail_filename {
    const char *submitter, *policy_domain;
    int64_t begin;
};
MUST_USE bool mail_hints_filename(struct arena *a, const char *filename,
                                  struct mail_filename *out, struct err *e);

/* Every hint is NULL when it is not there, or no text of a sensible length. False only
 * when out of memory. */
MUST_USE bool mail_hints_read(struct arena *a, const struct message *m,
                              struct mail_hints *out, struct err *e);

/* Does its header say that the mail is a TLS report: by TLS-Report-* or its type? */
bool mail_hints_announced(const struct message *m);

/* Where header, Subject or filename say other than the report: QUIRK_HEADERS_DISAGREE and
 * QUIRK_SUBMITTER_MISMATCH. */
quirk_set mail_hints_compare(const struct mail_hints *h, const struct mail_filename *f,
                             const struct report *r);

/* A stranger's text made fit for a reason: escaped, at most 255 bytes; NULL when out of
 * memory. */
MUST_USE const char *mail_hints_clean(struct arena *a, const char *text);
