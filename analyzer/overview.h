/* What the latest days amount to, of all domains and of each: made once with the
 * findings, so that neither a page nor a command counts again. Days end with yesterday,
 * the last complete one; of the policy types of a report only the leading one counts, and
 * newcomers with absurd counts do not. Pure. */
#pragma once
#include "analyzer/analysis/finding.h"
#include "base/figure.h"

enum {
    OVERVIEW_DAYS = 28,
    OVERVIEW_WEEK = 7,
    OVERVIEW_SAYS = 160, /* bytes of a sentence */
};

enum overview_policy {
    OVERVIEW_NONE, /* or not known */
    OVERVIEW_TESTING,
    OVERVIEW_ENFORCE,
};

struct overview_sum {
    int64_t sessions, failed;
};

/* Days of a domain, or of all. */
struct overview_days {
    struct overview_sum days[OVERVIEW_DAYS], week; /* the last is yesterday */
    int64_t refused; /* of the week: failed under an enforced policy, or under DANE */
    int32_t
        last_day; /* since 1970: the latest with a report; 0: none of those looked at */
};

struct overview_domain {
    name domain;
    struct overview_days of;
    enum overview_policy policy; /* MTA-STS, as declared, else as senders see it */
    bool go;                     /* from testing to enforce */
    bool dane;                   /* TLSA records are declared or seen */
    const struct finding *worst; /* that is open and not muted; NULL: none */
};

struct overview {
    struct overview_days all;
    int heard, expected;  /* senders of the week: of those that report by habit */
    int senders;          /* all that reported in the week */
    int64_t last_arrival; /* to the hour: of the latest report that can be believed; 0 */
    struct overview_domain
        *domains; /* those with open findings first, then by failures */
    size_t domain_count;
};

/* `out` is to be cleared, also on failure. */
MUST_USE bool overview_make(const struct facts *f, const struct analysis *a,
                            struct overview *out, struct err *e);
void overview_clear(struct overview *o);

/* "99.87 %", cut rather than rounded: "100 %" only without a failure; "-" without
 * sessions. Into FIGURE_SIZE bytes; returns out. */
char *overview_secure(const struct overview_sum *sum, char *out);

/* "in the last 7 days 1,234 sessions from 5 senders, 99.8 % secure; last report 5 Nov";
 * into OVERVIEW_SAYS bytes. */
void overview_say(const struct overview *o, char *out, size_t size);
