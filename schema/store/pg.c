/* libpq waits for ever, so the waiting is done here; a connection is busy until
 * PQgetResult() returns NULL. COMMIT of a failed transaction answers ROLLBACK as a
 * success, and one whose wait for a standby was cancelled answers COMMIT with a warning:
 * neither counts. */
#include "schema/store/pg.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/fault.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAX_PARAMS = 32,
    MAX_COLUMNS = 64,
    SQLSTATE_LEN = 5,
    TAG_BYTES = 16,
    PIECE_BYTES = 256 << 10, /* of a COPY: libpq holds a copy of each */
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

/* ---- failing ---- */

/* What the caller must do, by SQLSTATE; the first prefix that fits. */
static const struct {
    const char *prefix;
    enum err_kind kind;
} kinds[] = {
    {"22", ERR_INPUT},     /* data exception */
    {"23", ERR_INPUT},     /* integrity constraint violation */
    {"54", ERR_INPUT},     /* program limit exceeded: too long for a key */
    {"28", ERR_CONFIG},    /* invalid authorization */
    {"3D", ERR_CONFIG},    /* no such database */
    {"3F", ERR_CONFIG},    /* no such schema */
    {"42501", ERR_CONFIG}, /* insufficient privilege */
    {"42P01", ERR_CONFIG}, /* undefined table: not migrated */
    {"42883", ERR_CONFIG}, /* undefined function: not migrated */
    {"25006", ERR_CONFIG}, /* read-only transaction */
    {"42", ERR_BUG},       /* syntax error or access rule violation */
    {"26", ERR_BUG},       /* no such prepared statement */
    {"", ERR_AGAIN},
};

static enum err_kind
kind_of(const char *sqlstate)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strncmp(sqlstate, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return kinds[i].kind;
    return ERR_AGAIN;
}

/* Without the line feeds that libpq puts in and after its messages. */
static bool
fail_text(struct err *e, enum err_kind kind, const char *text)
{
    char line[sizeof e->text];
    size_t n = 0;

    while (*text != '\0' && n < sizeof line - 1) {
        line[n++] = (char)((unsigned char)*text < ' ' ? ' ' : *text);
        text++;
    }
    while (n > 0 && line[n - 1] == ' ')
        n--;
    line[n] = '\0';
    return err_set(e, kind, "database: %s", line);
}

static bool
fail_lost(struct pg *pg, const char *why, struct err *e)
{
    pg->lost = true;
    return fail_text(e, ERR_AGAIN, why);
}

static bool
fail_result(struct pg *pg, const PGresult *r, struct err *e)
{
    const char *state = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *text = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    if (PQstatus(pg->conn) == CONNECTION_BAD || state == NULL)
        return fail_lost(pg, PQerrorMessage(pg->conn), e);
    memcpy(pg->sqlstate, state, SQLSTATE_LEN);
    /* Shut down, crashed or no longer the primary: the next connection may do better. */
    if (strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0)
        pg->lost = true;
    return fail_text(e, kind_of(state), text == NULL ? "unknown error" : text);
}

static void
notice(void *ctx, const PGresult *r)
{
    const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity != NULL && strcmp(severity, "WARNING") == 0)
        ((struct pg *)ctx)->warned = true;
}

/* ---- waiting ---- */

/* From now on; what comes in pieces renews it with each. */
static void
renew_deadline(struct pg *pg)
{
    pg->deadline_ms = pg->wait_s == 0 ? 0 : clock_ms() + (int64_t)pg->wait_s * 1000;
    if (pg->until_ms != 0 && (pg->deadline_ms == 0 || pg->until_ms < pg->deadline_ms))
        pg->deadline_ms = pg->until_ms;
}

static void
start(struct pg *pg)
{
    pg->warned = false;
    pg->sqlstate[0] = '\0';
    renew_deadline(pg);
}

void
pg_limit(struct pg *pg, int64_t until_ms)
{
    pg->until_ms = until_ms;
}

static bool
wait_for(struct pg *pg, short events, struct err *e)
{
    struct pollfd p = {.fd = PQsocket(pg->conn), .events = events};
    int64_t left = -1;
    int n;

    if (pg->deadline_ms != 0 && (left = pg->deadline_ms - clock_ms()) <= 0)
        return fail_lost(pg, "no answer in time", e);
    n = poll(&p, 1, (int)left);
    if (n < 0 && errno != EINTR)
        return fail_lost(pg, strerror(errno), e);
    if (n > 0 && (p.revents & ~POLLOUT) != 0 && PQconsumeInput(pg->conn) == 0)
        return fail_result(pg, NULL, e);
    return true;
}

