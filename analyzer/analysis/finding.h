/* What a finding is: the value, its lists, and its words. Pure. */
#pragma once
#include "analyzer/analysis/facts.h"
#include "base/arena.h"

#define VERDICTS(X)                                                                      \
    X(VERDICT_OURS, "ours")                                                              \
    X(VERDICT_NODE, "node")                                                              \
    X(VERDICT_SENDER, "sender")                                                          \
    X(VERDICT_PATH, "path")                                                              \
    X(VERDICT_UNKNOWN, "unknown")

#define SEVERITIES(X)                                                                    \
    X(SEVERITY_INFO, "info")                                                             \
    X(SEVERITY_WARNING, "warning")                                                       \
    X(SEVERITY_CRITICAL, "critical")

#define FINDING_ENUM(word, text) word,
enum fault {
    VERDICTS(FINDING_ENUM)
};
enum severity {
    SEVERITIES(FINDING_ENUM)
};
#undef FINDING_ENUM

/* Kinds of ours, beside the result types of RFC 8460. */
#define KIND_MX_NOT_COVERED "mx-not-covered"
#define KIND_POLICY_DRIFT   "policy-drift"
#define KIND_REPORT_GAP     "report-gap"
#define KIND_INTAKE_SILENT  "intake-silent"
#define KIND_REPORT_LOOP    "report-loop"
#define KIND_NEWCOMER       "newcomer"
#define KIND_NOT_DESCRIBED  FACTS_NOT_DESCRIBED

enum {
    FINDING_CLEAN_DAYS = 14,  /* so many clean days apart, it is another incident */
    FINDING_LAG_MARGIN_D = 3, /* days beyond the usual lag before silence speaks */
    FINDING_ID_DIGITS = 16,
    FINDING_MAX_CLAIMS = 20, /* findings of severity info, of each rule family */
};

struct name_list {
    name *items; /* in order */
    size_t count;
};

struct finding {
    char id[48]; /* 16 hexadecimal digits; an older episode has -YYYY-MM-DD appended */
    const char *kind;
    enum fault verdict;
    enum severity severity;
    bool open;
    struct name_list domains, senders, hosts, addresses, networks, reasons;
    int16_t first, last;                  /* days of the sessions */
    int64_t onset_earliest, onset_latest; /* seconds since 1970 */
    int64_t failed, sessions, refused;
    double confidence;
    int senders_failing, senders_seen, places_failing, places_seen;
    int64_t unplaced;    /* failures that came without address and host name */
    int32_t known_until; /* days since 1970; 0: not muted */
    const char *summary, *advice;
    bool old_news;   /* it has been so for as long as the sender is known */
    bool unverified; /* only unverified reports say so */
    name subject;    /* what the id is made of, besides the kind */
};

struct analysis {
    struct arena arena;
    struct finding *rows; /* worst first */
    size_t count;
    uint8_t *excluded; /* by name: newcomers whose counts are absurd */
};

/* For the rule families: one more finding, empty but for its kind, its subject and the id
 * that these and the scope ("sender", "domain") make; NULL: out of memory. */
struct finding *finding_add(struct analysis *a, const struct facts *f, const char *kind,
                            const char *scope, name subject, struct err *e);
void finding_clear(struct finding *f);

/* Makes the days *first..*last reach over from..upto too. */
void finding_widen(int16_t *first, int16_t *last, int16_t from, int16_t upto);

MUST_USE bool name_list_add(struct name_list *l, name n, struct err *e);
bool name_list_has(const struct name_list *l, name n);
void name_list_clear(struct name_list *l);

const char *fault_text(enum fault v);
const char *severity_text(enum severity s);
enum severity severity_find(const char *word, enum severity otherwise); /* NULL: that */

/* Is it an alarm: open, not muted, at least a warning? */
bool finding_is_alarm(const struct finding *f);
