/* May a domain go from testing to enforce, or turn on DANE? Clause by clause. Pure. */
#pragma once
#include "analyzer/analysis/analyse.h"

enum {
    READINESS_DAYS = 14,       /* reported days looked at, the latest */
    READINESS_SENDERS = 3,     /* that validate, or at least report */
    READINESS_SESSIONS = 3000, /* so many are seen: clean, they just reach the bound */
    READINESS_NEVER = -1,      /* waiting alone does not help */
};

enum readiness_clause {
    CLAUSE_SENDERS,
    CLAUSE_DAYS,
    CLAUSE_SESSIONS,
    CLAUSE_FAILURES,
    CLAUSE_FINDINGS,
    CLAUSE_COVERED,
    CLAUSE_DRIFT,
    CLAUSES
};

struct readiness_answer {
    const char *clause;
    bool met;
    double figure, needed;
    int days_left; /* 0 when met; READINESS_NEVER */
};

struct readiness {
    name domain;
    bool dane; /* else: enforce MTA-STS */
    bool go;
    struct readiness_answer clauses[CLAUSES];
};

MUST_USE bool readiness_judge(const struct facts *f, const struct analysis *a,
                              name domain, bool dane, struct readiness *out,
                              struct err *e);

/* Does the domain enforce MTA-STS already: by what is declared, else by what senders saw
 * last? */
bool readiness_enforces(const struct facts *f, name domain);

/* Is DANE a question for the domain: are TLSA records declared or seen? */
bool readiness_asks_dane(const struct facts *f, name domain);
