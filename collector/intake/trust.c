/* RFC 8460 section 3: reports by mail MUST carry a valid DKIM signature of the reporting
 * domain, and those that lack one MUST be ignored. */
#include "collector/intake/trust.h"

#include "base/text.h"
#include "collector/intake/customer.h"
#include "schema/report/sender.h"

#include <string.h>

static bool
decide(struct trust *out, struct err *e)
{
    return out->reason != NULL || err_nomem(e);
}

/* The valid signature that says most: aligned with From and submitter, with the submitter
 * alone, else the first. */
static bool
best_signature(struct arena *a, const struct trust_mail *mail, const char *submitter,
               const struct trust_signature **best, int *rank, struct err *e)
{
    const char *from = sender_registered(a, mail->from_domain);

    if (from == NULL)
        return err_nomem(e);
    *best = NULL;
    *rank = -1;
    for (size_t i = 0; i < mail->signature_count; i++) {
        const struct trust_signature *s = &mail->signatures[i];
        const char *signer;
        int r;

        if (!s->valid)
            continue;
        if ((signer = sender_registered(a, s->domain)) == NULL)
            return err_nomem(e);
        r = (strcmp(signer, submitter) == 0 ? 2 : 0) +
            (strcmp(signer, from) == 0 ? 1 : 0);
        if (r > *rank) {
            *best = s;
            *rank = r;
        }
    }
    return true;
}

bool
trust_mail(struct arena *a, const struct trust_mail *mail, const char *submitter,
           struct trust *out, struct err *e)
{
    static const char *const lacks[] = {
        ", neither the submitter nor the From domain",
        ", which is not the submitter",
        ", which is not the From domain",
        "",
    };
    const struct trust_signature *s = NULL;
    const char *registered, *carried;
    int rank = -1;

    *out = (struct trust){.tier = TIER_UNVERIFIED, .signer = ""};
    if (mail->vouched) {
        out->tier = TIER_OPERATOR;
        out->reason = "the operator answers for it";
        return true;
    }
    if ((registered = sender_registered(a, submitter)) == NULL)
        return err_nomem(e);
    if (!best_signature(a, mail, registered, &s, &rank, e))
        return false;
    if (s == NULL) {
        s = mail->signatures;
        out->ignored = true;
        out->reason = "not signed";
        if (mail->signature_count > 0)
            out->reason = arena_printf(a, "no valid signature: %s%s%s", s->domain,
                                       s->domain[0] == '\0' ? "" : ": ", s->reason);
        return decide(out, e);
    }
    out->signer = s->domain;
    carried = mail->carried;
    if (carried == NULL && !s->has_parts)
        carried = "in a part of which an unsigned Content-Type tells";
    if (rank == 3 && carried == NULL)
        out->tier = TIER_VERIFIED;
    if (carried != NULL)
        out->reason =
            arena_printf(a, "%s: %s signed only what carries it", carried, s->domain);
    else
        out->reason = arena_printf(a, "signed by %s%s%s%s", s->domain, lacks[rank],
                                   *s->reason == '\0' ? "" : "; ", s->reason);
    return decide(out, e);
}

bool
trust_host_matches(const char *pattern, const char *host)
{
    size_t n = strlen(host), below = strlen(pattern);

    if (strncmp(pattern, "*.", 2) != 0)
        return text_equal_nocase(pattern, host);
    return n > --below && text_equal_nocase(pattern + 1, host + n - below);
}

static bool
is_listed(const struct settings *s, const char *sender, const char *host)
{
    const struct https_sender *senders = s->https_senders.items;

    for (size_t i = 0; i < s->https_senders.count; i++) {
        const struct settings_list *hosts = &senders[i].hosts;

        if (!text_equal_nocase(senders[i].sender, sender))
            continue;
        for (size_t j = 0; j < hosts->count; j++) {
            if (trust_host_matches(hosts->items[j], host))
                return true;
        }
    }
    return false;
}

/* The host lies in the sender's own registered domain; a public suffix, of the private
 * section too, is nobody's. */
static bool
is_own_host(const struct trust_post *post, const char *registered)
{
    return strcmp(post->sender, registered) == 0 && sender_has_owner(post->sender);
}

bool
trust_https(struct arena *a, const struct settings *s, const struct trust_post *post,
            struct trust *out, struct err *e)
{
    const char *registered = sender_registered(a, post->peer_name), *host;

    if (registered == NULL)
        return err_nomem(e);
    *out = (struct trust){.tier = TIER_UNVERIFIED, .signer = ""};
    host = post->peer_name;
    if (host[0] == '\0') {
        out->reason = "posted from a host that DNS does not confirm";
    } else if (is_listed(s, post->sender, host)) {
        out->tier = TIER_VERIFIED;
        out->reason =
            arena_printf(a, "posted from %s, listed for %s", host, post->sender);
    } else if (!s->https.confirm || !is_own_host(post, registered)) {
        out->reason =
            arena_printf(a, "posted from %s, not listed for %s", host, post->sender);
    } else if (customer_is_host(host, registered, post->peer)) {
        out->reason = arena_printf(
            a, "posted from %s, which is named as customers' hosts are", host);
    } else {
        out->tier = TIER_CONFIRMED;
        out->reason = arena_printf(
            a, "posted from %s, a host of the sender's own that DNS confirms", host);
    }
    return decide(out, e);
}
