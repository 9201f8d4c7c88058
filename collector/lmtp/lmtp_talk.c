/* RFC 2033 with PIPELINING, 8BITMIME, SMTPUTF8 and ENHANCEDSTATUSCODES. A reply of class
 * 5 makes the MTA bounce to whoever is named as the sender, so hardly anything earns one:
 * parameters that were not announced are read past, and what is too big is swallowed. */
#include "collector/lmtp/lmtp_talk.h"

#include "base/count.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

enum {
    MAX_ADDRESS_BYTES = 512,
    MAX_REASON_BYTES = 200,
};

/* Where in a message the next byte stands. Only CRLF "." CRLF ends it: taking bare line
 * feeds for line ends would let a sender smuggle commands past the MTA before us. */
enum message_state {
    LINE_START,
    IN_LINE,
    AFTER_CR,
    AFTER_DOT,
    AFTER_DOT_CR,
};

void
lmtp_talk_init(struct lmtp_talk *t, const struct lmtp_rules *rules)
{
    *t = (struct lmtp_talk){.rules = rules};
    buf_init(&t->out, 0);
    buf_init(&t->line, LMTP_MAX_LINE_BYTES);
    buf_init(&t->message, rules->max_message_bytes);
    (void)buf_printf(&t->out, "220 %s LMTP tlsrptd\r\n", rules->host);
}

void
lmtp_talk_clear(struct lmtp_talk *t)
{
    buf_clear(&t->out);
    buf_clear(&t->line);
    buf_clear(&t->message);
}

void
lmtp_talk_drop(struct lmtp_talk *t, enum verdict fate)
{
    t->fate = fate;
    buf_clear(&t->message);
}

static void
reply(struct lmtp_talk *t, const char *text)
{
    (void)buf_puts(&t->out, text);
    (void)buf_puts(&t->out, "\r\n");
}

void
lmtp_talk_say_closing(struct lmtp_talk *t)
{
    reply(t, "421 4.3.2 closing, come again");
    t->closing = true;
}

static void
reply_bad(struct lmtp_talk *t, const char *text)
{
    if (++t->bad_commands < LMTP_MAX_BAD_COMMANDS) {
        reply(t, text);
        return;
    }
    reply(t, "421 4.7.0 too many bad commands, closing");
    t->closing = true;
}

static void
forget_message(struct lmtp_talk *t)
{
    buf_clear(&t->message);
    t->fate = VERDICT_PENDING;
    t->has_sender = t->in_message = false;
    t->recipient_count = t->message_bytes = 0;
}

/* ---- addresses ---- */

static bool
entry_matches(const char *entry, const char *address, const char *bare)
{
    const char *domain = strrchr(address, '@');

    if (entry[0] == '@')
        return domain != NULL && text_equal_nocase(entry, domain);
    return text_equal_nocase(entry, address) || text_equal_nocase(entry, bare);
}

bool
lmtp_is_recipient(const struct settings_list *recipients, const char *address)
{
    char bare[MAX_ADDRESS_BYTES];
    const char *plus = strchr(address, '+'), *domain = strrchr(address, '@');
    size_t n = strlen(address);

    if (recipients->count == 0)
        return true;
    if (n >= sizeof bare)
        return false;
    memcpy(bare, address, n + 1);
    if (plus != NULL && domain != NULL && plus < domain)
        memmove(bare + (plus - address), domain, strlen(domain) + 1);
    for (size_t i = 0; i < recipients->count; i++)
        if (entry_matches(recipients->items[i], address, bare))
            return true;
    return false;
}

/* Where the path that starts behind '<' ends; a '>' in a quoted local part does not. */
static const char *
path_end(const char *s)
{
    bool quoted = false;

    for (; *s != '\0'; s++) {
        if (*s == '\\' && s[1] != '\0')
            s++;
        else if (*s == '"')
            quoted = !quoted;
        else if (*s == '>' && !quoted)
            return s;
    }
    return NULL;
}

/* Reads the path of "FROM:<...>" or "TO:<...>"; a source route (RFC 5321 appendix C) is
 * dropped. */
