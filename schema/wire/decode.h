/* RFC 8460 section 4: JSON text to struct report, in one pass, with every deviation of
 * the field accepted and noted. Pure. */
#pragma once
#include "schema/report/report.h"

/* Reads one report. `r` must be report_init()ed; on failure it is left cleared and `e`
 * (ERR_INPUT, or ERR_AGAIN out of memory) says which member is wrong. Unknown members are
 * ignored and noted. A member that is read and given twice, a NUL, a lone surrogate,
 * broken JSON, a count past 2^53 and a limit of report.h or json_read.h exceeded are
 * ERR_INPUT. Sets neither sender nor leading; a policy without policy-domain keeps domain
 * NULL. JSON that has no member of a report at all is ERR_REFUSED. */
MUST_USE bool decode_report(const char *json, size_t len, struct report *r,
                            struct err *e);

/* The reports of one text: one, an array of them, or one behind the other as JSON lines
 * and RFC 7464 have them. */
struct decode_cursor {
    const char *piece; /* what decode_next() read last, or failed on */
    size_t piece_len;
    size_t count; /* of those */
    bool more;    /* another one begins */

    /* private */
    const char *at, *end;
    bool array, bom;
};

/* The text must outlive the cursor. `more` is true, so that an empty text fails once. */
void decode_open(struct decode_cursor *c, const char *json, size_t len);

/* Reads the next report as decode_report() does; QUIRK_BUNDLE if there are several. One
 * that fails is passed over; where it ends, if it is no JSON, is the next line that
 * begins an object, or the end. */
MUST_USE bool decode_next(struct decode_cursor *c, struct report *r, struct err *e);
