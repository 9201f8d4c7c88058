/* Several statements in one exchange, COPY among them, and rows one at a time. COMMIT of
 * a failed transaction answers ROLLBACK as a success, and one whose wait for a standby
 * was cancelled answers COMMIT with a warning: neither counts. */
#include "base/fault.h"
#include "schema/store/pg_conn.h"

#include <string.h>

enum {
    MAX_COLUMNS = 64,
    TAG_BYTES = 16,
    PIECE_BYTES = 256 << 10, /* of a COPY: libpq holds a copy of each */
};

static bool
feed_pieces(struct pg *pg, const struct buf *data, struct err *e)
{
    int n;

    for (size_t at = 0, piece; at < data->len; at += piece) {
        piece = data->len - at < PIECE_BYTES ? data->len - at : PIECE_BYTES;
        while ((n = PQputCopyData(pg->conn, data->bytes + at, (int)piece)) == 0)
            if (!pg_flush(pg, e))
                return false;
        if (n < 0)
            return pg_fail_result(pg, NULL, e);
        if (piece == PIECE_BYTES && !pg_flush(pg, e))
            return false;
    }
    return true;
}

/* The last COPY of a script is what its COMMIT waits for: until its end has left, nothing
 * can be committed; from then on it may be. */
static bool
feed_copy(struct pg *pg, const struct buf *data, bool last, struct err *e)
{
    int n;

    if (!feed_pieces(pg, data, e))
        return false;
    if (last)
        FAULT("before-commit");
    while ((n = PQputCopyEnd(pg->conn, NULL)) == 0)
        if (!pg_flush(pg, e))
            return false;
    if (last && n > 0 && !pg_flush(pg, e))
        return false;
    if (last)
        FAULT("commit-sent");
    return n > 0 || pg_fail_result(pg, NULL, e);
}

static bool
ends_in_commit(const char *sql)
{
    static const char end[] = "COMMIT";
    size_t n = strlen(sql), m = sizeof end - 1;

    while (n > 0 && sql[n - 1] == '\n')
        n--;
    return n >= m && memcmp(sql + n - m, end, m) == 0;
}

/* Takes the results of a script; `last` is the tag of its last command. */
static bool
take_results(struct pg *pg, const struct buf *const copies[], size_t n,
             char last[TAG_BYTES], struct err *e)
{
    size_t fed = 0;
    bool ok = true;
    PGresult *r;

    while (pg_next(pg, &r, ok ? e : NULL) && r != NULL) {
        ExecStatusType status = PQresultStatus(r);

        if (status == PGRES_COPY_IN) {
            ok = fed < n ? feed_copy(pg, copies[fed], fed + 1 == n, e)
                         : PQputCopyEnd(pg->conn, "no data") >= 0;
            fed++;
        } else if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            ok = ok && pg_fail_result(pg, r, e);
        }
        strncpy(last, PQcmdStatus(r), TAG_BYTES - 1);
        PQclear(r);
        if (pg->lost)
            break;
    }
    return ok && !pg->lost &&
           (fed == n || err_set(e, ERR_BUG, "a script without its COPY"));
}

bool
pg_script(struct pg *pg, const char *sql, const struct buf *const copies[], size_t n,
          struct err *e)
{
    char last[TAG_BYTES] = "";
    bool commits = ends_in_commit(sql);

    if (pg->lost)
        return err_set(e, ERR_AGAIN, "database: the connection was lost");
    pg_start(pg);
    if (PQsendQuery(pg->conn, sql) == 0)
        return pg_fail_result(pg, NULL, e);
    if (!take_results(pg, copies, n, last, e)) {
        pg_rollback(pg);
        return false;
    }
    if (commits)
        FAULT("after-commit");
    if (commits && strcmp(last, "COMMIT") != 0)
        return err_set(e, ERR_AGAIN, "database: the transaction was rolled back");
    if (commits && pg->warned)
        return pg_fail_lost(pg, "the commit was not confirmed", e);
    return true;
}

bool
pg_commit(struct pg *pg, struct err *e)
{
    /* The time limit of the transaction must not cancel a COMMIT that waits for a
     * standby. */
    return pg_script(pg, "SET LOCAL statement_timeout = 0; COMMIT", NULL, 0, e);
}

void
pg_rollback(struct pg *pg)
{
    char why[SQLSTATE_LEN + 1];

    if (pg->lost || PQtransactionStatus(pg->conn) == PQTRANS_IDLE)
        return;
    memcpy(why, pg->sqlstate, sizeof why);
    pg_start(pg);
    if (PQsendQuery(pg->conn, "ROLLBACK") == 0)
        pg->lost = true;
    pg_drain(pg);
    memcpy(pg->sqlstate, why, sizeof why); /* the caller still wants to know */
}

/* ---- rows, one at a time ---- */

static bool
give_row(const PGresult *r, size_t columns, pg_row_fn *row, void *ctx, struct err *e)
{
    const char *values[MAX_COLUMNS];

    for (size_t i = 0; i < columns; i++)
        values[i] = PQgetisnull(r, 0, (int)i) ? NULL : PQgetvalue(r, 0, (int)i);
    return row(ctx, values, columns, e);
}

static void
cancel(struct pg *pg)
{
    PGcancel *c = PQgetCancel(pg->conn);
    char text[256];

    if (c != NULL)
        (void)PQcancel(c, text, sizeof text);
    PQfreeCancel(c);
}

/* Hands over what one result holds; false when no more is wanted or it failed. */
static bool
take_row(struct pg *pg, const PGresult *r, const struct pg_statement *q, pg_row_fn *row,
         void *ctx, struct err *e)
{
    ExecStatusType status = PQresultStatus(r);

    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK)
        return pg_fail_result(pg, r, e);
    if (!pg_has_shape(r, (struct pg_shape){q->shape.columns, 0, 1}, e))
        return false;
    return status == PGRES_TUPLES_OK || give_row(r, q->shape.columns, row, ctx, e);
}

bool
pg_stream(struct pg *pg, const struct pg_statement *q, pg_row_fn *row, void *ctx,
          struct err *e)
{
    struct err why = {0};
    bool stopped = false;
    PGresult *r;

    if (q->shape.columns > MAX_COLUMNS)
        return err_set(e, ERR_BUG, "a statement with %zu columns", q->shape.columns);
    if (!pg_send(pg, q, e))
        return false;
    PQsetSingleRowMode(pg->conn);
    /* What comes after a failure or a cancel says nothing new. */
    while (pg_next(pg, &r, stopped ? NULL : &why) && r != NULL) {
        if (!stopped && !take_row(pg, r, q, row, ctx, &why)) {
            stopped = true;
            cancel(pg);
        }
        PQclear(r);
    }
    return why.kind == ERR_NONE || err_set(e, why.kind, "%s", why.text);
}
