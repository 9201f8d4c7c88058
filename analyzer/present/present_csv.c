/* RFC 4180, and safe to open in a spreadsheet: a text that one would take for a formula
 * (it starts with = + - @) gets an apostrophe before it, as is usual; csv-raw leaves that
 * out. What a terminal would act on is escaped as in tables, line feeds included, so a
 * row is a line. */
#include "analyzer/present/view.h"
#include "base/count.h"
#include "base/text.h"

#include <string.h>

static bool
is_free_text(enum column_type type)
{
    return type == COLUMN_TEXT || type == COLUMN_LIST || type == COLUMN_JSON;
}

static bool
starts_formula(const char *text)
{
    /* the wide forms are what they look like to a spreadsheet set to Chinese or Japanese
     */
    static const char *const signs[] = {"=",  "+",  "-",  "@",  "\t", "\r",
                                        "\n", "＝", "＋", "－", "＠"};

    text += strspn(text, " \"'");
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        if (strncmp(text, signs[i], strlen(signs[i])) == 0)
            return true;
    }
    return false;
}

/* Appends a text escaped; `safe`: with an apostrophe before what would be a formula, also
 * after a semicolon, at which a spreadsheet set to another language begins a cell. */
static void
put_text(struct buf *out, const char *text, bool safe)
{
    for (;;) {
        size_t n = strcspn(text, ";");

        if (safe && starts_formula(text))
            (void)buf_putc(out, '\'');
        (void)text_escape(out, text, n);
        if (text[n] == '\0')
            return;
        (void)buf_putc(out, ';');
        text += n + 1;
    }
}

static bool
put_quoted(struct view *v, const char *text, struct err *e)
{
    const char *quote;

    if (text[strcspn(text, ",\"")] == '\0' && *text != ' ')
        return view_write(v, text, strlen(text), e);
    if (!view_write(v, "\"", 1, e))
        return false;
    while ((quote = strchr(text, '"')) != NULL) {
        if (!view_write(v, text, (size_t)(quote - text), e) ||
            !view_write(v, "\"\"", 2, e))
            return false;
        text = quote + 1;
    }
    return view_write(v, text, strlen(text), e) && view_write(v, "\"", 1, e);
}

static bool
put_cell(struct view *v, enum column_type type, const char *cell, struct err *e)
{
    struct buf *out = &v->cell;
    struct buf list;
    bool ok = true;

    if (cell == NULL)
        return true;
    buf_init(&list, 0);
    buf_reset(out);
    if (type == COLUMN_LIST && (ok = view_list_join(&list, cell, ";", e)))
        cell = list.bytes == NULL ? "" : list.bytes;
    put_text(out, cell, is_free_text(type) && v->presenter == &present_csv);
    buf_clear(&list);
    if (!ok || out->bytes == NULL)
        return ok;
    return out->failed ? err_nomem(e) : put_quoted(v, out->bytes, e);
}

static bool
csv_begin(struct view *v, struct err *e)
{
    bool ok = true;

    for (size_t i = 0; i < v->column_count && ok; i++)
        ok = (i == 0 || view_write(v, ",", 1, e)) &&
             view_write(v, v->columns[i].key, strlen(v->columns[i].key), e);
    return ok && view_write(v, "\r\n", 2, e);
}

static bool
csv_row(struct view *v, const char *const cells[], struct err *e)
{
    bool ok = true;

    for (size_t i = 0; i < v->column_count && ok; i++)
        ok = (i == 0 || view_write(v, ",", 1, e)) &&
             put_cell(v, v->columns[i].type, cells[i], e);
    return ok && view_write(v, "\r\n", 2, e);
}

const struct presenter present_csv = {.name = "csv", .begin = csv_begin, .row = csv_row};

const struct presenter present_csv_raw = {
    .name = "csv-raw", .begin = csv_begin, .row = csv_row};
