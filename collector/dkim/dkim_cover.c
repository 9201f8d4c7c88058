/* A verifier hashes the bottommost field of a name and most readers take the topmost, so
 * what both read must be there once. What must be signed differs by field:
 *
 *  From          refused when unsigned: without it d= is aligned with nothing (RFC 6376
 *                section 5.4 demands it as well).
 *  Content-Type  Google leaves it out of h=, so refusal would lose the largest sender.
 *                But whoever may change it chooses the boundary, and so which bytes of a
 *                signed body are read as a report. So unsigned it is believed only when
 *                the body proves it: its first line opens and its last line closes that
 *                very boundary. Else refused. A whole body may be somebody's echo, so
 *                that it vouches for its parts only where a report's own fields are
 * signed. Content-Transfer-Encoding  says nothing in a multipart, though mailers write it
 *                there: noted. Elsewhere refused: read as quoted-printable, the text of
 *                a policy that a signed JSON quotes could close its string.
 *  Subject       noted: it never says anything that the JSON does not say better (RFC
 *                8460 section 5.6).
 *  TLS-Report-*  noted: Microsoft does not sign them. Unsigned they fill no gap of the
 *                report either.
 */
#include "collector/dkim/dkim_cover.h"

#include "base/text.h"

#include "base/count.h"

#include <string.h>
#include <strings.h>

/* Where a field may be there without being signed. */
enum leave {
    ANYWHERE,
    WHERE_FRAMED,
    IN_MULTIPART,
};

static const struct {
    const char *name, *many, *note;
    enum leave leave;
    const char *flaw;
} rules[] = {
    {"From", "more than one From", "from", ANYWHERE, NULL},
    {"Subject", "more than one Subject", "subject", ANYWHERE, NULL},
    {"Content-Type", "more than one Content-Type", "content-type", WHERE_FRAMED,
     "Content-Type is not signed and the body does not prove its boundary"},
    {"Content-Transfer-Encoding", "more than one Content-Transfer-Encoding",
     "content-transfer-encoding", IN_MULTIPART,
     "Content-Transfer-Encoding is not signed"},
    {"TLS-Report-Domain", "more than one TLS-Report-Domain", "tls-report-domain",
     ANYWHERE, NULL},
    {"TLS-Report-Submitter", "more than one TLS-Report-Submitter", "tls-report-submitter",
     ANYWHERE, NULL},
};

static bool
is_multipart(const struct message *m)
{
    static const char type[] = "multipart/";
    const struct message_field *f = message_find(m, "Content-Type");
    size_t skip = 0;

    while (f != NULL && skip < f->value_len && strchr(" \t\r\n", f->value[skip]) != NULL)
        skip++;
    return f != NULL && f->value_len - skip >= sizeof type - 1 &&
           strncasecmp(f->value + skip, type, sizeof type - 1) == 0;
}

const char *
dkim_cover_flaw(const struct message *m, const struct dkim_signature *s, bool framed)
{
    if (m->malformed)
        return "header has a line that is no field";
    if (message_count(m, "From") == 0 || dkim_header_signs(s, "From") == 0)
        return "From is not signed";
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        size_t n = message_count(m, rules[i].name);

        if (n > 1)
            return rules[i].many;
        /* `framed` implies a multipart, whatever comments Content-Type begins with. */
        if (n == 1 && dkim_header_signs(s, rules[i].name) == 0 && !framed &&
            rules[i].leave != ANYWHERE &&
            !(rules[i].leave == IN_MULTIPART && is_multipart(m)))
            return rules[i].flaw;
    }
    return NULL;
}

const char *
dkim_cover_note(struct arena *a, const struct message *m, const struct dkim_signature *s)
{
    const char *note = "";

    for (size_t i = 0; note != NULL && i < COUNT_OF(rules); i++) {
        if (message_count(m, rules[i].name) > 0 &&
            dkim_header_signs(s, rules[i].name) == 0)
            note = arena_printf(a, "%s%s%s", note, *note == '\0' ? "not signed: " : ", ",
                                rules[i].note);
    }
    return note;
}

bool
dkim_cover_has(const struct message *m, const struct dkim_signature *s, const char *name)
{
    return message_count(m, name) == 1 && dkim_header_signs(s, name) > 0;
}

/* A signed Subject in the words of RFC 8460 section 5.3; an answer or a bounce puts
 * something before what it repeats. */
static bool
names_a_report(const struct message *m, const struct dkim_signature *s)
{
    static const char words[] = "Report Domain:";
    const struct message_field *f = message_find(m, "Subject");
    const char *value = f != NULL ? f->value : "";
    size_t n = text_trim(&value, f != NULL ? f->value_len : 0, " \t\r\n");

    return dkim_cover_has(m, s, "Subject") && n >= sizeof words - 1 &&
           strncasecmp(value, words, sizeof words - 1) == 0;
}

bool
dkim_cover_has_parts(const struct message *m, const struct dkim_signature *s)
{
    return message_count(m, "Content-Type") == 0 || names_a_report(m, s) ||
           dkim_cover_has(m, s, "Content-Type") ||
           dkim_cover_has(m, s, "TLS-Report-Domain") ||
           dkim_cover_has(m, s, "TLS-Report-Submitter");
}
