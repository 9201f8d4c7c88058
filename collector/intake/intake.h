/* The one road in: every door fills a struct delivery, and gets back one verdict.
 *
 *     door -> intake_prepare -> [batcher or own batch] store_put -> intake_finish -> door
 *
 * The daemon runs it through batcher_submit (workers and writers); `import`, and
 * `deliver` without a daemon, call prepare, store_put and finish themselves. */
#pragma once
#include "base/peer.h"
#include "collector/intake/verdict.h"
#include "schema/report/sender.h"
#include "schema/report/submission.h"
#include "schema/settings/settings.h"

enum delivery_kind {
    DELIVERY_REPORT, /* the bytes of a report: an HTTPS body, a .json, .json.gz or .zip
                        file */
    DELIVERY_MAIL,   /* an RFC 5322 message */
};

enum {
    INTAKE_MAX_REPORTS = 100, /* in one part, but of an import; in tlsrpt.conf(5) */
};

struct delivery {
    /* set by the door, which owns what is pointed to until `done` was called */
    enum delivery_kind kind;
    enum transport transport;
    const void *bytes;
    size_t byte_count;
    int64_t received;      /* seconds since 1970; 0: not known, then it is the report's
                              window end plus a day, or 0 still if that cannot be read */
    int64_t now;           /* the same, by the clock; 0: as received. What ends later than
                              both cannot have happened; what is received is never later */
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
    struct submission *submissions;
    size_t submission_count, submission_room;
    size_t inflated_bytes;  /* of what came, in all layers: what it costs to read */
    int64_t cpu_until_us;   /* of the thread's clock, for all its parts */
    bool is_dmarc;          /* a DMARC report was met */
    size_t max_cheap_bytes; /* inflated, beyond which it is dear and VERDICT_AGAIN; 0:
                               read it whatever it costs */
    bool dear;

    /* the batcher's */
    bool understood; /* but for the database, nothing stands in its way */
    struct delivery *next;
    struct peer network; /* of the client; zero for a door without */
    int64_t deadline_ms; /* CLOCK_MONOTONIC */
    size_t charged_bytes;
};

/* Could it be a report at all, by its first bytes? */
bool intake_may_be_report(const struct delivery *d);

/* The bytes of one report, and what surrounds them says to fill its gaps. */
struct intake_part {
    const void *bytes;
    size_t byte_count;
    bool gzip_announced;       /* plain JSON is then QUIRK_NOT_COMPRESSED */
    struct sender_hints hints; /* mail only */
    const char *policy_domain; /* for a policy without one; NULL if nothing says it */
};

/* Prepares `d` for the functions below. */
void intake_begin(struct delivery *d);

/* Reads one part: inflate, decode, check, sender, ownership, lead, for each report in it.
 * VERDICT_PENDING: d->submissions grew by one for each, filled but for tier,
 * trust_reason, peer_name and source: either STATUS_ACCEPTED or STATUS_QUARANTINED with a
 * reason, with the bytes of the report, or of the part if it is the only one, as raw.
 * Another verdict (not ours, unrecognized, too big, again): nothing to keep, d->reason
 * says why. All parts of a delivery share max_inflated_bytes. No I/O. */
MUST_USE enum verdict intake_read(const struct settings *s, struct delivery *d,
                                  const struct intake_part *part);

/* A new last submission of the delivery, to be filled; NULL when out of memory. */
struct submission *intake_add(struct delivery *d, struct err *e);

/* Drops the submissions from the index `first` on. */
void intake_undo(struct delivery *d, size_t first);

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
