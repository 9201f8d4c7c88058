/* Receiving hosts that no mx: pattern of the policy matches (RFC 8461 section 4.1): mail
 * to them is refused as soon as the policy enforces. Pure. */
#pragma once
#include "analyzer/analysis/finding.h"

/* Adds such findings, and takes away those that it explains. */
MUST_USE bool mx_find(const struct facts *f, struct analysis *a, struct err *e);

/* What the domain's policies cover, for many hosts to be asked of: that of a report and
 * those of its policies may be thousands. */
struct mx_patterns {
    const struct facts *f;
    const struct declared *declared; /* NULL: nothing is */
    struct mx_pattern {
        const char *text; /* a host, or what follows "*" */
        size_t bytes;
        bool wild;
    } * rows; /* of all policies that a sender saw, in order */
    size_t count;
};

MUST_USE bool mx_patterns_init(struct mx_patterns *p, const struct facts *f, name domain,
                               struct err *e);
void mx_patterns_clear(struct mx_patterns *p);

/* Is the host covered by the policy that the domain declares, or else by one that a
 * sender saw? True when no policy with patterns is known. */
bool mx_is_covered(const struct mx_patterns *p, name host, int day);
