/* Text for a person, beside the tables: headings, fields, paragraphs, on a terminal
 * wrapped to its width and coloured, through its pager. Every text that comes in is
 * escaped here. */
#pragma once
#include "analyzer/terminal.h"
#include "analyzer/tone.h"
#include "base/buf.h"

#include <stdio.h>

struct prose {
    struct terminal *terminal;
    FILE *out;
    struct buf text; /* scratch */
};

/* Starts the pager, too. */
void prose_init(struct prose *p, struct terminal *t, FILE *out);
void prose_clear(struct prose *p);

/* A bold line with an empty one before it (not at the very top). */
void prose_heading(struct prose *p, const char *text);

/* "label   value", the value wrapped and indented below itself; nothing when value is
 * NULL or "". `indent` in columns. */
void prose_field(struct prose *p, int indent, const char *label, enum tone tone,
                 const char *value);

/* The same, made from a format. */
void prose_fieldf(struct prose *p, int indent, const char *label, enum tone tone,
                  const char *fmt, ...) PRINTF_LIKE(5, 6);

/* A paragraph, wrapped. */
void prose_text(struct prose *p, int indent, const char *text);

/* One line as it is, escaped but not wrapped: for a matrix drawn with characters. */
void prose_line(struct prose *p, enum tone tone, const char *text);

/* False when something could not be written or kept. */
MUST_USE bool prose_end(struct prose *p, struct err *e);
