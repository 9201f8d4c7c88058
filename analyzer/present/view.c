/* What all formats share: cells become texts once, so that each presenter only escapes
 * and arranges. */
#include "analyzer/present/view.h"

#include "base/text.h"
#include "base/when.h"
#include "schema/report/vocab.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct presenter *const presenters[VIEW_FORMATS + 1] = {
    [VIEW_TABLE] = &present_table,     [VIEW_JSON] = &present_json,
    [VIEW_NDJSON] = &present_ndjson,   [VIEW_CSV] = &present_csv,
    [VIEW_CSV_RAW] = &present_csv_raw, [VIEW_HTML] = &present_html,
};

bool
view_format_find(const char *name, enum view_format *out)
{
    for (size_t i = 0; i < VIEW_FORMATS; i++) {
        if (strcmp(name, presenters[i]->name) == 0) {
            *out = (enum view_format)i;
            return true;
        }
    }
    return false;
}

void
view_init(struct view *v, enum view_format format, struct terminal *t, FILE *out)
{
    *v = (struct view){.presenter = presenters[format], .terminal = t, .out = out};
    buf_init(&v->cell, 0);
}

void
view_clear(struct view *v)
{
    if (v->presenter->clear != NULL)
        v->presenter->clear(v);
    v->state = NULL;
    buf_clear(&v->cell);
    arena_clear(&v->texts);
}

bool
view_begin(struct view *v, const struct column columns[], size_t count, struct err *e)
{
    if (count > VIEW_MAX_COLUMNS)
        return err_set(e, ERR_BUG, "%zu columns are too many for a view", count);
    v->columns = columns;
    v->column_count = count;
    v->row_count = 0;
    return v->presenter->begin == NULL || v->presenter->begin(v, e);
}

/* The word of a stored number; NULL if it has none. */
static const char *
stored_word(enum column_type type, int64_t number)
{
    if (type == COLUMN_TRANSPORT)
        return number >= TRANSPORT_HTTPS && number <= TRANSPORT_IMAP
                   ? transport_text((enum transport)number)
                   : NULL;
    return number >= STATUS_ACCEPTED && number <= STATUS_IGNORED
               ? status_text((enum status)number)
               : NULL;
}

const char *
view_text(struct view *v, const char *fmt, ...)
{
    char *text;
    va_list ap;

    va_start(ap, fmt);
    text = arena_vprintf(&v->texts, fmt, ap);
    va_end(ap);
    v->failed |= text == NULL;
    return text;
}

const char *
view_day(struct view *v, int32_t day)
{
    char text[WHEN_DAY_SIZE];

    return view_text(v, "%s", when_print_day(day, text));
}

/* A value as the presenters get it; NULL when it is not of its column's type. */
static const char *
cell_text(struct view *v, enum column_type type, const char *value)
{
    char *end, instant[WHEN_INSTANT_SIZE];
    int64_t number;

    switch (type) {
    case COLUMN_TEXT:
    case COLUMN_DAY:
    case COLUMN_LIST:
    case COLUMN_JSON:
        return value;
    case COLUMN_COUNT:
        return *value != '\0' && value[strspn(value, "0123456789")] == '\0' ? value
                                                                            : NULL;
    case COLUMN_NUMBER:
        return *value != '\0' && value[strspn(value, "-+.0123456789e")] == '\0' ? value
                                                                                : NULL;
    case COLUMN_FLAG:
        return *value == 't' ? "true" : *value == 'f' ? "false" : NULL;
    case COLUMN_INSTANT:
    case COLUMN_TRANSPORT:
    case COLUMN_STATUS:
        break;
    }
    number = strtoll(value, &end, 10);
    if (end == value || *end != '\0')
        return NULL;
    return type == COLUMN_INSTANT
               ? view_text(v, "%s", when_print_instant(number, instant))
               : stored_word(type, number);
}

bool
view_row(struct view *v, const char *const values[], struct err *e)
{
    const char *cells[VIEW_MAX_COLUMNS];

    for (size_t i = 0; i < v->column_count; i++) {
        cells[i] = NULL;
        if (values[i] != NULL &&
            (cells[i] = cell_text(v, v->columns[i].type, values[i])) == NULL &&
            !v->failed)
            return err_set(e, ERR_BUG, "column %s cannot hold \"%.40s\"",
                           v->columns[i].key, values[i]);
    }
    if (v->failed)
        return err_nomem(e);
    if (!v->presenter->row(v, cells, e))
        return false;
    arena_clear(&v->texts);
    v->row_count++;
    return true;
}

bool
view_end(struct view *v, struct err *e)
{
    return v->presenter->end == NULL || v->presenter->end(v, e);
}

bool
column_is_number(const struct column *c)
{
    return c->type == COLUMN_COUNT || c->type == COLUMN_NUMBER;
}

enum tone
column_tone(const struct column *c, const char *cell)
{
    if (c->colour == COLOUR_WORD)
        return tone_of_word(cell);
    return c->colour == COLOUR_FAILURES && cell[strspn(cell, "0")] != '\0' ? TONE_BAD
                                                                           : TONE_PLAIN;
}

bool
view_write(struct view *v, const char *bytes, size_t n, struct err *e)
{
    if (fwrite(bytes, 1, n, v->out) == n)
        return true;
    return errno == EPIPE
               ? false
               : err_set(e, ERR_AGAIN, "cannot write the answer: %s", strerror(errno));
}

bool
view_list_join(struct buf *out, const char *cell, const char *between, struct err *e)
{
    json_t *list = json_loads(cell, 0, NULL), *item;
    size_t i;

    if (!json_is_array(list)) {
        json_decref(list);
        return err_set(e, ERR_BUG, "a list is expected, not \"%.40s\"", cell);
    }
    json_array_foreach(list, i, item)
    {
        if (i > 0)
            (void)buf_puts(out, between);
        if (json_is_string(item))
            (void)buf_puts(out, json_string_value(item));
    }
    json_decref(list);
    return out->failed ? err_nomem(e) : true;
}