static bool
parse_path(const char *args, const char *keyword, char out[MAX_ADDRESS_BYTES])
{
    size_t k = strlen(keyword), n;
    const char *end, *colon;

    if (strncasecmp(args, keyword, k) != 0)
        return false;
    args += k;
    args += strspn(args, " ");
    if (*args != '<' || (end = path_end(++args)) == NULL)
        return false;
    if (*args == '@' && (colon = memchr(args, ':', (size_t)(end - args))) != NULL)
        args = colon + 1;
    n = (size_t)(end - args);
    if (n >= MAX_ADDRESS_BYTES)
        return false;
    memcpy(out, args, n);
    out[n] = '\0';
    return true;
}

/* ---- commands ---- */

static void
run_lhlo(struct lmtp_talk *t, const char *args)
{
    if (*args == '\0') {
        reply_bad(t, "501 5.5.4 LHLO wants a name");
        return;
    }
    forget_message(t);
    t->greeted = true;
    /* SIZE 0 (RFC 1870): no fixed maximum. With one, the MTA would bounce what is bigger.
     */
    (void)buf_printf(&t->out,
                     "250-%s\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n"
                     "250-SIZE 0\r\n250 ENHANCEDSTATUSCODES\r\n",
                     t->rules->host);
}

static void
run_mail(struct lmtp_talk *t, const char *args)
{
    char path[MAX_ADDRESS_BYTES];

    if (!t->greeted) {
        reply_bad(t, "503 5.5.1 LHLO first");
    } else if (t->has_sender) {
        reply_bad(t, "503 5.5.1 nested MAIL");
    } else if (!parse_path(args, "FROM:", path)) {
        reply_bad(t, "501 5.5.4 MAIL wants FROM:<address>");
    } else {
        t->has_sender = true;
        reply(t, "250 2.1.0 ok");
    }
}

static void
run_rcpt(struct lmtp_talk *t, const char *args)
{
    char path[MAX_ADDRESS_BYTES];

    if (!t->has_sender) {
        reply_bad(t, "503 5.5.1 MAIL first");
    } else if (!parse_path(args, "TO:", path) || path[0] == '\0') {
        reply_bad(t, "501 5.5.4 RCPT wants TO:<address>");
    } else if (!lmtp_is_recipient(t->rules->recipients, path)) {
        reply(t, "550 5.1.1 no such recipient here");
    } else if (t->recipient_count >= LMTP_MAX_RECIPIENTS) {
        reply(t, "452 4.5.3 too many recipients");
    } else {
        t->recipient_count++;
        reply(t, "250 2.1.5 ok");
    }
}

static void
run_data(struct lmtp_talk *t, const char *args)
{
    (void)args;
    /* RFC 2033 section 4.2: 503 when no RCPT was accepted. */
    if (t->recipient_count == 0) {
        reply_bad(t, "503 5.5.1 no valid recipients");
        return;
    }
    t->in_message = true;
    t->message_state = LINE_START;
    reply(t, "354 end with a dot on a line by itself");
}

static void
run_rset(struct lmtp_talk *t, const char *args)
{
    (void)args;
    forget_message(t);
    reply(t, "250 2.0.0 ok");
}

static void
run_noop(struct lmtp_talk *t, const char *args)
{
    (void)args;
    reply(t, "250 2.0.0 ok");
}

static void
run_vrfy(struct lmtp_talk *t, const char *args)
{
    (void)args;
    reply(t, "252 2.5.0 send some mail, it will be looked at");
}

static void
run_quit(struct lmtp_talk *t, const char *args)
{
    (void)args;
    reply(t, "221 2.0.0 bye");
    t->closing = true;
}

static const struct {
    const char *verb;
    void (*run)(struct lmtp_talk *t, const char *args);
} commands[] = {
    {"LHLO", run_lhlo}, {"MAIL", run_mail}, {"RCPT", run_rcpt}, {"DATA", run_data},
    {"RSET", run_rset}, {"NOOP", run_noop}, {"VRFY", run_vrfy}, {"QUIT", run_quit},
};

static void
run_line(struct lmtp_talk *t, char *line)
{
    size_t verb = strcspn(line, " ");
    char *args = line + verb + strspn(line + verb, " ");

    for (size_t n = strlen(args); n > 0 && args[n - 1] == ' ';)
        args[--n] = '\0';
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        if (strlen(commands[i].verb) == verb &&
            strncasecmp(line, commands[i].verb, verb) == 0) {
            commands[i].run(t, args);
            return;
        }
    }
    reply_bad(t, "500 5.5.1 command not known here");
}

