/* RFC 8460 section 4: JSON text to struct report, in one pass, with every deviation of
 * the field accepted and noted. Pure. */
#pragma once
#include "schema/report/report.h"

/* Reads one report. `r` must be report_init()ed; on failure it is left cleared and `e`
 * (ERR_INPUT, or ERR_AGAIN out of memory) says which member is wrong. Unknown members are
 * ignored and noted. A member that is read and given twice, a NUL, a lone surrogate,
 * broken JSON, a count past 2^53 and a limit of report.h or json_read.h exceeded are
 * ERR_INPUT. Sets neither sender nor leading; a policy without policy-domain keeps domain
 * NULL. */
MUST_USE bool decode_report(const char *json, size_t len, struct report *r,
                            struct err *e);
