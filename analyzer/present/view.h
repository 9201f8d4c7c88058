/* What a command says, before any format: typed columns and rows. A command knows only
 * this, a presenter knows only this, so that N commands and M formats cost N + M files.
 */
#pragma once
#include "analyzer/present/terminal.h"
#include "analyzer/present/tone.h"
#include "base/arena.h"
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

enum column_type {
    COLUMN_TEXT,
    COLUMN_COUNT,     /* a whole number >= 0 */
    COLUMN_NUMBER,    /* with a fraction */
    COLUMN_DAY,       /* YYYY-MM-DD */
    COLUMN_INSTANT,   /* seconds since 1970; said as RFC 3339 UTC */
    COLUMN_FLAG,      /* t or true, f or false */
    COLUMN_LIST,      /* texts: a JSON array of strings in the cell */
    COLUMN_JSON,      /* any JSON; tables leave it out */
    COLUMN_TRANSPORT, /* the stored number; said as its word (vocab.h) */
    COLUMN_STATUS,    /* so */
};

/* How a table colours a cell. */
enum column_colour {
    COLOUR_NONE,
    COLOUR_WORD,     /* by tone_of_word() */
    COLOUR_FAILURES, /* a count above 0 is bad */
};

struct column {
    const char *key;   /* snake_case, the key in JSON and the header in CSV */
    const char *title; /* of the table's column; NULL: not in the table */
    enum column_type type;
    int spare; /* when a table is narrow the highest goes first; 0: never; -1: nor is it
                  cut */
    enum column_colour colour;
};

enum view_format {
    VIEW_TABLE,
    VIEW_JSON,
    VIEW_NDJSON,
    VIEW_CSV,
    VIEW_CSV_RAW,
    VIEW_FORMATS,
    VIEW_HTML = VIEW_FORMATS, /* of pages only: v->state is a struct html_table */
};

enum {
    VIEW_MAX_COLUMNS = 40
};

/* One answer on its way out. The fields are for presenters; commands use the functions.
 */
struct view {
    const struct presenter *presenter;
    struct terminal *terminal;
    FILE *out;
    const struct column *columns;
    size_t column_count;
    size_t row_count;   /* before the row at hand */
    void *state;        /* the presenter's */
    struct buf cell;    /* scratch of the presenter */
    struct arena texts; /* of the row at hand: what numbers were said as */
    bool failed;        /* there was no memory for one of them */
};

/* One format; but for `row` a member may be NULL. A presenter gets instants as RFC 3339
 * and words for stored numbers. */
struct presenter {
    const char *name;
    bool (*begin)(struct view *v, struct err *e);
    bool (*row)(struct view *v, const char *const cells[], struct err *e);
    bool (*end)(struct view *v, struct err *e);
    void (*clear)(struct view *v);
};

extern const struct presenter present_table, present_json, present_ndjson, present_csv,
    present_csv_raw, present_html;

/* The format of a name ("json"); false if there is none. */
MUST_USE bool view_format_find(const char *name, enum view_format *out);

/* The answer goes to `out`; when that is standard output, through the terminal's pager
 * (table only). */
void view_init(struct view *v, enum view_format format, struct terminal *t, FILE *out);
void view_clear(struct view *v);

/* Says what the columns are. They must live as long as the view. */
MUST_USE bool view_begin(struct view *v, const struct column columns[], size_t count,
                         struct err *e);

/* One row, each cell the text of its type, NULL for null. Formats other than the table
 * write it at once. ERR_BUG when a cell is not of its column's type. */
MUST_USE bool view_row(struct view *v, const char *const values[], struct err *e);

/* Texts for the cells of the next row, which view_row() throws away; it also tells when
 * there was no memory for one. */
const char *view_text(struct view *v, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *view_day(struct view *v, int32_t day);

/* No more rows. */
MUST_USE bool view_end(struct view *v, struct err *e);

/* ---- for presenters ---- */

bool column_is_number(const struct column *c);
enum tone column_tone(const struct column *c, const char *cell);

/* Writes to the view's output. False without an error when its reader has left (EPIPE).
 */
MUST_USE bool view_write(struct view *v, const char *bytes, size_t n, struct err *e);

/* Appends the elements of a COLUMN_LIST cell, joined; not escaped. */
MUST_USE bool view_list_join(struct buf *out, const char *cell, const char *between,
                             struct err *e);

/* Appends n bytes of a text as a JSON string. What could act on a terminal is written as
 * \uXXXX. */
bool view_json_string(struct buf *out, const char *text, size_t n);
