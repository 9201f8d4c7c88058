/* The one road in: every door fills a struct delivery, and gets back one verdict.
 *
 *     door -> intake_prepare -> [batcher or own batch] store_put -> intake_finish -> door
 *
 * The daemon runs it through batcher_submit (workers and writers); `import`, and
 * `deliver` without a daemon, call prepare, store_put and finish themselves. */
#pragma once
#include "collector/intake/verdict.h"
#include "schema/report/sender.h"
#include "schema/report/submission.h"
#include "schema/settings/settings.h"

enum delivery_kind {
    DELIVERY_REPORT, /* the bytes of a report: an HTTPS body, a .json, .json.gz or .zip
                        file */
    DELIVERY_MAIL,   /* an RFC 5322 message */
};

struct delivery {
    /* set by the door, which owns what is pointed to until `done` was called */
    enum delivery_kind kind;
    enum transport transport;
    const void *bytes;
    size_t byte_count;
    int64_t received;      /* seconds since 1970; 0: not known, then it is the report's
                              window end plus a day, or 0 still if that cannot be read */
    const char *peer;      /* client address, canonical; "" if none */
    const char *peer_name; /* its confirmed host name; "" if none or not known */
    const char *policy_domain; /* from the path /v1/tlsrpt/<domain>; NULL if none */
    bool vouched;              /* `import --vouch`: tier operator */
    void (*done)(
        struct delivery *d); /* batcher_submit only: called once, perhaps from
                              another thread, after which d is the door's again */
    void *door;              /* the door's own */

    /* set by intake */
    enum verdict verdict;
    enum tier tier; /* of the report, or the best of several, that was accepted; else 0 */
    char reason[256]; /* one clause for the answer's body, escaped for plain text */

    /* intake's own */
    struct arena arena;
    struct report *reports;
    struct submission *submissions;
    size_t submission_count;
    bool understood; /* but for the database, nothing stands in its way */
    struct delivery *next;
    int64_t deadline_ms; /* CLOCK_MONOTONIC */
    size_t charged_bytes;
};

/* The bytes of one report, and what surrounds them says to fill its gaps. */
struct intake_part {
    const void *bytes;
    size_t byte_count;
    bool gzip_announced;       /* plain JSON is then QUIRK_NOT_COMPRESSED */
    struct sender_hints hints; /* mail only */
    const char *policy_domain; /* for a policy without one; NULL if nothing says it */
};

/* Reads one part: inflate, decode, check, sender, ownership, lead. VERDICT_PENDING: `sub`
 * is filled but for tier, trust_reason, peer_name and source, either STATUS_ACCEPTED with
 * `r` (to be report_clear()ed with the delivery) or STATUS_QUARANTINED with a reason, in
 * both cases with the part's bytes as raw. Another verdict (not ours, unrecognized, too
 * big, again): nothing to keep, d->reason says why. Shared by intake_prepare and
 * mail_prepare. No I/O. */
MUST_USE enum verdict intake_read(const struct settings *s, struct delivery *d,
                                  const struct intake_part *part, struct report *r,
                                  struct submission *sub);

/* Bytes to submissions: inflate, decode, check, sender, ownership, trust. Sets
 * d->submissions, or a verdict at once when nothing is to be kept (then submission_count
 * is 0). No I/O. For DELIVERY_REPORT; a mail goes through mail_prepare (mail_intake.h).
 */
void intake_prepare(const struct settings *s, struct delivery *d);

/* The bytes that a prepared delivery takes, beside those of the door. */
size_t intake_memory(const struct delivery *d);

/* Outcomes to one verdict and reason, the best of several: stored before duplicate before
 * quarantined before ignored; AGAIN if any is AGAIN. Frees what prepare made. */
void intake_finish(struct delivery *d);
