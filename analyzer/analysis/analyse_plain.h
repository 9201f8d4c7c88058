/* The plain case: most senders with traffic fail most of their sessions. People install
 * this because everything fails, so it needs no past. Pure. */
#pragma once
#include "analyzer/analysis/span.h"

enum {
    PLAIN_LEAST_SESSIONS = 5, /* fewer are no traffic, on one day */
    PLAIN_LEAST_SENDERS = 3,  /* independent ones, unless established; on one day */
    PLAIN_LEAST_FAILED = 10,  /* where fewer senders speak: one has a bad day */
    PLAIN_RUN_DAYS = 3,       /* failing ones, before a block of thin days speaks */
    PLAIN_RUN_FAILED = 6,
    PLAIN_RUN_SENDERS = 2,
};

/* Of one day. */
bool plain_case(enum result_type type, const struct unit *units, size_t count);

/* Of a block of thin days, `failing` of which fail. */
bool plain_run(const struct unit *units, size_t count, int failing);
