/* Senders name their reports as RFC 8460 section 5.3 asks, or nearly; what only looks
 * like one may be what somebody else wrote. */
#include "collector/mail/mail_part.h"

#include "base/count.h"
#include "schema/wire/inflate.h"

#include <string.h>
#include <strings.h>

static bool
ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcasecmp(text + n - m, end) == 0;
}

static bool
named_as_report(const char *name)
{
    size_t marks = 0;

    for (const char *p = name; *p != '\0'; p++)
        marks += *p == '!';
    return marks >= 3 && (ends_with(name, ".json") || ends_with(name, ".gz") ||
                          ends_with(name, ".zip"));
}

static bool
is_text(const struct mail_part *p)
{
    return strncmp(p->media_type, "text/", 5) == 0;
}

/* May a part that does not say so be a report, by its bytes? */
static bool
looks_like_report(const struct mail_part *p)
{
    static const char policies[] = "\"policies\"";
    enum inflate_kind kind = inflate_sniff(p->bytes, p->byte_count);

    if (!is_text(p))
        return kind != INFLATE_UNKNOWN;
    return kind == INFLATE_GZIP || kind == INFLATE_ZIP || kind == INFLATE_TAR ||
           (kind == INFLATE_JSON &&
            memmem(p->bytes, p->byte_count, policies, sizeof policies - 1) != NULL);
}

static bool
never_a_report(const char *type)
{
    static const char *const types[] = {"text/html", "image/", "audio/", "video/"};

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (strncmp(type, types[i], strlen(types[i])) == 0)
            return true;
    }
    return false;
}

bool
mail_part_declare(struct mail_part *p)
{
    p->declared = strncmp(p->media_type, "application/tlsrpt", 18) == 0 ||
                  named_as_report(p->filename);
    return p->declared || !never_a_report(p->media_type);
}

/* What it is instead, as far as a reader of the mail could open it; NULL if unknown. */
static const char *
name_other(const struct mail_part *p)
{
    static const struct {
        const char *type, *name;
    } types[] = {
        {"application/ms-tnef",
         "a TNEF attachment (winmail.dat), which is not opened here"},
        {"application/vnd.ms-tnef",
         "a TNEF attachment (winmail.dat), which is not opened here"},
        {"application/pkcs7-mime", "an opaque S/MIME message, which is not opened here"},
        {"application/x-pkcs7-mime",
         "an opaque S/MIME message, which is not opened here"},
        {"application/pgp-encrypted", "an encrypted message (OpenPGP)"},
        {"message/partial", "a fragment of a message (message/partial)"},
        {"message/external-body", "a reference to a body that lies elsewhere"},
    };

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (strcmp(p->media_type, types[i].type) == 0)
            return types[i].name;
    }
    return is_text(p) && !inflate_is_dmarc(p->bytes, p->byte_count)
               ? NULL
               : inflate_name(p->bytes, p->byte_count);
}

void
mail_reports_add(struct mail_reports *r, const struct mail_part *p)
{
    struct mail_part *added;

    if (!p->declared && !looks_like_report(p)) {
        if (r->odd == NULL)
            r->odd = name_other(p);
        return;
    }
    if (r->count == MAIL_MAX_REPORTS) {
        r->cut = true;
        return;
    }
    added = &r->parts[r->count++];
    *added = *p;
    /* A bounce carries whatever was sent to it, and a notice quotes what somebody wrote;
     * both are signed. */
    if (!p->declared && p->carried == NULL && is_text(p))
        added->carried = "in a text that does not say it is a report";
}

void
mail_reports_choose(struct mail_reports *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->count; i++) {
        if (r->parts[i].declared)
            r->parts[n++] = r->parts[i];
    }
    if (n > 0)
        r->count = n;
}
