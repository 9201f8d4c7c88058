/* A connection and one statement on it. libpq waits for ever, so the waiting is done
 * here; a connection is busy until PQgetResult() returns NULL. */
#include "schema/store/pg.h"

#include "base/clock.h"
#include "base/count.h"
#include "schema/store/pg_conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MAX_PARAMS = 32,
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

bool
pg_fail_lost(struct pg *pg, const char *why, struct err *e)
{
    pg->lost = true;
    return fail_text(e, ERR_AGAIN, why);
}

bool
pg_fail_result(struct pg *pg, const PGresult *r, struct err *e)
{
    const char *state = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *text = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

    if (PQstatus(pg->conn) == CONNECTION_BAD || state == NULL)
        return pg_fail_lost(pg, PQerrorMessage(pg->conn), e);
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

void
pg_start(struct pg *pg)
{
    pg->warned = false;
    pg->sqlstate[0] = '\0';
    pg->deadline_ms = pg->wait_s == 0 ? 0 : clock_ms() + (int64_t)pg->wait_s * 1000;
    if (pg->until_ms != 0 && (pg->deadline_ms == 0 || pg->until_ms < pg->deadline_ms))
        pg->deadline_ms = pg->until_ms;
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
        return pg_fail_lost(pg, "no answer in time", e);
    n = poll(&p, 1, (int)left);
    if (n < 0 && errno != EINTR)
        return pg_fail_lost(pg, strerror(errno), e);
    if (n > 0 && (p.revents & ~POLLOUT) != 0 && PQconsumeInput(pg->conn) == 0)
        return pg_fail_result(pg, NULL, e);
    return true;
}

bool
pg_flush(struct pg *pg, struct err *e)
{
    int left;

    while ((left = PQflush(pg->conn)) == 1)
        if (!wait_for(pg, POLLIN | POLLOUT, e))
            return false;
    return left == 0 || pg_fail_result(pg, NULL, e);
}

/* The next result of the exchange; *r is NULL at its end. */
bool
pg_next(struct pg *pg, PGresult **r, struct err *e)
{
    *r = NULL;
    if (!pg_flush(pg, e))
        return false;
    while (PQisBusy(pg->conn))
        if (!wait_for(pg, POLLIN, e))
            return false;
    *r = PQgetResult(pg->conn);
    return true;
}

/* Until the connection is idle; forgets results. */
void
pg_drain(struct pg *pg)
{
    PGresult *r;

    while (!pg->lost && pg_next(pg, &r, NULL) && r != NULL) {
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

bool
pg_send(struct pg *pg, const struct pg_statement *q, struct err *e)
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
    pg_start(pg);
    if (PQsendQueryParams(pg->conn, q->sql, (int)n, NULL, values, lengths, formats, 0) ==
        0)
        return pg_fail_result(pg, NULL, e);
    return true;
}

bool
pg_has_shape(const PGresult *r, struct pg_shape shape, struct err *e)
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
    if (!pg_send(pg, q, e))
        return false;
    /* An error may come behind a success: the commit of a single statement. */
    ok = true;
    while (pg_next(pg, &r, ok ? e : NULL) && r != NULL) {
        ExecStatusType status = PQresultStatus(r);

        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
            ok = ok && pg_fail_result(pg, r, e);
        PQclear(kept);
        kept = r;
    }
    ok = ok && !pg->lost && kept != NULL && pg_has_shape(kept, q->shape, e);
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
