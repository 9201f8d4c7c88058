/* One TLS report as RFC 8460 section 4 defines it, after every known deviation was
 * understood. A plain value: all its memory is in one arena, nothing in it points
 * outside. Strings are UTF-8 without NUL; optional ones are NULL when absent. Instants
 * are seconds since 1970, UTC. */
#pragma once
#include "base/arena.h"
#include "base/when.h"
#include "schema/report/vocab.h"

#include <stdint.h>

/* Limits on what one report may hold; each is in LIMITS of tlsrpt.conf(5). */
enum {
    REPORT_MAX_POLICIES = 1000,
    REPORT_MAX_DETAILS = 20000,            /* over all policies */
    REPORT_MAX_LIST = 1000,                /* elements of a policy-string or mx-host */
    REPORT_MAX_STRING_BYTES = 4096,        /* any one string */
    REPORT_MAX_NAME_BYTES = 255,           /* policy domain, sender */
    REPORT_MAX_WINDOW_S = 40 * WHEN_DAY_S, /* between start and end */
    REPORT_LONG_WINDOW_S = 36 * 3600, /* beyond: counted, but no part of day arithmetic */
};

/* How long reports must be kept: findings look back 92 days, a report may be late, and a
 * clock wrong. */
enum {
    REPORT_LEAST_KEPT_DAYS = 100
};

/* RFC 8460 section 4.4 "failure-details". */
struct failure_detail {
    enum result_type result_type;
    const char *result_type_text; /* as sent, lower case; "unknown" if absent */
    const char
        *sending_mta_ip; /* canonical (RFC 5952) when it is an address, else as sent */
    const char *receiving_mx_hostname; /* lower case, no final dot */
    const char *receiving_mx_helo;
    const char *receiving_ip; /* as sending_mta_ip */
    const char *additional_information;
    const char *failure_reason_code;
    int64_t failed_sessions; /* >= 0 */
};

/* RFC 8460 section 4.4 "policies" element. */
struct policy {
    enum policy_type type;
    const char *type_text; /* as sent, lower case; "unknown" if absent */
    const char *domain;    /* A-labels, lower case, no final dot; NULL if not given yet */
    const char **policy_string; /* policy_string_count elements */
    size_t policy_string_count;
    const char **mx_host;
    size_t mx_host_count;
    int64_t successful_sessions; /* >= 0 */
    int64_t failed_sessions;     /* >= 0 */
    struct failure_detail *details;
    size_t detail_count;
    bool leading; /* the type that counts for its domain where one number is wanted
                     (report_lead) */
};

struct report {
    struct arena arena;
    const char *organization; /* "" when absent */
    const char *contact_info; /* NULL when absent */
    const char *report_id;    /* "" when absent */
    int64_t start, end; /* of the window; end is the last second, inclusive or not */
    struct policy *policies;
    size_t policy_count;
    quirk_set quirks;
    const char *submitter; /* lower case; set by sender_find() */
    const char *sender;    /* registered domain of submitter; set by sender_find() */
};

/* An empty report. */
void report_init(struct report *r);
void report_clear(struct report *r);

/* The UTC day (days since 1970-01-01) that a report belongs to: that of the middle of its
 * window, or of its start when the window is longer than REPORT_LONG_WINDOW_S. Needs
 * start <= end. */
int32_t report_day(int64_t start, int64_t end);

/* The sum of two counts, at most INT64_MAX. */
int64_t report_add(int64_t a, int64_t b);

/* Sets `leading` on each policy: domain by domain, the policy type with the most sessions
 * (a tie: the one with more failures, then the first listed); all policies of that type
 * lead. At most REPORT_MAX_POLICIES. One report can list the same sessions under several
 * types (Microsoft: sts and tlsa), so only one type may be counted. */
void report_lead(struct report *r);

/* Drops policies[i] for which keep[i] is false, order kept. */
void report_keep(struct report *r, const bool *keep);
