/* What could not be understood or may not be believed: why, and how it begins. */
#include "analyzer/show.h"
#include "base/count.h"
#include "base/text.h"
#include "base/when.h"
#include "schema/report/vocab.h"
#include "schema/wire/inflate.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_LINES = 24,
    LINE_BYTES = 96,
    INFLATED_BYTES = 1 << 20, /* plenty for a beginning */
};

const struct column held_columns[] = {
    {"id", "ID", COLUMN_TEXT, 0, COLOUR_NONE},
    {"received", NULL, COLUMN_INSTANT, 0, COLOUR_NONE},
    {"transport", NULL, COLUMN_TRANSPORT, 0, COLOUR_NONE},
    {"trust", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"status", NULL, COLUMN_STATUS, 0, COLOUR_NONE},
    {"policy_domains", NULL, COLUMN_LIST, 0, COLOUR_NONE},
    {"reason", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"peer", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"peer_name", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"source", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"bytes", NULL, COLUMN_COUNT, 0, COLOUR_NONE},
    {"body_sha256", NULL, COLUMN_TEXT, 0, COLOUR_NONE},
    {"understood", NULL, COLUMN_INSTANT, 0, COLOUR_NONE},
};
const size_t held_column_count = COUNT_OF(held_columns);

bool
show_bytes(const char *hex, struct buf *out, struct err *e)
{
    if (strncmp(hex, "\\x", 2) == 0 && text_unhex(out, hex + 2))
        return true;
    return out->failed ? err_nomem(e) : err_set(e, ERR_BUG, "bytes are expected in hex");
}

/* Bytes of the next line, at most LINE_BYTES and not within a UTF-8 character. */
static size_t
line_length(const char *text, size_t left)
{
    size_t n = 0;

    while (n < left && n < LINE_BYTES && text[n] != '\n')
        n++;
    if (n == LINE_BYTES) {
        while (n > LINE_BYTES / 2 && ((unsigned char)text[n] & 0xC0) == 0x80)
            n--;
    }
    return n;
}

static void
put_beginning(struct prose *p, const struct buf *text)
{
    char line[LINE_BYTES + 4];
    size_t at = 0, n;

    for (int lines = 0; at < text->len && lines < MOST_LINES; lines++) {
        n = line_length(text->bytes + at, text->len - at);
        /* a NUL cannot stand in a text; what is escaped cannot either, but shows */
        memcpy(line + 2, text->bytes + at, n);
        for (size_t i = 2; i < n + 2; i++) {
            if (line[i] == '\0')
                line[i] = 1;
            else if (line[i] == '\t')
                line[i] = ' ';
        }
        line[0] = line[1] = ' ';
        if (n > 0 && line[1 + n] == '\r')
            n--;
        line[2 + n] = '\0';
        prose_line(p, TONE_PLAIN, line);
        at += n;
        at += at < text->len && text->bytes[at] == '\r';
        at += at < text->len && text->bytes[at] == '\n';
    }
    if (at < text->len)
        prose_line(p, TONE_DIM, "  ...");
}

static const char *
cell(const char *const v[], const char *key)
{
    return show_cell(held_columns, v, key);
}

static void
put_head(struct prose *p, const char *const v[])
{
    enum status status = (enum status)strtol(cell(v, "status"), NULL, 10);
    char heading[64], at[WHEN_INSTANT_SIZE];

    (void)snprintf(heading, sizeof heading, "%s %.40s",
                   status == STATUS_IGNORED ? "Ignored" : "Quarantined", cell(v, "id"));
    prose_heading(p, heading);
    prose_field(p, 0, "why", TONE_WARN, cell(v, "reason"));
    prose_field(p, 0, "counted", TONE_PLAIN, "no, in no figure");
    show_arrival(p, held_columns, v);
    prose_field(p, 0, "source", TONE_PLAIN, cell(v, "source"));
    prose_field(p, 0, "bytes", TONE_PLAIN, cell(v, "bytes"));
    prose_field(p, 0, "SHA-256", TONE_PLAIN, cell(v, "body_sha256"));
    if (cell(v, "understood") != NULL)
        prose_fieldf(p, 0, "understood", TONE_GOOD,
                     "%s by `tlsrptd reparse`: see `tlsrpt reports`",
                     show_minute(cell(v, "understood"), at));
}

bool
show_held(struct prose *p, const char *const values[], struct err *e)
{
    static const struct inflate_limits limits = {.max_bytes = INFLATED_BYTES,
                                                 .max_members = 16};
    struct err not_inflated = {0};
    struct buf body, list, plain;
    quirk_set quirks = 0;
    bool ok;

    buf_init(&body, 0);
    buf_init(&list, 0);
    buf_init(&plain, 0);
    ok = show_bytes(values[held_column_count], &body, e) &&
         view_list_join(&list, cell(values, "policy_domains"), ", ", e);
    if (ok) {
        put_head(p, values);
        prose_field(p, 0, "seems about", TONE_PLAIN, list.bytes);
        /* broken as it may be: what was inflated before it broke is shown */
        (void)!inflate_bytes(body.bytes, body.len, &limits, &plain, &quirks,
                             &not_inflated);
        prose_heading(p,
                      plain.len > 0 && inflate_sniff(body.bytes, body.len) != INFLATE_JSON
                          ? "It begins, inflated"
                          : "It begins");
        put_beginning(p, plain.len > 0 ? &plain : &body);
    }
    buf_clear(&plain);
    buf_clear(&list);
    buf_clear(&body);
    return ok;
}
