/* Text for a person, beside the tables: headings, fields, paragraphs. On a terminal they
 * are wrapped to its width and coloured, through its pager; on a page they are HTML.
 * Every text that comes in is escaped here. */
#pragma once
#include "analyzer/present/terminal.h"
#include "analyzer/present/tone.h"
#include "base/buf.h"

#include <stdio.h>

struct prose;
struct html;

/* Where it goes. */
struct prose_medium {
    void (*heading)(struct prose *p, const char *text);
    void (*field)(struct prose *p, int indent, const char *label, enum tone tone,
                  const char *value);
    void (*text)(struct prose *p, int indent, const char *text);
    void (*line)(struct prose *p, enum tone tone, const char *text);
    void (*link)(struct prose *p, const char *href, const char *id, const char *text);
    void (*linked)(struct prose *p, const char *label, const char *href,
                   const char *value);
    bool (*end)(struct prose *p, struct err *e);
};

struct prose {
    const struct prose_medium *medium;
    struct terminal *terminal;
    FILE *out;
    struct buf text; /* scratch */
    struct html *html;
    const char *open; /* the HTML element that lines are in; NULL: none */
};

/* Starts the pager, too. */
void prose_init(struct prose *p, struct terminal *t, FILE *out);
void prose_clear(struct prose *p);

/* For a page; prose_html.c. */
void prose_init_html(struct prose *p, struct html *h);

/* A bold line with an empty one before it (not at the very top). */
void prose_heading(struct prose *p, const char *text);

/* "label   value", the value wrapped and indented below itself; nothing when value is
 * NULL or "". `indent` in columns. */
void prose_field(struct prose *p, int indent, const char *label, enum tone tone,
                 const char *value);

/* The same, whose value is on a page linked to the template `href` (html.h) filled with
 * it. */
void prose_linked(struct prose *p, const char *label, const char *href,
                  const char *value);

/* The same, made from a format. */
void prose_fieldf(struct prose *p, int indent, const char *label, enum tone tone,
                  const char *fmt, ...) PRINTF_LIKE(5, 6);

/* A paragraph, wrapped. */
void prose_text(struct prose *p, int indent, const char *text);

/* One line as it is, escaped but not wrapped: for a matrix drawn with characters. */
void prose_line(struct prose *p, enum tone tone, const char *text);

/* A line that leads to more: on a page `text`, linked to the template `href` filled with
 * `id` (html.h); on a terminal the id before it. */
void prose_link(struct prose *p, const char *href, const char *id, const char *text);

/* False when something could not be written or kept. */
MUST_USE bool prose_end(struct prose *p, struct err *e);
