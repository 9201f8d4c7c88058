/* One report on its way from a door to the store: what it says, how it came, how far it
 * is believed, and, once the store has answered, what became of it. Nothing here is
 * owned: the door keeps everything that it points to alive until the store has answered.
 */
#pragma once
#include "schema/report/key.h"
#include "schema/report/report.h"

/* What the store did with one submission. */
enum outcome {
    OUTCOME_PENDING = 0,
    OUTCOME_STORED,    /* at least one policy domain of it was new, and is committed */
    OUTCOME_DUPLICATE, /* all of it was there already, in this tier, with the same bytes
                        */
    OUTCOME_CONFLICT,  /* the same, but with other bytes: the first is kept, this hash is
                          noted */
    OUTCOME_PRUNED,    /* not kept: reports of its day were summed up and dropped */
    OUTCOME_QUARANTINED, /* kept in the quarantine (asked for, or PostgreSQL would not
                            take a value) */
    OUTCOME_IGNORED,     /* kept with the quarantine as ignored */
    OUTCOME_AGAIN,       /* not kept, nobody's fault: try again */
};

struct submission {
    enum status status; /* what the door asks for */
    struct report *
        report; /* NULL unless STATUS_ACCEPTED: decoded, checked, only our domains, led */
    struct key key;          /* key_of_report; unset unless STATUS_ACCEPTED, and so is */
    struct key content_hash; /* key_of_content */
    enum transport transport;
    enum tier tier;           /* if STATUS_ACCEPTED */
    const char *trust_reason; /* one clause: why this tier */
    int64_t received;         /* seconds since 1970 */
    const char *peer;         /* client address, or "" */
    const char
        *peer_name; /* confirmed host name or signing domain kept as evidence, or "" */
    const char *source; /* what the quarantine is bounded by: /24, /64 or d= */
    const char *policy_domains_hint; /* quarantine: what it seems to be about, or "" */
    const void *raw; /* accepted: the report's bytes as they came; else the whole input */
    size_t raw_bytes;
    struct key raw_hash; /* key_of_bytes(raw) */
    const char *reason;  /* quarantined or ignored: why; else "" */

    enum outcome outcome; /* set by the store */
    struct err err; /* why, when OUTCOME_QUARANTINED by the store or OUTCOME_AGAIN */
};
