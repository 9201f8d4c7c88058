/* RFC 2045 and 2046, the middle of the road only: what is not certain is for the parser.
 */
#include "collector/mail/mail_plain.h"

#include "base/base64.h"
#include "base/count.h"
#include "base/text.h"

#include <string.h>

/* ---- a field: "word; name=value; name=value" ---- */

struct cursor {
    const char *at, *end;
};

static bool
is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("+-._!/", c) != NULL);
}

/* Neither '"' nor '\', nor "=?" (RFC 2047). */
static bool
is_quotable(char c)
{
    return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '?';
}

static void
skip_space(struct cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' ||
                              (*c->at == '\r' && c->at + 1 < c->end && c->at[1] == '\n')))
        c->at++;
}

static bool
skip(struct cursor *c, char mark)
{
    bool found = c->at < c->end && *c->at == mark;

    c->at += found;
    return found;
}

/* NULL when there is nothing to take. */
static char *
take(struct arena *a, struct cursor *c, bool (*is_part)(char))
{
    const char *begin = c->at;

    while (c->at < c->end && is_part(*c->at))
        c->at++;
    return c->at == begin ? NULL : arena_strndup(a, begin, (size_t)(c->at - begin));
}

/* Keeps the value of the one parameter that is wanted. */
static bool
take_parameter(struct arena *a, struct cursor *c, const char *wanted, const char **value)
{
    char *name = take(a, c, is_word), *text;
    bool quoted;

    if (name == NULL || strchr(name, '/') != NULL || !skip(c, '='))
        return false;
    quoted = skip(c, '"');
    text = take(a, c, quoted ? is_quotable : is_word);
    if (text == NULL || (quoted && !skip(c, '"')))
        return false;
    if (!text_equal_nocase(name, wanted))
        return true;
    if ((*value)[0] != '\0')
        return false;
    *value = text;
    return true;
}

/* Both are "" when the field is not there. */
static bool
read_field(struct arena *a, const struct message *m, const char *name, const char *wanted,
           const char **word, const char **value)
{
    const struct message_field *f = message_find(m, name);
    struct cursor c;
    char *text;

    *word = *value = "";
    if (f == NULL)
        return true;
    c = (struct cursor){f->value, f->value + f->value_len};
    skip_space(&c);
    text = take(a, &c, is_word);
    if (text == NULL || message_count(m, name) != 1)
        return false;
    text_lower(text);
    *word = text;
    for (skip_space(&c); skip(&c, ';'); skip_space(&c)) {
        skip_space(&c);
        if (!take_parameter(a, &c, wanted, value))
            return false;
    }
    return c.at == c.end;
}

/* ---- a part ---- */

static bool
is_type(const char *word)
{
    const char *slash = strchr(word, '/');

    return slash != NULL && slash != word && slash[1] != '\0' &&
           strchr(slash + 1, '/') == NULL;
}

static bool
read_fields(struct arena *a, const struct message *m, struct mail_part *p,
            const char **encoding)
{
    const char *name, *disposition, *none;

    if (!read_field(a, m, "Content-Type", "name", &p->media_type, &name) ||
        !read_field(a, m, "Content-Disposition", "filename", &disposition,
                    &p->filename) ||
        !read_field(a, m, "Content-Transfer-Encoding", "", encoding, &none))
        return false;
    if (p->filename[0] == '\0')
        p->filename = name;
    if (strlen(p->filename) > MAIL_MAX_NAME_BYTES)
        p->filename = "";
    return is_type(p->media_type) && strchr(disposition, '/') == NULL &&
           strncmp(p->media_type, "multipart/", 10) != 0 &&
           strncmp(p->media_type, "message/", 8) != 0;
}

static bool
decode(struct arena *a, const struct message *m, const char *encoding,
       struct mail_part *p)
{
    static const char *const none[] = {"", "7bit", "8bit", "binary"};
    char *bytes;

    for (size_t i = 0; i < COUNT_OF(none); i++) {
        if (strcmp(encoding, none[i]) == 0) {
            p->bytes = m->body;
            p->byte_count = m->body_len;
        }
    }
    if (strcmp(encoding, "base64") != 0)
        return true;
    bytes = arena_bytes(a, base64_size(m->body_len));
    if (bytes == NULL)
        return false;
    p->bytes = bytes;
    p->byte_count = base64_lax(m->body, m->body_len, (unsigned char *)bytes);
    return true;
}

static bool
is_ascii(const char *at, const char *end)
{
    while (at < end && ((*at >= ' ' && *at < 0x7F) || strchr("\t\r\n", *at) != NULL) &&
           *at != '\0')
        at++;
    return at == end;
}

/* How long the line end is that `end` is behind. */
static size_t
line_end(const char *begin, const char *end)
{
    if (end == begin || end[-1] != '\n')
        return 0;
    return end - begin > 1 && end[-2] == '\r' ? 2 : 1;
}

/* The line end before a boundary belongs to it; GMime takes it to be as long as the one
 * behind. */
static bool
read_part(struct arena *a, const char *begin, const char *boundary, size_t eol,
          struct mail_part *p)
{
    const char *encoding;
    struct message m;

    *p = (struct mail_part){0};
    if (strncmp(begin, "From ", 5) == 0 ||
        !message_parse(a, begin, (size_t)(boundary - begin), &m, NULL) || m.malformed ||
        m.body_len == 0 || line_end(m.body, boundary) != eol || !is_ascii(begin, m.body))
        return false;
    m.body_len -= eol;
    return read_fields(a, &m, p, &encoding) && decode(a, &m, encoding, p);
}

/* ---- the mail ---- */

bool
mail_plain_read(struct arena *a, const struct message *m,
                struct mail_part parts[MAIL_MAX_REPORTS], size_t *count)
{
    const char *at = m->body, *end = at + m->body_len, *part = NULL, *line, *type,
               *boundary;
    bool ended = false;
    size_t len, n;

    *count = 0;
    if (!read_field(a, m, "Content-Type", "boundary", &type, &boundary) ||
        strncmp(type, "multipart/", 10) != 0 || !is_type(type) || boundary[0] == '\0')
        return false;
    n = strlen(boundary);
    while (message_line(&at, end, &line, &len)) {
        if (len < 2 || memcmp(line, "--", 2) != 0)
            continue;
        if (ended)
            return false;
        ended = len == n + 4 && memcmp(line + 2 + n, "--", 2) == 0;
        if ((len != n + 2 && !ended) || memcmp(line + 2, boundary, n) != 0 ||
            (part != NULL &&
             (*count == MAIL_MAX_REPORTS ||
              !read_part(a, part, line, line_end(line, at), &parts[(*count)++]))))
            return false;
        part = at;
    }
    return ended && *count > 0;
}
