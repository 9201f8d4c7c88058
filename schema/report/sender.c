/* contact-info comes first because RFC 8460 section 5.3 binds the DKIM signer and
 * TLS-Report-Submitter to it; the public suffix list makes one sender of all the hosts of
 * one provider, and never one of all of ".co.uk". */
#include "schema/report/sender.h"

#include "base/count.h"
#include "base/text.h"
#include "schema/report/domain.h"

#include <libpsl.h>
#include <string.h>

static bool
is_address(const char *name)
{
    return strchr(name, ':') != NULL || name[strspn(name, "0123456789.")] == '\0';
}

bool
sender_has_owner(const char *name)
{
    return domain_is_plausible(name) && !is_address(name) &&
           psl_registrable_domain(psl_builtin(), name) != NULL;
}

char *
sender_registered(struct arena *a, const char *name)
{
    char *normal = domain_normalise(a, name, strlen(name));
    const char *registered = NULL;

    if (normal == NULL)
        return NULL;
    if (sender_has_owner(normal))
        registered = psl_registrable_domain(psl_builtin(), normal);
    return registered == NULL ? normal : arena_strdup(a, registered);
}

/* Could an organisation call itself so? */
static bool
is_name(const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < ' ' || c == 0x7F || strchr("\"<>\\`{}|^$;=@[]%#*", c) != NULL)
            return false;
    }
    return n > 0 && text_is_utf8(text, n);
}

/* The domain of "tls@example.net" or "TLS team <tls@example.net>". */
static char *
domain_of_contact(struct arena *a, const char *contact)
{
    const char *at = strrchr(contact, '@');

    if (at == NULL)
        return arena_strdup(a, "");
    return domain_normalise(a, at + 1, strcspn(at + 1, "> \t"));
}

bool
sender_find(struct report *r, const struct sender_hints *hints, struct err *e)
{
    const char *contact = r->contact_info == NULL ? "" : r->contact_info;
    const char *candidates[] = {NULL, hints == NULL ? NULL : hints->report_submitter,
                                hints == NULL ? NULL : hints->filename_submitter,
                                r->organization};
    const char *found = NULL;

    candidates[0] = domain_of_contact(&r->arena, contact);
    if (candidates[0] == NULL)
        return err_nomem(e);
    /* A submitter may be an organisation's name with spaces (tlsrpt-reporter before 0.6):
     * such a one serves only when nothing better is left, and what is no name at all
     * never does. */
    for (size_t i = 0; i < COUNT_OF(candidates); i++) {
        const char *text = candidates[i] == NULL ? "" : candidates[i];
        const char *name = domain_normalise(&r->arena, text, strlen(text));

        if (name == NULL)
            return err_nomem(e);
        if (domain_is_plausible(name)) {
            found = name;
            break;
        }
        if (found == NULL && is_name(name))
            found = name;
    }
    if (found == NULL || !domain_is_plausible(found))
        r->quirks |= QUIRK_BIT(QUIRK_NO_SENDER);
    r->submitter = found == NULL ? "unknown" : found;
    r->sender = sender_registered(&r->arena, r->submitter);
    return r->sender != NULL || err_nomem(e);
}
