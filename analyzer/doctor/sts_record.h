/* What a domain publishes for MTA-STS (RFC 8461 section 3): the TXT record and the
 * policy, read as a strict sender reads them. Pure. */
#pragma once
#include "analyzer/doctor/complaint.h"
#include "base/buf.h"
#include "base/dns_answer.h"
#include "base/when.h"

enum {
    STS_MIN_AGE_S = WHEN_DAY_S, /* less protects hardly anybody */
    STS_MAX_AGE_S = 31557600,   /* RFC 8461 section 3.2 */
    STS_MAX_BYTES = 65536,      /* of a policy; section 3.3 */
};

/* Is one of the values of the answer, which is DNS_FOUND, an MTA-STS record, or meant to
 * be one? If it is not exactly one that is well-formed, complains of `subject`. */
MUST_USE bool sts_record_read(const struct dns_answer *answer, const char *subject,
                              struct complaints *said);

/* Judges a policy as it was fetched; appends it to `out` as policy_text_sts() does.
 * `hosts` are the domain's MX. False when out of memory. */
MUST_USE bool sts_policy_read(const char *text, size_t n, const char *subject,
                              const char *const hosts[], size_t host_count,
                              struct buf *out, struct complaints *said);
