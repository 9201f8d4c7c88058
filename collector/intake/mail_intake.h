/* The mail's way in: raw bytes -> limits -> signatures, with their keys from DNS -> the
 * reports in it -> submissions. This is intake_prepare for DELIVERY_MAIL, and unlike it
 * waits for DNS, ten seconds and three questions at most, so it is for a worker thread,
 * of which the stack must have 2 MiB. */
#pragma once
#include "collector/intake/intake.h"
#include "collector/intake/mail_evidence.h"

enum {
    MAIL_DNS_RETRY_S = 6 * 3600, /* as long as the mail is younger, DNS trouble is
                                    VERDICT_AGAIN; then ignored "(DNS)" */
};

/* Sets d->submissions as intake_prepare does, or a verdict at once (VERDICT_AGAIN for DNS
 * trouble with a young mail, VERDICT_TOO_BIG, VERDICT_UNRECOGNIZED, VERDICT_NOT_OURS)
 * with d->reason and no submissions. d->received of 0 is replaced by the date of the
 * mail's topmost Received or Date. `now`: seconds since 1970; d->received judges a
 * signature's expiry. Thread-safe. */
void mail_prepare(const struct mail_context *context, struct delivery *d, int64_t now);
