/* RFC 8460 section 5.3. Microsoft folds its Subject and leaves the brackets out, so it is
 * searched for the one word that is of use. */
#include "collector/mail/mail_hints.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_HINT_BYTES = 255,
    MAX_TIME_DIGITS = 12
};

static bool
is_plain(const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] == 0x7F)
            return false;
    }
    return n > 0 && n <= MAX_HINT_BYTES && text_is_utf8(text, n);
}

static bool
read_field(struct arena *a, const struct message *m, const char *name, const char **out,
           struct err *e)
{
    const struct message_field *f = message_find(m, name);
    char *text = f == NULL ? NULL : message_text(a, f);

    *out = NULL;
    if (f == NULL)
        return true;
    if (text == NULL)
        return err_nomem(e);
    if (is_plain(text)) {
        text_lower(text);
        *out = text;
    }
    return true;
}

static bool
read_subject(struct arena *a, const struct message *m, const char **out, struct err *e)
{
    static const char label[] = "report domain:";
    const struct message_field *f = message_find(m, "Subject");
    char *text = f == NULL ? NULL : message_text(a, f), *word;

    *out = NULL;
    if (f == NULL)
        return true;
    if (text == NULL)
        return err_nomem(e);
    text_lower(text);
    word = strstr(text, label);
    if (word == NULL)
        return true;
    word += strlen(label);
    word += strspn(word, " ");
    word[strcspn(word, " ")] = '\0';
    if (is_plain(word))
        *out = word;
    return true;
}

/* The first address in brackets of the topmost Received: our own mail server wrote it. */
static bool
read_source(struct arena *a, const struct message *m, const char **out, struct err *e)
{
    const struct message_field *f = message_find(m, "Received");
    char *text = f == NULL ? NULL : message_text(a, f), *open, *end;
    unsigned char address[16];

    *out = "";
    if (f == NULL)
        return true;
    if (text == NULL)
        return err_nomem(e);
    open = strchr(text, '[');
    end = open == NULL ? NULL : strchr(open, ']');
    if (end == NULL)
        return true;
    *end = '\0';
    open += strncasecmp(open + 1, "IPv6:", 5) == 0 ? 6 : 1;
    if (inet_pton(AF_INET, open, address) == 1 || inet_pton(AF_INET6, open, address) == 1)
        *out = open;
    return true;
}

bool
mail_hints_read(struct arena *a, const struct message *m, struct mail_hints *out,
                struct err *e)
{
    return read_field(a, m, "TLS-Report-Domain", &out->policy_domain, e) &&
           read_field(a, m, "TLS-Report-Submitter", &out->submitter, e) &&
           read_subject(a, m, &out->subject_domain, e) &&
           read_source(a, m, &out->source, e);
}

bool
mail_hints_announced(const struct message *m)
{
    static const char word[] = "tlsrpt";
    const struct message_field *f = message_find(m, "Content-Type");

    if (message_find(m, "TLS-Report-Domain") != NULL ||
        message_find(m, "TLS-Report-Submitter") != NULL)
        return true;
    for (size_t i = 0; f != NULL && i + sizeof word - 1 <= f->value_len; i++) {
        if (strncasecmp(f->value + i, word, sizeof word - 1) == 0)
            return true;
    }
    return false;
}

/* Takes what stands before the next '!'. NULL when nothing does, or out of memory. */
static char *
name_part(struct arena *a, const char **at)
{
    const char *end = strchr(*at, '!');
    char *part;

    if (end == NULL || end == *at)
        return NULL;
    part = arena_strndup(a, *at, (size_t)(end - *at));
    *at = end + 1;
    if (part != NULL)
        text_lower(part);
    return part;
}

bool
mail_hints_filename(struct arena *a, const char *name, struct mail_filename *out,
                    struct err *e)
{
    const char *at = name;
    char *submitter, *domain;
    size_t digits;

    *out = (struct mail_filename){.begin = -1};
    if (strchr(name, '!') == NULL)
        return true;
    if ((submitter = name_part(a, &at)) == NULL || (domain = name_part(a, &at)) == NULL)
        return strchr(at, '!') == NULL || *at == '!' || err_nomem(e);
    out->submitter = submitter;
    out->policy_domain = domain;
    digits = strspn(at, "0123456789");
    if (digits > 0 && digits <= MAX_TIME_DIGITS && at[digits] == '!')
        out->begin = strtoll(at, NULL, 10);
    return true;
}

static bool
is_about(const struct report *r, const char *domain)
{
    for (size_t i = 0; domain != NULL && i < r->policy_count; i++) {
        if (r->policies[i].domain != NULL &&
            text_equal_nocase(r->policies[i].domain, domain))
            return true;
    }
    return domain == NULL;
}

quirk_set
mail_hints_compare(const struct mail_hints *h, const struct mail_filename *f,
                   const struct report *r)
{
    quirk_set quirks = 0;

    if (!is_about(r, h->policy_domain) || !is_about(r, h->subject_domain) ||
        !is_about(r, f->policy_domain))
        quirks |= QUIRK_BIT(QUIRK_HEADERS_DISAGREE);
    if (f->begin >= 0 && (f->begin < r->start - REPORT_LONG_WINDOW_S ||
                          f->begin > r->end + REPORT_LONG_WINDOW_S))
        quirks |= QUIRK_BIT(QUIRK_HEADERS_DISAGREE);
    if (h->submitter != NULL && r->contact_info != NULL && r->submitter != NULL &&
        !text_equal_nocase(h->submitter, r->submitter))
        quirks |= QUIRK_BIT(QUIRK_SUBMITTER_MISMATCH);
    return quirks;
}

const char *
mail_hints_clean(struct arena *a, const char *text)
{
    size_t n = strnlen(text, MAX_HINT_BYTES);
    char *copy = NULL;
    struct buf safe;

    buf_init(&safe, 0);
    if (text_escape(&safe, text, n)) {
        n = safe.len;
        while (n > MAX_HINT_BYTES ||
               (n > 0 && n < safe.len && ((unsigned char)safe.bytes[n] & 0xC0) == 0x80))
            n--;
        copy = arena_strndup(a, safe.bytes == NULL ? "" : safe.bytes, n);
    }
    buf_clear(&safe);
    return copy;
}
