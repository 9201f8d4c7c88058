/* Rows as an HTML table: what the view of a page writes to. */
#pragma once
#include "analyzer/present/html.h"
#include "analyzer/present/view.h"

struct html_table {
    struct html *html;
    const char *caption;       /* says what the table is, to those who hear it */
    size_t most;               /* rows; then the view fails, without an error */
    bool begun, more;          /* more: there were more rows */
    char received[32], id[64]; /* of the last row, if it has such cells */
    char reason[200];          /* so; what is the same again is not said again */
};

/* A table by hand: its head, with the titles of the columns ("": a column that needs
 * none), and its end; rows come between. */
void html_table_begin(struct html *h, const char *caption, const struct column columns[],
                      size_t count);
void html_table_end(struct html *h);

/* Makes `v` write to `t`. view_clear() as usual. */
void present_html_into(struct view *v, struct html_table *t);
