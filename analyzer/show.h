/* Prints one thing that was kept so that a person can read it. What cmd_show.c reads from
 * the database comes as the rows of show_report.sql and show_quarantine.sql. */
#pragma once
#include "analyzer/prose.h"
#include "analyzer/view.h"

/* The columns of show_report.sql. */
enum {
    SHOW_ID,
    SHOW_RECEIVED,
    SHOW_TRANSPORT,
    SHOW_TRUST,
    SHOW_STATUS,
    SHOW_COUNTED,
    SHOW_SENDER,
    SHOW_SUBMITTER,
    SHOW_ORGANIZATION,
    SHOW_CONTACT,
    SHOW_REPORT_ID,
    SHOW_DOMAINS,
    SHOW_DAY,
    SHOW_START,
    SHOW_END,
    SHOW_LONG,
    SHOW_QUIRKS,
    SHOW_REASON,
    SHOW_PEER,
    SHOW_PEER_NAME,
    SHOW_BYTES,
    SHOW_SHA256,
    SHOW_CONFLICTS,
    SHOW_POLICIES,
    SHOW_COLUMNS
};
extern const struct column show_columns[SHOW_COLUMNS];

/* The columns of show_quarantine.sql; the last is not part of the view. */
enum {
    HELD_ID,
    HELD_RECEIVED,
    HELD_TRANSPORT,
    HELD_TRUST,
    HELD_STATUS,
    HELD_DOMAINS,
    HELD_REASON,
    HELD_PEER,
    HELD_PEER_NAME,
    HELD_SOURCE,
    HELD_BYTES,
    HELD_SHA256,
    HELD_UNDERSTOOD,
    HELD_COLUMNS,
    HELD_BODY = HELD_COLUMNS
};
extern const struct column held_columns[HELD_COLUMNS];

/* What c->options->args[0] names, in words; its bytes as they came. ERR_INPUT when it
 * names nothing. */
struct context;
MUST_USE bool show_in_words(struct context *c, struct prose *p, struct err *e);
MUST_USE bool show_raw_bytes(struct context *c, struct buf *out, struct err *e);

MUST_USE bool show_report(struct prose *p, const char *const values[SHOW_COLUMNS],
                          struct err *e);
MUST_USE bool show_held(struct prose *p, const char *const values[HELD_COLUMNS + 1],
                        struct err *e);

/* "2026-11-01 00:05 UTC" of seconds since 1970, into WHEN_INSTANT_SIZE bytes. */
const char *show_minute(const char *seconds, char *text);

/* Appends the bytes of a bytea in hex ("\x00ff"). */
MUST_USE bool show_bytes(const char *hex, struct buf *out, struct err *e);
