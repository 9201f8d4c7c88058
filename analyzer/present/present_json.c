/* One array of objects, or one object a line. What a terminal would act on is written as
 * \uXXXX, which is the same JSON. */
#include "analyzer/present/view.h"
#include "base/text.h"

#include <string.h>

static bool
put_escaped(struct buf *out, uint32_t cp)
{
    if (cp < 0x10000)
        return buf_printf(out, "\\u%04x", cp);
    cp -= 0x10000;
    return buf_printf(out, "\\u%04x\\u%04x", 0xD800 + (cp >> 10), 0xDC00 + (cp & 0x3FF));
}

/* Appends text, or with `inside` the inside of a JSON string. A byte that is no UTF-8
 * becomes U+FFFD: JSON has no other way. */
static bool
put_text(struct buf *out, const char *text, size_t n, bool inside)
{
    size_t len;
    uint32_t cp = 0;

    for (size_t i = 0; i < n; i += len) {
        if ((len = text_next(text + i, n - i, &cp)) == 0) {
            len = 1;
            (void)buf_puts(out, "\xEF\xBF\xBD");
        } else if (inside && (cp == '"' || cp == '\\')) {
            (void)buf_printf(out, "\\%c", (char)cp);
        } else if (text_is_unsafe(cp) && (inside || cp >= 0x7F)) {
            (void)put_escaped(out, cp);
        } else {
            (void)buf_append(out, text + i, len);
        }
    }
    return !out->failed;
}

bool
view_json_string(struct buf *out, const char *text, size_t n)
{
    (void)buf_putc(out, '"');
    (void)put_text(out, text, n, true);
    return buf_putc(out, '"');
}

static void
put_cell(struct buf *out, enum column_type type, const char *cell)
{
    if (cell == NULL) {
        (void)buf_puts(out, "null");
        return;
    }
    switch (type) {
    case COLUMN_COUNT:
    case COLUMN_NUMBER:
    case COLUMN_FLAG:
        (void)buf_puts(out, cell);
        return;
    case COLUMN_LIST:
    case COLUMN_JSON: /* characters beyond ASCII stand in JSON only inside strings */
        (void)put_text(out, cell, strlen(cell), false);
        return;
    case COLUMN_TEXT:
    case COLUMN_DAY:
    case COLUMN_INSTANT:
    case COLUMN_TRANSPORT:
    case COLUMN_STATUS:
        break;
    }
    (void)view_json_string(out, cell, strlen(cell));
}

/* Writes the object and `before` it; the rest is up to stdio. */
static bool
write_object(struct view *v, const char *before, const char *const cells[], struct err *e)
{
    struct buf *out = &v->cell;

    buf_reset(out);
    (void)buf_puts(out, before);
    (void)buf_putc(out, '{');
    for (size_t i = 0; i < v->column_count; i++) {
        (void)buf_printf(out, "%s\"%s\": ", i == 0 ? "" : ", ", v->columns[i].key);
        put_cell(out, v->columns[i].type, cells[i]);
    }
    (void)buf_putc(out, '}');
    return out->failed ? err_nomem(e) : view_write(v, out->bytes, out->len, e);
}

static bool
json_row(struct view *v, const char *const cells[], struct err *e)
{
    return write_object(v, v->row_count == 0 ? "[\n" : ",\n", cells, e);
}

static bool
json_end(struct view *v, struct err *e)
{
    return v->row_count == 0 ? view_write(v, "[]\n", 3, e) : view_write(v, "\n]\n", 3, e);
}

static bool
ndjson_row(struct view *v, const char *const cells[], struct err *e)
{
    return write_object(v, "", cells, e) && view_write(v, "\n", 1, e);
}

/* Not even a bracket before the first row or the end: a query that fails says nothing. */
const struct presenter present_json = {.name = "json", .row = json_row, .end = json_end};
const struct presenter present_ndjson = {.name = "ndjson", .row = ndjson_row};