static bool
flush(struct pg *pg, struct err *e)
{
    int left;

    while ((left = PQflush(pg->conn)) == 1)
        if (!wait_for(pg, POLLIN | POLLOUT, e))
            return false;
    return left == 0 || fail_result(pg, NULL, e);
}

/* The next result of the exchange; *r is NULL at its end. */
static bool
next(struct pg *pg, PGresult **r, struct err *e)
{
    *r = NULL;
    if (!flush(pg, e))
        return false;
    while (PQisBusy(pg->conn))
        if (!wait_for(pg, POLLIN, e))
            return false;
    *r = PQgetResult(pg->conn);
    return true;
}

/* Until the connection is idle; forgets results. */
static void
drain(struct pg *pg)
{
    PGresult *r;

    while (!pg->lost && next(pg, &r, NULL) && r != NULL) {
        bool copying = PQresultStatus(r) == PGRES_COPY_IN;

        PQclear(r);
        if (copying && PQputCopyEnd(pg->conn, "not wanted") < 0)
            return;
    }
}

/* ---- connecting ---- */

/* libpq has the SQLSTATE of a refused login in the text of a verbose error only, so ask
 * again where a password was at stake: 28P01 does not go away by waiting. */
static enum err_kind
why_refused(PGconn *conn)
{
    if (!PQconnectionUsedPassword(conn) && !PQconnectionNeedsPassword(conn))
        return ERR_AGAIN;
    (void)PQsetErrorVerbosity(conn, PQERRORS_SQLSTATE);
    PQreset(conn);
    return PQconnectionNeedsPassword(conn) ||
                   strstr(PQerrorMessage(conn), "28P01") != NULL
               ? ERR_CONFIG
               : ERR_AGAIN;
}

static bool
fail_to_open(PGconn *conn, struct err *e)
{
    struct err why = {0};

    if (conn == NULL)
        return err_nomem(e);
    (void)fail_text(&why, ERR_AGAIN, PQerrorMessage(conn));
    return err_set(e, why_refused(conn), "%s", why.text);
}

bool
pg_open(const char *uri, struct pg_patience patience, bool writer, struct pg **out,
        struct err *e)
{
    char connect_s[16];
    static const char *const keys[] = {"connect_timeout",
                                       "keepalives",
                                       "keepalives_idle",
                                       "keepalives_interval",
                                       "keepalives_count",
                                       "tcp_user_timeout",
                                       "client_encoding",
                                       "fallback_application_name",
                                       "target_session_attrs",
                                       "dbname",
                                       NULL};
    /* The URI comes last, so that it may say otherwise. */
    const char *values[] = {connect_s, "1",      "30",
                            "10",      "3",      "30000",
                            "UTF8",    "tlsrpt", writer ? "read-write" : "any",
                            uri,       NULL};
    struct pg *pg = calloc(1, sizeof *pg);

    *out = NULL;
    if (pg == NULL)
        return err_nomem(e);
    (void)snprintf(connect_s, sizeof connect_s, "%d", patience.connect_s);
    pg->wait_s = patience.exchange_s;
    pg->conn = PQconnectdbParams(keys, values, 1);
    if (pg->conn == NULL || PQstatus(pg->conn) != CONNECTION_OK ||
        PQsetnonblocking(pg->conn, 1) != 0) {
        (void)fail_to_open(pg->conn, e);
        pg_close(pg);
        return false;
    }
    PQsetNoticeReceiver(pg->conn, notice, pg);
    *out = pg;
    return true;
}

void
pg_close(struct pg *pg)
{
    if (pg == NULL)
        return;
    PQfinish(pg->conn);
    free(pg);
}

bool
pg_lost(const struct pg *pg)
{
    return pg->lost;
}

bool
pg_sqlstate_is(const struct pg *pg, const char *prefix)
{
    return pg->sqlstate[0] != '\0' && strncmp(pg->sqlstate, prefix, strlen(prefix)) == 0;
}

const char *
pg_server_setting(const struct pg *pg, const char *name)
{
    const char *value = PQparameterStatus(pg->conn, name);

    return value == NULL ? "" : value;
}

/* ---- one statement ---- */

static bool
send(struct pg *pg, const struct pg_statement *q, struct err *e)
{
    const struct pg_param *params = q->params;
    size_t n = q->param_count;
    const char *values[MAX_PARAMS];
    int lengths[MAX_PARAMS], formats[MAX_PARAMS];

    if (n > MAX_PARAMS)
        return err_set(e, ERR_BUG, "a statement with %zu parameters", n);
    if (pg->lost)
        return err_set(e, ERR_AGAIN, "database: the connection was lost");
    for (size_t i = 0; i < n; i++) {
        values[i] = params[i].value;
        lengths[i] = (int)params[i].bytes;
        formats[i] = params[i].binary;
    }
    start(pg);
    if (PQsendQueryParams(pg->conn, q->sql, (int)n, NULL, values, lengths, formats, 0) ==
        0)
        return fail_result(pg, NULL, e);
    return true;
}

