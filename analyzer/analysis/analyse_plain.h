/* The plain case: most senders with traffic fail most of their sessions. People install
 * this because everything fails, so it needs no past. Pure. */
#pragma once
#include "analyzer/analysis/grid.h"

/* One sender's day, as far as it concerns one kind of failure. */
struct unit {
    name sender;
    int64_t sessions, failed;
    double rate; /* of its past */
    bool established, elevated;
};

enum {
    PLAIN_LEAST_SESSIONS = 5, /* fewer are no traffic */
    PLAIN_LEAST_SENDERS = 3   /* independent ones, unless established */
};

bool plain_case(enum result_type type, const struct unit *units, size_t count);
