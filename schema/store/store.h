/* The database as the rest of the program sees it. Only schema/store/pg.c includes libpq.
 * One struct store is one connection, for one thread at a time, and holds no state
 * between calls but a transaction that is open. */
#pragma once
#include "schema/report/submission.h"

struct store;

enum store_role {
    STORE_OWNER,
    STORE_COLLECTOR,
    STORE_REPARSE,
    STORE_READER,
    STORE_ROLES
};

/* "tlsrpt_owner" and so on. Static. */
const char *store_role_name(enum store_role role);

/* Connects (libpq URI or conninfo, several hosts included) with bounded waits, checks the
 * encoding and, unless `role` is STORE_OWNER, that the program and the schema fit:
 * ERR_CONFIG says what to do
 * (`tlsrptd migrate`, upgrade the program), ERR_AGAIN when the database cannot be
 * reached. */
MUST_USE bool store_open(const char *uri, enum store_role role, struct store **out,
                         struct err *e);
/* The same, for one who will not wait longer than this for each host to answer. */
MUST_USE bool store_open_within(const char *uri, enum store_role role, int connect_s,
                                struct store **out, struct err *e);
void store_close(struct store *s); /* NULL is fine */

/* Keeps a batch in one transaction and sets the outcome of each, after a COMMIT that
 * really committed. The order of items does not matter; identical ones in one batch are
 * merged. A row that PostgreSQL refuses (class 22, 23, 54) is quarantined with the reason
 * and its neighbours are kept. Retries deadlocks, serialization failures and one lost
 * connection itself. False (ERR_AGAIN) when the database is away: then every outcome that
 * is not certain is OUTCOME_AGAIN. */
MUST_USE bool store_put(struct store *s, struct submission *const items[], size_t n,
                        struct err *e);

/* Gives each later store_put() so many milliseconds, after which the connection is given
 * up; 0: no limit of its own. */
void store_limit(struct store *s, int64_t ms);

/* Is the connection of no more use, so that the caller should close and open again? */
MUST_USE bool store_lost(const struct store *s);

/* ---- reading ---- */

/* Opens a read-only snapshot that sees what had arrived by `as_of` (seconds since 1970;
 * INT64_MAX: all). Queries see it as the view `instant`. Ends the one before it, if any.
 */
MUST_USE bool store_snapshot(struct store *s, int64_t as_of, struct err *e);

/* Ends the snapshot, so that a connection that is kept holds nothing back. */
void store_end(struct store *s);

/* What the snapshot no longer holds report by report: days before *day (since 1970), of
 * which the daily sums are left. INT32_MIN when nothing was dropped. */
struct store_pruned {
    int32_t day;
    int64_t arrived; /* by then all that was summed up had come; INT64_MIN: none */
};
struct store_pruned store_pruned(const struct store *s);

/* One row of an answer: text as PostgreSQL prints it, NULL for null; bytea in hex. Return
 * false to stop (set e, or leave it unset to stop without an error). */
typedef bool store_row_fn(void *ctx, const char *const values[], size_t n, struct err *e);

/* Runs one statement of schema/sql/queries with text parameters (NULL is null), row by
 * row in constant memory. `columns` is how many the statement must return: another number
 * is ERR_BUG. */
MUST_USE bool store_query(struct store *s, const char *sql, const char *const params[],
                          size_t param_count, size_t columns, store_row_fn *row,
                          void *ctx, struct err *e);

/* Runs one statement of schema/sql/queries that judges the server and needs nothing of
 * ours, so that any role may; ends the snapshot, if any. Rows of severity (critical,
 * warning), a short name ("fsync-off"), what is wrong, what mends it. */
MUST_USE bool store_judge(struct store *s, const char *sql, const char *const params[],
                          size_t param_count, store_row_fn *row, void *ctx,
                          struct err *e);

/* So what a crash or a failover of this server would lose of what it has acknowledged, by
 * its settings. */
MUST_USE bool store_durability(struct store *s, store_row_fn *row, void *ctx,
                               struct err *e);

/* ---- what metrics count ---- */

/* So many reports came to this since the process last said so. */
struct intake_count {
    enum transport transport;
    enum tier tier;      /* 0: not accepted */
    const char *outcome; /* label of a verdict */
    int64_t reports;
};

