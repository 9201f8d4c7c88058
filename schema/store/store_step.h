/* The owner's work, step by step: each is a transaction of its own, under the lock that
 * keeps two hosts from maintaining one database at once. */
#pragma once
#include "schema/store/store_conn.h"

struct maintenance {
    struct pg *pg;
    store_say_fn *say;
    void *ctx;
    bool busy; /* another one is at it: the steps do nothing */
};

enum {
    STEP_PARAMS = 2
};

struct step {
    const char *sql; /* its first column, a number, is the result */
    const char *params[STEP_PARAMS];
    size_t param_count, columns;
};

/* Sets *n, to 0 when another one is at it. */
MUST_USE bool step_run(struct maintenance *m, const struct step *step, int64_t *n,
                       struct err *e);

void step_say(const struct maintenance *m, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The steps of store_prune(). */
MUST_USE bool prune_run(struct maintenance *m, const struct store_limits *limits,
                        bool dry_run, struct err *e);
