/* RFC 5322 section 2.2. Unlike most parsers this one allows no white space between a
 * field's name and its colon (obs-syntax), where readers differ. */
#include "collector/mail/message.h"

#include <string.h>
#include <strings.h>

bool
message_line(const char **at, const char *end, const char **line, size_t *len)
{
    const char *lf;

    if (*at >= end)
        return false;
    lf = memchr(*at, '\n', (size_t)(end - *at));
    *line = *at;
    *len = (size_t)((lf == NULL ? end : lf) - *at);
    *at = lf == NULL ? end : lf + 1;
    if (lf != NULL && *len > 0 && (*line)[*len - 1] == '\r')
        --*len;
    return true;
}

/* The bytes before the colon, or 0 when this is no header field. */
static size_t
name_length(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (line[i] == ':')
            return i;
        if (line[i] < 0x21 || line[i] > 0x7E)
            return 0;
    }
    return 0;
}

static bool
is_continuation(const char *line)
{
    return line[0] == ' ' || line[0] == '\t';
}

/* *open: the line before belongs to a field that may go on. */
static void
add_line(struct message *m, const char *line, size_t len, bool *open)
{
    size_t name = name_length(line, len);

    if (is_continuation(line) && *open) {
        struct message_field *last = &m->fields[m->field_count - 1];

        last->value_len = (size_t)(line + len - last->value);
        return;
    }
    *open = name > 0 && !is_continuation(line);
    m->malformed = m->malformed || !*open;
    if (*open)
        m->fields[m->field_count++] = (struct message_field){
            .name = line,
            .name_len = name,
            .value = line + name + 1,
            .value_len = len - name - 1,
        };
}

bool
message_parse(struct arena *a, const char *bytes, size_t n, struct message *out,
              struct err *e)
{
    const char *end = bytes + n, *at = bytes, *line = NULL;
    const char *header;
    size_t len = 0, lines = 0;
    bool open = false;

    *out = (struct message){0};
    if (n >= 5 && memcmp(bytes, "From ", 5) == 0)
        (void)message_line(&at, end, &line, &len);
    header = at;
    while (message_line(&at, end, &line, &len) && len > 0)
        lines++;
    if ((out->fields = arena_array(a, lines, sizeof *out->fields)) == NULL)
        return err_nomem(e);
    at = header;
    while (message_line(&at, end, &line, &len) && len > 0)
        add_line(out, line, len, &open);
    out->body = at;
    out->body_len = (size_t)(end - at);
    return true;
}

bool
message_field_is(const struct message_field *f, const char *name)
{
    return strlen(name) == f->name_len && strncasecmp(f->name, name, f->name_len) == 0;
}

const struct message_field *
message_find(const struct message *m, const char *name)
{
    for (size_t i = 0; i < m->field_count; i++) {
        if (message_field_is(&m->fields[i], name))
            return &m->fields[i];
    }
    return NULL;
}

size_t
message_count(const struct message *m, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < m->field_count; i++)
        n += message_field_is(&m->fields[i], name);
    return n;
}

char *
message_text(struct arena *a, const struct message_field *f)
{
    char *text = arena_strndup(a, f->value, f->value_len), *out = text;

    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < f->value_len; i++) {
        char c = text[i];

        if (c == '\r' || c == '\n' || c == '\0')
            continue;
        if (c == '\t')
            c = ' ';
        if (c != ' ' || out != text)
            *out++ = c;
    }
    while (out > text && out[-1] == ' ')
        out--;
    *out = '\0';
    return text;
}
