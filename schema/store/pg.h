/* One connection to PostgreSQL; only pg.c includes libpq. Waits are bounded by closing
 * the socket, never by cancelling: a cancelled COMMIT may have happened. Statements are
 * unnamed and no state outlives a transaction, so that pgbouncer in transaction mode may
 * stand between. */
#pragma once
#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

struct pg;

/* How long to wait, in seconds: for each host to take the connection, and for the end of
 * each exchange (0: for ever). */
struct pg_patience {
    int connect_s, exchange_s;
};

/* Connects. `writer` asks a list of hosts for one that takes writes. ERR_CONFIG when the
 * password is wrong. */
MUST_USE bool pg_open(const char *uri, struct pg_patience patience, bool writer,
                      struct pg **out, struct err *e);

/* No exchange from here on goes beyond this moment (clock_ms()); 0: no such limit. */
void pg_limit(struct pg *pg, int64_t until_ms);
void pg_close(struct pg *pg); /* NULL is fine */

/* Is it of no more use: cut, timed out, or in doubt about a COMMIT? */
MUST_USE bool pg_lost(const struct pg *pg);

/* Does the SQLSTATE of the last failure begin so? Not when it was not the server's. */
MUST_USE bool pg_sqlstate_is(const struct pg *pg, const char *prefix);

/* As the server reported it when the connection began; "" if it did not. Never NULL. */
const char *pg_server_setting(const struct pg *pg, const char *name);

/* A value for $n: text, NUL-terminated, when `bytes` is 0 and not `binary`. */
struct pg_param {
    const void *value; /* NULL is null */
    size_t bytes;
    bool binary;
};

/* What a statement must answer: exactly so many columns, and rows within bounds. Anything
 * else is ERR_BUG. No columns: a command. */
struct pg_shape {
    size_t columns, min_rows, max_rows;
};

struct pg_statement {
    const char *sql;
    const struct pg_param *params; /* $1.. */
    size_t param_count;
    struct pg_shape shape;
};

struct pg_rows;

/* Runs one statement. `rows` may be NULL when they do not matter. A failure leaves a
 * transaction that was open aborted. */
MUST_USE bool pg_query(struct pg *pg, const struct pg_statement *q, struct pg_rows **rows,
                       struct err *e);
size_t pg_row_count(const struct pg_rows *rows);
const char *pg_value(const struct pg_rows *rows, size_t row,
                     size_t column);     /* NULL is null */
void pg_rows_free(struct pg_rows *rows); /* NULL is fine */

/* Runs statements separated by semicolons in one exchange and forgets their rows. Each
 * COPY FROM STDIN in it takes the next of `copies`. If it ends in COMMIT, true means that
 * it did commit, without a warning. After a failure no transaction is open. */
MUST_USE bool pg_script(struct pg *pg, const char *sql, const struct buf *const copies[],
                        size_t n, struct err *e);

/* Commits what is open, as pg_script() does. */
MUST_USE bool pg_commit(struct pg *pg, struct err *e);

/* Ends what is open, if anything is. */
void pg_rollback(struct pg *pg);

/* Runs one statement and hands over row by row, in constant memory. `row` stops by
 * returning false; then the rest is cancelled, and it is a failure only if `e` is set. */
typedef bool pg_row_fn(void *ctx, const char *const values[], size_t n, struct err *e);
MUST_USE bool pg_stream(struct pg *pg, const struct pg_statement *q, pg_row_fn *row,
                        void *ctx, struct err *e);
