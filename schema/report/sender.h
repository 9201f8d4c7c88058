/* Whose report it is. The submitter is the domain of contact-info when there is one, else
 * TLS-Report-Submitter, else the filename's first part, else the organization-name; the
 * sender, under which every figure stands, is the submitter's registered domain (public
 * suffix list). Pure. */
#pragma once
#include "schema/report/report.h"

/* What a mail's headers and filename say; each may be NULL. They only fill gaps: RFC 8460
 * section 5.6 makes the JSON authoritative. */
struct sender_hints {
    const char *report_submitter;   /* TLS-Report-Submitter */
    const char *filename_submitter; /* RFC 8460 section 5.1 filename, first part */
};

/* Sets r->submitter and r->sender in r's arena, lower case, A-labels where possible;
 * "unknown" when nothing gives a name; QUIRK_NO_SENDER when that is no domain. False only
 * when out of memory. */
MUST_USE bool sender_find(struct report *r, const struct sender_hints *hints,
                          struct err *e);

/* Is it a name that somebody registered: no public suffix, no address, not a label alone?
 */
bool sender_has_owner(const char *name);

/* The registered domain of a host name, lower case; the name itself when it has none (a
 * public suffix, an address, no dot). NULL when out of memory. */
MUST_USE char *sender_registered(struct arena *a, const char *name);
