/* Prints one thing that was kept so that a person can read it. What cmd_show.c reads from
 * the database comes as the rows of show_report.sql and show_quarantine.sql. */
#pragma once
#include "analyzer/present/prose.h"
#include "analyzer/present/view.h"

/* The columns of show_report.sql and show_quarantine.sql; the latter has one more, which
 * is no part of the view. */
extern const struct column show_columns[], held_columns[];
extern const size_t show_column_count, held_column_count;

/* What c->options->line.args[0] names, in words; its bytes as they came. ERR_INPUT when
 * it names nothing. */
struct context;
MUST_USE bool show_in_words(struct context *c, struct prose *p, struct err *e);
MUST_USE bool show_raw_bytes(struct context *c, struct buf *out, struct err *e);

MUST_USE bool show_report(struct prose *p, const char *const values[], struct err *e);
MUST_USE bool show_held(struct prose *p, const char *const values[], struct err *e);

/* When it came, by which door and from whom: a host for a post, who signed for a mail. */
void show_arrival(struct prose *p, const struct column columns[],
                  const char *const values[]);

/* The value of one of the columns. */
const char *show_cell(const struct column columns[], const char *const values[],
                      const char *key);

/* "2026-11-01 00:05 UTC" of seconds since 1970, into WHEN_INSTANT_SIZE bytes. */
const char *show_minute(const char *seconds, char *text);

/* Appends the bytes of a bytea in hex ("\x00ff"). */
MUST_USE bool show_bytes(const char *hex, struct buf *out, struct err *e);
