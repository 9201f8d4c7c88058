/* The one answer that every door gets from intake, and what each door makes of it: one
 * table. */
#pragma once
#include "base/err.h"

enum verdict {
    VERDICT_PENDING = 0,
    VERDICT_STORED,    /* committed */
    VERDICT_DUPLICATE, /* all of it was there already */
    VERDICT_PRUNED,    /* of days that were summed up and dropped: not kept, or what came
                          before would count twice */
    VERDICT_QUARANTINED, /* committed to the quarantine: looks like a report, cannot be
                            understood */
    VERDICT_IGNORED, /* mail without a valid signature (RFC 8460 section 3), kept with the
                        quarantine */
    VERDICT_NOT_OURS,     /* no policy domain of it is ours: not kept */
    VERDICT_UNRECOGNIZED, /* neither gzip, zip, zlib nor JSON: not kept */
    VERDICT_TOO_BIG,      /* past a limit, on the wire or inflated: not kept */
    VERDICT_SPOOLED,      /* on our disk until the database is back (HTTPS only) */
    VERDICT_AGAIN,        /* our fault, or nobody's: not kept, try again */
    VERDICT_COUNT
};

struct verdict_row {
    enum verdict verdict;
    const char *label; /* metric label and "status" of the JSON answer */
    int http_status;
    const char *lmtp_reply; /* code and enhanced code, "250 2.0.0" */
    int exit_code;          /* of `tlsrptd deliver` */
};

/* Static; never NULL for a verdict of the enum. */
const struct verdict_row *verdict_find(enum verdict v);