/* Appends what this process, on the host `collector`, made of deliveries. When
 * store_lost() after a failure, it may have been done. */
MUST_USE bool store_count(struct store *s, const char *collector,
                          const struct intake_count counts[], size_t n, struct err *e);

/* What is asked from now on must be over in `ms` all in all, or the connection counts as
 * lost (ERR_AGAIN); 0: no limit. */
void store_within(struct store *s, int64_t ms);

/* Does it answer within so many milliseconds? Connects if need be. */
MUST_USE bool store_ping(struct store *s, int64_t ms, struct err *e);

/* Moves what was added since into the running totals, where at most so many policy
 * domains and senders have names; the rest is "other". Nothing is done while another one
 * is at it. Cheap when it is called often. */
MUST_USE bool store_fold(struct store *s, int64_t max_domains, int64_t max_senders,
                         struct err *e);

/* ---- reading the quarantine again (STORE_REPARSE) ---- */

/* Notes that an input of the quarantine, named as reparse_list.sql names it, is stored.
 */
MUST_USE bool store_note_reparsed(struct store *s, const char *arrival_day,
                                  const char *body_hash, struct err *e);

/* ---- the owner's work ---- */

/* Where the owner's work says what it did, one line at a time, no line feed. May be NULL.
 */
typedef void store_say_fn(void *ctx, const char *line);

/* Brings the database up to this program: creates the schema `tlsrpt` and, where it may,
 * the four roles, runs the migrations that are missing, each once and for all, in one
 * transaction under an advisory lock, records which programs fit, grants, makes months 13
 * back and 3 ahead. Safe to repeat and to run from several hosts at once. ERR_CONFIG when
 * a migration that has run differs from ours, or the database belongs to a newer program.
 * Where it may not create the roles it goes on without them and says the SQL that a DBA
 * has to run. */
MUST_USE bool store_migrate(const char *owner_uri, store_say_fn *say, void *ctx,
                            struct err *e);

enum {
    STORE_MONTHS_BACK_DAYS = 400, /* as far back as a collector may make room */
};

/* Makes the month of a day (days since 1970), however long ago: a collector may go back
 * STORE_MONTHS_BACK_DAYS, an archive further. */
MUST_USE bool store_make_month(const char *owner_uri, int32_t day, struct err *e);

/* Limits on the quarantine (ignored mail included) and on reports; 0 is no limit. */
struct store_limits {
    int64_t quarantine_days;  /* whole days are dropped after so many */
    int64_t quarantine_bytes; /* of input kept: the source that holds most loses first */
    int64_t quarantine_source_bytes;        /* of one source, when that is reached */
    int64_t metric_domains, metric_senders; /* that running totals name */
    int64_t claim_bytes, claim_source_bytes, claim_days; /* of unverified reports */
    int64_t raw_days, report_days; /* how long the bytes of reports, and they, are kept */
};

/* Drops the months that lie behind limits->raw_days and report_days and sums up what the
 * latter counted; `dry_run` only says what would go. A month is a transaction of its own,
 * so it may be interrupted. store_maintain() does the same. */
MUST_USE bool store_prune(const char *owner_uri, const struct store_limits *limits,
                          bool dry_run, store_say_fn *say, void *ctx, struct err *e);

/* Which unverified reports to remove; NULL or 0 is any. */
struct store_forget {
    const char *peer; /* an address or a prefix */
    const char *sender, *domain;
    int64_t since; /* of arrival, seconds since 1970 */
    bool dry_run;
};

/* Removes them, with the bytes that they came in, and says how many. */
MUST_USE bool store_forget(const char *owner_uri, const struct store_forget *which,
                           store_say_fn *say, void *ctx, struct err *e);

/* What runs from a timer, or hourly: months and quarantine days ahead, the limits of the
 * quarantine (what they cost is kept in the table `eviction`) and of reports, running
 * totals for metrics, statistics for the planner. Under an advisory lock; when another
 * one is at it, says so and returns true.
 */
MUST_USE bool store_maintain(const char *owner_uri, const struct store_limits *limits,
                             store_say_fn *say, void *ctx, struct err *e);
