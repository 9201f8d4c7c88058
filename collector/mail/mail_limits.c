/* Follows the mail as a MIME parser might, and where it cannot know takes the worse case:
 * every line that begins with "--" may be a boundary, and starts the header of a part;
 * the header of a part ends with an empty line, but where its Content-Type speaks of a
 * message or a digest another header follows. */
#include "collector/mail/mail_limits.h"

#include "collector/mail/message.h"

#include <string.h>
#include <strings.h>

struct scan {
    bool in_header;
    bool in_content_type;
    bool holds_message; /* this header says that a message follows */
    bool in_digest;     /* a part without Content-Type may be a message */
    size_t header_lines, header_bytes;
    size_t field_bytes, field_marks; /* of the field that the line belongs to */
    size_t boundary_lines;
};

static size_t
count_marks(const char *line, size_t len)
{
    size_t n = 0;

    for (size_t i = 0; i < len; i++)
        n += line[i] == ':' || line[i] == ';';
    return n;
}

/* The word is lower case. */
static bool
contains(const char *line, size_t len, const char *word)
{
    size_t n = strlen(word);

    for (size_t i = 0; i + n <= len; i++) {
        if ((line[i] | 0x20) == word[0] && strncasecmp(line + i, word, n) == 0)
            return true;
    }
    return false;
}

static bool
header_line(struct scan *s, const char *line, size_t len, struct err *e)
{
    static const char type[] = "content-type";

    if (line[0] != ' ' && line[0] != '\t') {
        s->field_bytes = s->field_marks = 0;
        s->in_content_type =
            len >= sizeof type - 1 && contains(line, sizeof type - 1, type);
    }
    s->header_lines++;
    s->header_bytes += len;
    s->field_bytes += len;
    s->field_marks += count_marks(line, len);
    if (s->in_content_type && contains(line, len, "message"))
        s->holds_message = true;
    if (s->in_content_type && contains(line, len, "digest"))
        s->in_digest = true;
    if (s->header_lines > MAIL_MAX_HEADER_LINES)
        return err_set(e, ERR_TOO_BIG, "more than %d header lines",
                       MAIL_MAX_HEADER_LINES);
    if (s->header_bytes > MAIL_MAX_HEADER_BYTES)
        return err_set(e, ERR_TOO_BIG, "header of more than %d bytes",
                       MAIL_MAX_HEADER_BYTES);
    if (s->field_bytes > MAIL_MAX_FIELD_BYTES)
        return err_set(e, ERR_TOO_BIG, "header field of more than %d bytes",
                       MAIL_MAX_FIELD_BYTES);
    if (s->field_marks > MAIL_MAX_FIELD_MARKS)
        return err_set(e, ERR_TOO_BIG,
                       "more than %d colons and semicolons in a header field",
                       MAIL_MAX_FIELD_MARKS);
    return true;
}

static void
start_header(struct scan *s)
{
    s->in_header = true;
    s->holds_message = s->in_content_type = false;
    s->field_bytes = s->field_marks = 0;
}

static bool
one_line(struct scan *s, const char *line, size_t len, struct err *e)
{
    if (len >= 2 && line[0] == '-' && line[1] == '-') {
        if (++s->boundary_lines > MAIL_MAX_BOUNDARY_LINES)
            return err_set(e, ERR_TOO_BIG, "more than %d lines that look like boundaries",
                           MAIL_MAX_BOUNDARY_LINES);
        start_header(s);
        s->holds_message = s->in_digest;
        return true;
    }
    if (!s->in_header)
        return true;
    if (len > 0)
        return header_line(s, line, len, e);
    if (s->holds_message)
        start_header(s);
    else
        s->in_header = false;
    return true;
}

bool
mail_limits_check(const char *bytes, size_t n, size_t max_bytes, struct err *e)
{
    const char *at = bytes, *end = bytes + n, *line;
    struct scan s = {0};
    size_t len;

    if (n > max_bytes)
        return err_set(e, ERR_TOO_BIG, "mail of more than %zu bytes", max_bytes);
    start_header(&s);
    while (message_line(&at, end, &line, &len)) {
        if (!one_line(&s, line, len, e))
            return false;
    }
    return true;
}
