/* Tables for people. On a terminal the table is as wide as that: columns that can be
 * spared go first, then long texts are cut with an ellipsis; elsewhere nothing is cut. */
#include "analyzer/present/layout.h"
#include "analyzer/present/view.h"
#include "base/figure.h"
#include "base/text.h"

#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

struct table {
    struct libscols_table *lines;
    struct layout layout;           /* of the columns with a title */
    size_t cells[VIEW_MAX_COLUMNS]; /* which cell of a row each of them shows */
};

/* Columns that one character takes. */
static size_t
character_width(uint32_t cp)
{
    int n = wcwidth((wchar_t)cp);

    return n < 0 ? 1 : (size_t)n;
}

static size_t
text_width(const char *text)
{
    size_t width = 0, n = strlen(text), len;
    uint32_t cp = 0;

    for (size_t i = 0; i < n; i += len) {
        if ((len = text_next(text + i, n - i, &cp)) == 0)
            len = 1;
        width += character_width(cp);
    }
    return width;
}

/* Ends `text`, which is wider than `width`, with an ellipsis that fits. */
static void
cut(struct buf *out, const char *text, size_t width)
{
    size_t used = 0, n = strlen(text), i = 0, len, w;
    uint32_t cp = 0;

    while (i < n && (len = text_next(text + i, n - i, &cp)) > 0) {
        if (used + (w = character_width(cp)) > width - 1)
            break;
        used += w;
        i += len;
    }
    (void)buf_append(out, text, i);
    (void)buf_puts(out, "…");
}

static bool
table_begin(struct view *v, struct err *e)
{
    struct table *t = calloc(1, sizeof *t);
    struct libscols_column *c;

    if ((v->state = t) == NULL || (t->lines = scols_new_table()) == NULL)
        return err_nomem(e);
    /* what comes in is escaped already */
    scols_table_enable_noencoding(t->lines, 1);
    scols_table_enable_colors(t->lines, v->terminal->colour);
    scols_table_set_stream(t->lines, v->out);
    scols_table_set_termforce(t->lines, SCOLS_TERMFORCE_NEVER);
    scols_table_set_column_separator(t->lines, "  ");
    for (size_t i = 0; i < v->column_count; i++) {
        if (v->columns[i].title == NULL)
            continue;
        t->layout.columns[t->layout.count] = &v->columns[i];
        t->cells[t->layout.count] = i;
        t->layout.natural[t->layout.count++] = text_width(v->columns[i].title);
        c = scols_table_new_column(t->lines, v->columns[i].title, 0,
                                   column_is_number(&v->columns[i]) ? SCOLS_FL_RIGHT : 0);
        if (c == NULL)
            return err_nomem(e);
        if (v->terminal->colour)
            scols_cell_set_color(scols_column_get_header(c), tone_start(TONE_BOLD));
    }
    return true;
}

static bool
put_cell(struct buf *out, enum column_type type, const char *cell, struct err *e)
{
    char number[FIGURE_SIZE];
    struct buf list;
    bool ok = true;

    switch (type) {
    case COLUMN_COUNT:
        (void)buf_puts(out, figure_count(strtoll(cell, NULL, 10), number));
        break;
    case COLUMN_INSTANT: /* to the minute: 2026-03-01 00:00 */
        (void)buf_printf(out, "%.10s %.5s", cell, cell + 11);
        break;
    case COLUMN_FLAG:
        (void)buf_puts(out, *cell == 't' ? "yes" : "no");
        break;
    case COLUMN_LIST:
        buf_init(&list, 0);
        ok = view_list_join(&list, cell, ", ", e) &&
             (list.len == 0 || text_escape(out, list.bytes, list.len));
        buf_clear(&list);
        break;
    case COLUMN_TEXT:
    case COLUMN_NUMBER:
    case COLUMN_DAY:
    case COLUMN_JSON:
    case COLUMN_TRANSPORT:
    case COLUMN_STATUS:
        (void)text_escape(out, cell, strlen(cell));
    }
    if (out->len == 0)
        (void)buf_putc(out, '-');
    return ok && !out->failed;
}

