/* RFC 6376 section 3.4. */
#include "collector/dkim/dkim_canon.h"

#include <string.h>

/* Gathers small writes, for a hash is slow on single bytes. */
struct out {
    dkim_sink *sink;
    void *ctx;
    size_t len;
    char bytes[4096];
};

static void
flush(struct out *o)
{
    if (o->len > 0)
        o->sink(o->ctx, o->bytes, o->len);
    o->len = 0;
}

static void
put(struct out *o, const char *bytes, size_t n)
{
    while (n > 0) {
        size_t room = sizeof o->bytes - o->len, part = n < room ? n : room;

        memcpy(o->bytes + o->len, bytes, part);
        o->len += part;
        bytes += part;
        n -= part;
        if (o->len == sizeof o->bytes)
            flush(o);
    }
}

static bool
is_wsp(char c)
{
    return c == ' ' || c == '\t';
}

/* Runs of white space become one space; *gap says that one is due before the next
 * character. */
static void
put_squeezed(struct out *o, const char *line, size_t n, bool *gap)
{
    for (size_t i = 0; i < n;) {
        size_t from = i;

        while (i < n && !is_wsp(line[i]))
            i++;
        if (i > from) {
            if (*gap)
                put(o, " ", 1);
            *gap = false;
            put(o, line + from, i - from);
        }
        for (; i < n && is_wsp(line[i]); i++)
            *gap = true;
    }
}

static void
put_name(struct out *o, enum dkim_canon c, const struct message_field *f)
{
    for (size_t i = 0; i < f->name_len; i++) {
        char ch = f->name[i];

        if (c == DKIM_RELAXED && ch >= 'A' && ch <= 'Z')
            ch = (char)(ch - 'A' + 'a');
        put(o, &ch, 1);
    }
    put(o, ":", 1);
}

/* A piece of a field's value. `started`: something of the value was put already. */
static void
put_value(struct out *o, enum dkim_canon c, const char *value, size_t n, bool *started,
          bool *gap)
{
    const char *at = value, *end = value + n, *line;
    bool first = true;
    size_t len;

    while (message_line(&at, end, &line, &len)) {
        if (c == DKIM_SIMPLE) {
            if (!first)
                put(o, "\r\n", 2);
            put(o, line, len);
        } else {
            while (!*started && len > 0 && is_wsp(*line)) {
                line++;
                len--;
            }
            *started = *started || len > 0;
            put_squeezed(o, line, len, gap);
        }
        first = false;
    }
}

void
dkim_canon_field(enum dkim_canon c, const struct message_field *f, dkim_sink *sink,
                 void *ctx)
{
    struct out o = {.sink = sink, .ctx = ctx};
    bool started = false, gap = false;

    put_name(&o, c, f);
    put_value(&o, c, f->value, f->value_len, &started, &gap);
    put(&o, "\r\n", 2);
    flush(&o);
}

void
dkim_canon_signature(enum dkim_canon c, const struct message_field *f, size_t b_at,
                     size_t b_end, dkim_sink *sink, void *ctx)
{
    struct out o = {.sink = sink, .ctx = ctx};
    bool started = false, gap = false;

    put_name(&o, c, f);
    put_value(&o, c, f->value, b_at, &started, &gap);
    put_value(&o, c, f->value + b_end, f->value_len - b_end, &started, &gap);
    flush(&o);
}

void
dkim_canon_body(enum dkim_canon c, const char *body, size_t n, dkim_sink *sink, void *ctx)
{
    struct out o = {.sink = sink, .ctx = ctx};
    const char *at = body, *end = body + n, *line;
    size_t len, empty_lines = 0;
    bool any = false;

    while (message_line(&at, end, &line, &len)) {
        bool ended = at < end || end[-1] == '\n', gap = false;

        /* White space at a relaxed line's end goes, but not where no line end follows:
         * such a body never went through SMTP, and dkimpy keeps it. */
        while (c == DKIM_RELAXED && ended && len > 0 && is_wsp(line[len - 1]))
            len--;
        if (len == 0) {
            empty_lines++;
            continue;
        }
        for (; empty_lines > 0; empty_lines--)
            put(&o, "\r\n", 2);
        if (c == DKIM_RELAXED)
            put_squeezed(&o, line, len, &gap);
        else
            put(&o, line, len);
        if (gap)
            put(&o, " ", 1);
        put(&o, "\r\n", 2);
        any = true;
    }
    if (!any && c == DKIM_SIMPLE)
        put(&o, "\r\n", 2); /* section 3.4.3: an empty body is one CRLF */
    flush(&o);
}