static bool
has_shape(const PGresult *r, struct pg_shape shape, struct err *e)
{
    size_t columns = (size_t)PQnfields(r), rows = (size_t)PQntuples(r);

    if (columns != shape.columns || rows < shape.min_rows || rows > shape.max_rows)
        return err_set(e, ERR_BUG, "a statement answered %zu columns and %zu rows",
                       columns, rows);
    return true;
}

bool
pg_query(struct pg *pg, const struct pg_statement *q, struct pg_rows **rows,
         struct err *e)
{
    PGresult *kept = NULL, *r;
    bool ok;

    if (rows != NULL)
        *rows = NULL;
    if (!send(pg, q, e))
        return false;
    /* An error may come behind a success: the commit of a single statement. */
    ok = true;
    while (next(pg, &r, ok ? e : NULL) && r != NULL) {
        ExecStatusType status = PQresultStatus(r);

        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
            ok = ok && fail_result(pg, r, e);
        PQclear(kept);
        kept = r;
    }
    ok = ok && !pg->lost && kept != NULL && has_shape(kept, q->shape, e);
    if (ok && rows != NULL)
        *rows = (struct pg_rows *)kept;
    else
        PQclear(kept);
    return ok;
}

size_t
pg_row_count(const struct pg_rows *rows)
{
    return (size_t)PQntuples((const PGresult *)rows);
}

const char *
pg_value(const struct pg_rows *rows, size_t row, size_t column)
{
    const PGresult *r = (const PGresult *)rows;

    return PQgetisnull(r, (int)row, (int)column) ? NULL
                                                 : PQgetvalue(r, (int)row, (int)column);
}

void
pg_rows_free(struct pg_rows *rows)
{
    PQclear((PGresult *)rows);
}

/* ---- several statements in one exchange, COPY among them ---- */

static bool
feed_pieces(struct pg *pg, const struct buf *data, struct err *e)
{
    int n;

    for (size_t at = 0, piece; at < data->len; at += piece) {
        piece = data->len - at < PIECE_BYTES ? data->len - at : PIECE_BYTES;
        while ((n = PQputCopyData(pg->conn, data->bytes + at, (int)piece)) == 0)
            if (!flush(pg, e))
                return false;
        if (n < 0)
            return fail_result(pg, NULL, e);
        if (piece == PIECE_BYTES && !flush(pg, e))
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
        if (!flush(pg, e))
            return false;
    if (last && n > 0 && !flush(pg, e))
        return false;
    if (last)
        FAULT("commit-sent");
    return n > 0 || fail_result(pg, NULL, e);
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

    while (next(pg, &r, ok ? e : NULL) && r != NULL) {
        ExecStatusType status = PQresultStatus(r);

        if (status == PGRES_COPY_IN) {
            ok = fed < n ? feed_copy(pg, copies[fed], fed + 1 == n, e)
                         : PQputCopyEnd(pg->conn, "no data") >= 0;
            fed++;
        } else if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            ok = ok && fail_result(pg, r, e);
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
    start(pg);
    if (PQsendQuery(pg->conn, sql) == 0)
        return fail_result(pg, NULL, e);
    if (!take_results(pg, copies, n, last, e)) {
        pg_rollback(pg);
        return false;
    }
    if (commits)
        FAULT("after-commit");
    if (commits && strcmp(last, "COMMIT") != 0)
        return err_set(e, ERR_AGAIN, "database: the transaction was rolled back");
    if (commits && pg->warned)
        return fail_lost(pg, "the commit was not confirmed", e);
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
    start(pg);
    if (PQsendQuery(pg->conn, "ROLLBACK") == 0)
        pg->lost = true;
    drain(pg);
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
        return fail_result(pg, r, e);
    if (!has_shape(r, (struct pg_shape){q->shape.columns, 0, 1}, e))
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
    if (!send(pg, q, e))
        return false;
    PQsetSingleRowMode(pg->conn);
    /* What comes after a failure or a cancel says nothing new. */
    while (next(pg, &r, stopped ? NULL : &why) && r != NULL) {
        if (!stopped && !take_row(pg, r, q, row, ctx, &why)) {
            stopped = true;
            cancel(pg);
        }
        PQclear(r);
        renew_deadline(pg); /* the caller's own time counts for nothing */
    }
    return why.kind == ERR_NONE || err_set(e, why.kind, "%s", why.text);
}
