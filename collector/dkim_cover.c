/* A verifier hashes the bottommost field of a name and most readers take the topmost, so
 * what both read must be there once. What must be signed differs by field:
 *
 *  From          refused when unsigned: without it d= is aligned with nothing (RFC 6376
 *                section 5.4 demands it as well).
 *  Content-Type  Google leaves it out of h=, so refusal would lose the largest sender.
 *                But whoever may change it chooses the boundary, and so which bytes of a
 *                signed body are read as a report. So unsigned it is believed only when
 *                the body proves it: its first line opens and its last line closes that
 *                very boundary. Else refused.
 *  Content-Transfer-Encoding  noted: in a multipart it says nothing, though mailers write
 *                it; elsewhere one that lies can spoil a report and not make one, for
 *                Content-Type decides what is read as one.
 *  Subject       noted: it never says anything that the JSON does not say better (RFC
 *                8460 section 5.6).
 *  TLS-Report-*  noted: Microsoft does not sign them. Unsigned they fill no gap of the
 *                report either.
 */
#include "collector/dkim_cover.h"

static const struct {
    const char *name, *many, *note;
    bool framed_only; /* unsigned only where the body is its own proof */
} rules[] = {
    {"From", "more than one From", "from", false},
    {"Subject", "more than one Subject", "subject", false},
    {"Content-Type", "more than one Content-Type", "content-type", true},
    {"Content-Transfer-Encoding", "more than one Content-Transfer-Encoding",
     "content-transfer-encoding", false},
    {"TLS-Report-Domain", "more than one TLS-Report-Domain", "tls-report-domain", false},
    {"TLS-Report-Submitter", "more than one TLS-Report-Submitter", "tls-report-submitter",
     false},
};

const char *
dkim_cover_flaw(const struct message *m, const struct dkim_signature *s, bool framed)
{
    if (m->malformed)
        return "header has a line that is no field";
    if (message_count(m, "From") == 0 || dkim_header_signs(s, "From") == 0)
        return "From is not signed";
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        size_t n = message_count(m, rules[i].name);

        if (n > 1)
            return rules[i].many;
        if (n == 1 && rules[i].framed_only && !framed &&
            dkim_header_signs(s, rules[i].name) == 0)
            return "Content-Type is not signed and the body does not prove its boundary";
    }
    return NULL;
}

const char *
dkim_cover_note(struct arena *a, const struct message *m, const struct dkim_signature *s)
{
    const char *note = "";

    for (size_t i = 0; note != NULL && i < sizeof rules / sizeof *rules; i++) {
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
