/* The mail's way in: raw bytes -> limits -> signatures, with their keys from DNS -> the
 * reports in it -> submissions. This is intake_prepare for DELIVERY_MAIL, and unlike it
 * waits for DNS, ten seconds and three questions at most, so it is for a worker thread,
 * of which the stack must have 2 MiB. */
#pragma once
#include "base/resolver.h"
#include "collector/intake.h"

enum {
    MAIL_DNS_TIMEOUT_MS = 10000,
    MAIL_DNS_RETRY_S = 6 * 3600, /* as long as the mail is younger, DNS trouble is
                                    VERDICT_AGAIN; then ignored "(DNS)" */
};

struct mail_context {
    const struct settings *settings;
    struct resolver
        *resolver;           /* NULL: no key can be found, as if DNS were out of order */
    const char *authserv_id; /* believe Authentication-Results of this id; NULL: none.
                                The daemon passes its setting, `import` only with
                                --trust-authres */
};

/* Sets d->submissions as intake_prepare does, or a verdict at once (VERDICT_AGAIN for DNS
 * trouble with a young mail, VERDICT_TOO_BIG, VERDICT_UNRECOGNIZED, VERDICT_NOT_OURS)
 * with d->reason and no submissions. d->received of 0 is replaced by mail_arrived().
 * `now`: seconds since 1970; d->received judges a signature's expiry. Thread-safe. */
void mail_prepare(const struct mail_context *m, struct delivery *d, int64_t now);

/* When the mail arrived: the date of its topmost Received field, else Date, else
 * `otherwise`: arrival_of_mail() of arrival.h. */
int64_t mail_arrived(const void *bytes, size_t n, int64_t otherwise);
