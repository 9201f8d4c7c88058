/* A message begins with a "From " line at the start of the file or behind an empty line.
 * Programs differ in what they quote (RFC 4155 and its relatives mboxo, mboxrd, mboxcl2),
 * so such a line must also hold a time of day, which hardly any sentence does. */
#include "collector/mail/mbox.h"

#include <ctype.h>
#include <string.h>

enum {
    MAX_FROM_LINE_BYTES = 1024,
};

void
mbox_init(struct mbox *m, size_t max_bytes)
{
    *m = (struct mbox){.after_blank = true};
    buf_init(&m->message, max_bytes);
    buf_init(&m->line, MAX_FROM_LINE_BYTES);
}

void
mbox_clear(struct mbox *m)
{
    buf_clear(&m->message);
    buf_clear(&m->line);
}

/* "From sender Sun Mar  1 00:00:00 2026" */
static bool
is_from_line(const char *s, size_t n)
{
    if (n < 5 || memcmp(s, "From ", 5) != 0)
        return false;
    for (size_t i = 7; i + 2 < n; i++)
        if (s[i] == ':' && isdigit((unsigned char)s[i - 1]) &&
            isdigit((unsigned char)s[i + 1]) && isdigit((unsigned char)s[i + 2]))
            return true;
    return false;
}

bool
mbox_sniff(const char *bytes, size_t n)
{
    const char *lf = n == 0 ? NULL : memchr(bytes, '\n', n);

    return lf != NULL && is_from_line(bytes, (size_t)(lf - bytes));
}

static void
give_up(struct mbox *m)
{
    m->too_big = true;
    buf_clear(&m->message);
}

static void
keep(struct mbox *m, const char *bytes, size_t n)
{
    if (m->started && !m->too_big && !buf_append(&m->message, bytes, n))
        give_up(m);
}

/* mboxrd: any number of '>' before "From " has grown by one; mboxo: there is one. */
static void
keep_unquoted(struct mbox *m, const char *line, size_t n)
{
    size_t quotes = 0;

    while (quotes < n && line[quotes] == '>')
        quotes++;
    if (quotes > 0 && n - quotes >= 5 && memcmp(line + quotes, "From ", 5) == 0)
        keep(m, line + 1, n - 1);
    else
        keep(m, line, n);
}

/* The empty line before a "From " line belongs to the format. */
static void
drop_last_blank_line(struct buf *b)
{
    static const char *const blank[] = {"\r\n\r\n", "\n\n"};

    for (size_t i = 0; i < 2; i++) {
        size_t k = strlen(blank[i]);

        if (b->len >= k && memcmp(b->bytes + b->len - k, blank[i], k) == 0) {
            b->len -= k / 2;
            b->bytes[b->len] = '\0';
            return;
        }
    }
}

/* A whole line that is short enough to be a "From " line. */
static enum mbox_event
take_line(struct mbox *m)
{
    bool was_started = m->started;
    const char *s = m->line.bytes;
    size_t n = m->line.len;

    if (m->after_blank && is_from_line(s, n)) {
        m->started = true;
        m->after_blank = false;
        drop_last_blank_line(&m->message);
        return was_started ? MBOX_MESSAGE : MBOX_MORE;
    }
    keep_unquoted(m, s, n);
    m->after_blank = n == 1 || (n == 2 && s[0] == '\r');
    return MBOX_MORE;
}

/* A part of a line that is too long to begin a message; its first part may be quoted. */
static void
keep_long(struct mbox *m, const char *bytes, size_t n)
{
    size_t begin = 0;

    if (!m->in_long_line) {
        begin = MAX_FROM_LINE_BYTES - m->line.len;
        (void)buf_append(&m->line, bytes, begin);
        keep_unquoted(m, m->line.bytes, m->line.len);
        buf_reset(&m->line);
    }
    keep(m, bytes + begin, n - begin);
    m->after_blank = false;
}

enum mbox_event
mbox_take(struct mbox *m, const char *bytes, size_t n, size_t *taken)
{
    enum mbox_event event = MBOX_MORE;
    const char *lf;
    size_t part;

    if (m->emitted) {
        buf_reset(&m->message);
        m->emitted = m->too_big = false;
    }
    for (*taken = 0; *taken < n && event == MBOX_MORE; *taken += part) {
        lf = memchr(bytes + *taken, '\n', n - *taken);
        part = lf == NULL ? n - *taken : (size_t)(lf + 1 - bytes) - *taken;
        if (m->in_long_line || part > MAX_FROM_LINE_BYTES - m->line.len) {
            keep_long(m, bytes + *taken, part);
            m->in_long_line = lf == NULL;
        } else if (!buf_append(&m->line, bytes + *taken, part)) {
            give_up(m); /* out of memory */
        } else if (lf != NULL) {
            event = take_line(m);
            buf_reset(&m->line);
        }
    }
    m->emitted = event == MBOX_MESSAGE;
    return event;
}

enum mbox_event
mbox_end(struct mbox *m)
{
    if (m->emitted) {
        buf_reset(&m->message);
        m->emitted = m->too_big = false;
    }
    if (m->line.len > 0)
        keep_unquoted(m, m->line.bytes, m->line.len);
    buf_reset(&m->line);
    if (!m->started)
        return MBOX_MORE;
    m->started = false;
    drop_last_blank_line(&m->message);
    m->emitted = true;
    return MBOX_MESSAGE;
}
