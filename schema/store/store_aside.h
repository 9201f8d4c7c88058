/* The quarantine's side of the store: input that no figure may count, kept whole. */
#pragma once
#include "schema/store/store_conn.h"

/* One input to keep. */
struct aside {
    struct submission *s;
    enum status status;         /* STATUS_QUARANTINED or STATUS_IGNORED */
    const char *reason;         /* any bytes: what is no UTF-8 is escaped */
    const char *policy_domains; /* likewise; "" if nothing is known */
    int32_t arrival_day;        /* set by aside_put(): since 1970 */
};

/* Keeps them, each once, and sets their outcomes after the COMMIT. False when some
 * could not be kept: those have no outcome then. `e` must not be NULL. */
MUST_USE bool aside_put(struct store *s, struct aside items[], size_t n, struct err *e);
