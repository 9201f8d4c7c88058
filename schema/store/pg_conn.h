/* What pg*.c share: the only header that includes libpq. */
#pragma once
#include "schema/store/pg.h"

#include <libpq-fe.h>

enum {
    SQLSTATE_LEN = 5
};

struct pg {
    PGconn *conn;
    int wait_s;
    int64_t until_ms;    /* of all exchanges; 0: none */
    int64_t deadline_ms; /* of the exchange under way; 0: none */
    bool warned;         /* a WARNING arrived in the exchange under way */
    bool lost;
    char sqlstate[SQLSTATE_LEN + 1];
};

/* Record what went wrong. Always return false. */
bool pg_fail_lost(struct pg *pg, const char *why, struct err *e);
bool pg_fail_result(struct pg *pg, const PGresult *r,
                    struct err *e); /* NULL: the connection */

/* Begins an exchange: its deadline, and no failure yet. */
void pg_start(struct pg *pg);
MUST_USE bool pg_flush(struct pg *pg, struct err *e);

/* The next result of the exchange; *r is NULL at its end. */
MUST_USE bool pg_next(struct pg *pg, PGresult **r, struct err *e);

/* Until the connection is idle; forgets results. */
void pg_drain(struct pg *pg);

MUST_USE bool pg_send(struct pg *pg, const struct pg_statement *q, struct err *e);
MUST_USE bool pg_has_shape(const PGresult *r, struct pg_shape shape, struct err *e);
