/* Who is at fault: compares senders with senders, addresses with addresses, networks with
 * networks and our domains with one another over the days of an incident. Pure. */
#pragma once
#include "analyzer/analysis/analyse_merge.h"
#include "analyzer/analysis/spots.h"

/* One sender's share in it. */
struct witness {
    name sender;
    int64_t sessions, failed;
    double expected;         /* failures that its past explains */
    int64_t foreign;         /* at addresses that are not ours */
    bool elevated;           /* it fails */
    bool powerful;           /* had it failed as the others do, it would show */
    bool other_domain_clean; /* it talks to another domain of ours and does not fail */
};

/* What is known about an incident, pooled over its days and domains. */
struct scope {
    const struct facts *f;
    const uint8_t *excluded;
    const struct incident *in;
    struct name_list domains;
    struct witness *witnesses; /* by sender */
    size_t witness_count;
    struct name_list elevated; /* those of them that fail */
    double rate;               /* that the failing ones agree on */
    int failing, powerful, agreeing;
    struct spots addresses, hosts, networks, reasons;
    size_t addresses_seen, hosts_seen, networks_seen;
    int64_t unplaced;
    int64_t sessions[FACTS_DAYS], failed[FACTS_DAYS]; /* of those that fail */
    double past_rate;                                 /* theirs, pooled */
    int marked_days, past_days;
};

MUST_USE bool scope_measure(struct scope *s, const struct facts *f,
                            const uint8_t *excluded, const struct incident *in,
                            struct err *e);
void scope_clear(struct scope *s);

/* How many of these places fail, more than their own past explains. */
int scope_failing(const struct scope *s, const struct spots *spots);

enum fault triage_verdict(const struct scope *s);
double triage_confidence(const struct scope *s, enum fault verdict);
