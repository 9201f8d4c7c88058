/* What the parts of the store share: the connection, and how it is opened again. */
#pragma once
#include "schema/store/pg.h"
#include "schema/store/store.h"

/* The tables that a batch is copied into, in the order of put_believed.sql and
 * put_claimed.sql. */
enum store_table {
    TABLE_POLICY,
    TABLE_REPORT,
    TABLE_RAW,
    TABLE_TALLY,
    STORE_TABLES
};

struct store {
    struct pg *pg; /* NULL: none at the moment */
    char *uri;
    enum store_role role;
    bool snapshot;              /* a transaction is open for reading */
    struct store_pruned pruned; /* as it says */
    bool resent;                /* the last batch held something that was there */
    int32_t first_kept;         /* as lookup_first_kept() heard, for a moment */
    int64_t first_kept_until_ms;
    int connect_s;
    int64_t put_ms;   /* for a whole store_put(); 0: no limit */
    int64_t until_ms; /* of the one under way; 0: none */
    struct buf copies[STORE_TABLES];
};

/* Bounds what is done from here on; 0: no longer. */
void store_until(struct store *s, int64_t until_ms);

/* Makes sure there is a connection, with a new one if the last was lost. */
MUST_USE bool store_connect(struct store *s, struct err *e);