/* Takes bytes up to a line feed. A line that does not fit is read to its end and refused
 * as a whole. */
static size_t
take_command(struct lmtp_talk *t, const char *bytes, size_t n)
{
    const char *lf = memchr(bytes, '\n', n);
    size_t take = lf == NULL ? n : (size_t)(lf - bytes) + 1;

    if (!t->line_too_long && !buf_append(&t->line, bytes, take))
        t->line_too_long = true;
    if (lf == NULL)
        return take;
    if (t->line_too_long) {
        reply_bad(t, "500 5.5.2 line too long");
    } else if (memchr(t->line.bytes, '\0', t->line.len) != NULL) {
        reply_bad(t, "500 5.5.2 NUL in a command");
    } else {
        t->line.bytes[t->line.len - 1] = '\0';
        if (t->line.len > 1 && t->line.bytes[t->line.len - 2] == '\r')
            t->line.bytes[t->line.len - 2] = '\0';
        run_line(t, t->line.bytes);
    }
    buf_reset(&t->line);
    t->line_too_long = false;
    return take;
}

/* ---- the message ---- */

static void
keep(struct lmtp_talk *t, const char *bytes, size_t n)
{
    t->message_bytes += n;
    if (t->fate != VERDICT_PENDING || buf_append(&t->message, bytes, n))
        return;
    lmtp_talk_drop(t, n > t->rules->max_message_bytes - t->message.len ? VERDICT_TOO_BIG
                                                                       : VERDICT_AGAIN);
}

/* Takes what can be taken at once in the present state; returns how many bytes. */
static size_t
take_message_part(struct lmtp_talk *t, const char *bytes, size_t n)
{
    const char *cr;

    switch ((enum message_state)t->message_state) {
    case LINE_START:
        t->message_state = bytes[0] == '.' ? AFTER_DOT : IN_LINE;
        return bytes[0] == '.' ? 1 : 0;
    case AFTER_DOT:
        t->message_state = bytes[0] == '\r' ? AFTER_DOT_CR : IN_LINE;
        return bytes[0] == '\r' ? 1 : 0;
    case AFTER_DOT_CR:
        if (bytes[0] == '\n') {
            t->in_message = false;
            return 1;
        }
        keep(t, "\r", 1);
        t->message_state = AFTER_CR;
        return 0;
    case AFTER_CR:
        t->message_state = bytes[0] == '\n' ? LINE_START : IN_LINE;
        if (bytes[0] != '\n')
            return 0;
        keep(t, "\n", 1);
        return 1;
    case IN_LINE:
        cr = memchr(bytes, '\r', n);
        if (cr != NULL) {
            n = (size_t)(cr - bytes) + 1;
            t->message_state = AFTER_CR;
        }
        keep(t, bytes, n);
        return n;
    }
    return n;
}

enum lmtp_event
lmtp_talk_take(struct lmtp_talk *t, const char *bytes, size_t n, size_t *taken)
{
    *taken = 0;
    while (*taken < n && !t->closing) {
        if (!t->in_message) {
            *taken += take_command(t, bytes + *taken, n - *taken);
            continue;
        }
        *taken += take_message_part(t, bytes + *taken, n - *taken);
        if (!t->in_message)
            return LMTP_MESSAGE;
    }
    return t->closing ? LMTP_CLOSE : LMTP_MORE;
}

void
lmtp_talk_answer(struct lmtp_talk *t, enum verdict verdict, const char *reason)
{
    const struct verdict_row *row = verdict_find(verdict);
    char text[MAX_REASON_BYTES + 1];
    size_t n = 0;

    for (; reason[n] != '\0' && n < MAX_REASON_BYTES; n++) {
        text[n] = reason[n];
        if (reason[n] < ' ' || reason[n] > '~')
            text[n] = '?';
    }
    text[n] = '\0';
    for (size_t i = 0; i < t->recipient_count; i++)
        (void)buf_printf(&t->out, "%s %s%s%s\r\n", row->lmtp_reply, row->label,
                         n == 0 ? "" : ": ", text);
    forget_message(t);
}
