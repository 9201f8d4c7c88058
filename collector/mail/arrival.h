/* When a mail that lies in an archive had arrived. Pure. */
#pragma once
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* The date of the topmost Received header, else of the Date header; false when neither
 * has a date that can be read. Line ends may be CRLF or LF, and an mbox "From " line may
 * stand first. */
MUST_USE bool arrival_of_mail(const char *mail, size_t n, int64_t *instant);

/* An RFC 5322 section 3.3 date-time, comments and obsolete forms included; without a zone
 * it is UTC. */
MUST_USE bool arrival_parse_date(const char *text, size_t n, int64_t *instant);