static bool
table_row(struct view *v, const char *const cells[], struct err *e)
{
    struct table *t = v->state;
    struct libscols_line *line = scols_table_new_line(t->lines, NULL);
    enum tone tone;
    size_t width;

    if (line == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < t->layout.count; i++) {
        const char *cell = cells[t->cells[i]];

        buf_reset(&v->cell);
        if (!put_cell(&v->cell, cell == NULL ? COLUMN_TEXT : t->layout.columns[i]->type,
                      cell == NULL ? "-" : cell, e) ||
            scols_line_set_data(line, i, v->cell.bytes) != 0)
            return err_nomem(e);
        tone = cell == NULL ? TONE_PLAIN : column_tone(t->layout.columns[i], cell);
        if (tone != TONE_PLAIN && v->terminal->colour)
            scols_cell_set_color(scols_line_get_cell(line, i), tone_start(tone));
        width = text_width(v->cell.bytes);
        if (width > t->layout.natural[i])
            t->layout.natural[i] = width;
    }
    return true;
}

/* Cuts the cells of a line to the widths of their columns. */
static bool
cut_line(struct view *v, const struct layout *l, struct libscols_line *line)
{
    for (size_t i = 0; i < l->count; i++) {
        struct libscols_cell *cell = scols_line_get_cell(line, i);
        const char *text = scols_cell_get_data(cell);

        if (text == NULL || l->widths[i] == 0 || text_width(text) <= l->widths[i])
            continue;
        buf_reset(&v->cell);
        cut(&v->cell, text, l->widths[i]);
        if (v->cell.failed || scols_cell_set_data(cell, v->cell.bytes) != 0)
            return false;
    }
    return true;
}

/* Lays the table out and cuts what is too wide. */
static bool
fit(struct view *v, struct table *t)
{
    struct libscols_iter *lines = scols_new_iter(SCOLS_ITER_FORWARD);
    struct libscols_line *line;
    bool ok = lines != NULL;

    layout_fit(&t->layout, v->terminal->width);
    while (ok && scols_table_next_line(t->lines, lines, &line) == 0)
        ok = cut_line(v, &t->layout, line);
    scols_free_iter(lines);
    for (size_t i = 0; i < t->layout.count; i++) {
        if (t->layout.widths[i] == 0)
            scols_column_set_flags(scols_table_get_column(t->lines, i), SCOLS_FL_HIDDEN);
    }
    return ok;
}

/* Says which columns were spared. */
static bool
say_spared(struct view *v, const struct table *t, struct err *e)
{
    struct buf *out = &v->cell;
    const char *between = "not shown for want of width: ";

    buf_reset(out);
    for (size_t i = 0; i < t->layout.count; i++) {
        if (t->layout.widths[i] != 0)
            continue;
        (void)buf_printf(out, "%s%s", between, t->layout.columns[i]->key);
        between = ", ";
    }
    if (out->len == 0)
        return true;
    if (v->terminal->colour)
        (void)fputs(tone_start(TONE_DIM), v->out);
    if (!view_write(v, out->bytes, out->len, e))
        return false;
    return fprintf(v->out, "%s\n", v->terminal->colour ? tone_end(TONE_DIM) : "") > 0;
}

static bool
table_end(struct view *v, struct err *e)
{
    struct table *t = v->state;

    if (v->row_count == 0)
        return true;
    if (!fit(v, t))
        return err_nomem(e);
    if (v->out == stdout)
        terminal_page(v->terminal);
    if (scols_print_table(t->lines) != 0)
        return view_write(v, "\n", 1, e);
    return say_spared(v, t, e);
}

static void
table_clear(struct view *v)
{
    struct table *t = v->state;

    if (t == NULL)
        return;
    scols_unref_table(t->lines);
    free(t);
}

const struct presenter present_table = {.name = "table",
                                        .begin = table_begin,
                                        .row = table_row,
                                        .end = table_end,
                                        .clear = table_clear};
