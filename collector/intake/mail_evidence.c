/* Signatures that our own mail server judged are taken from its word where the operator
 * said so; a server whose filter was down adds none, and then we verify ourselves. */
#include "collector/intake/mail_evidence.h"

#include "collector/dkim/authres.h"
#include "collector/dkim/dkim_cover.h"
#include "collector/mail/mail.h"
#include "schema/report/sender.h"

#include <stdlib.h>
#include <string.h>

/* What a step below needs of the mail. */
struct search {
    const struct mail_context *context;
    struct arena *arena;
    const struct message *message;
    int64_t at;
    struct dkim_check check;
    struct mail_evidence *out;
};

static void
add(struct search *s, const char *domain, const struct dkim_signature *valid,
    const char *reason)
{
    struct mail_evidence *out = s->out;

    if (out->trust.signature_count == MAIL_MAX_EVIDENCE)
        return;
    out->valid[out->trust.signature_count] = valid;
    out->signatures[out->trust.signature_count++] = (struct trust_signature){
        .domain = domain,
        .valid = valid != NULL,
        .has_parts = valid != NULL && dkim_cover_has_parts(s->message, valid),
        .reason = reason};
}

/* ---- by the word of our mail server ---- */

/* Does b= begin with the tag, folds left out? */
static bool
begins_with(const char *b, const char *tag)
{
    for (; *tag != '\0'; b++) {
        if (strchr(" \t\r\n", *b) != NULL && *b != '\0')
            continue;
        if (*b != *tag++)
            return false;
    }
    return true;
}

/* The signature that a result is about, by header.d and header.b. NULL in *found when
 * there is none, or more than one: then anybody may have added the other. */
static bool
find_signature(struct search *s, const struct authres_result *r,
               struct dkim_signature **found, struct err *e)
{
    struct dkim_signature *sig = arena_alloc(s->arena, sizeof *sig), one;
    size_t n = 0;

    *found = NULL;
    if (sig == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < s->message->field_count; i++) {
        if (!message_field_is(&s->message->fields[i], "DKIM-Signature"))
            continue;
        if (!dkim_header_parse(s->arena, &s->message->fields[i], s->at, &one, e))
            return false;
        if (strcmp(r->domain, one.domain) != 0 || !begins_with(one.b_text, r->tag))
            continue;
        *sig = one;
        *found = ++n == 1 ? sig : NULL;
    }
    return true;
}

static bool
believe_result(struct search *s, const struct authres_result *r, struct err *e)
{
    const char *id = s->context->authserv_id, *reason;
    struct dkim_signature *sig;

    if (!r->pass) {
        reason = arena_printf(s->arena, "%s says dkim=%s", id, r->result);
        add(s, r->domain, NULL, reason);
        return reason != NULL || err_nomem(e);
    }
    if (!find_signature(s, r, &sig, e))
        return false;
    /* The server looked at hashes and keys; what is left out is for us to see. */
    if (sig == NULL)
        reason = "its result fits none of the signatures, or several";
    else if (sig->partial)
        reason = "l= leaves a part of the body unsigned (RFC 8460 section 3)";
    else
        reason = dkim_cover_flaw(s->message, sig, s->check.framed);
    if (reason != NULL) {
        add(s, r->domain, NULL, reason);
        return true;
    }
    reason = arena_printf(s->arena, "verified by %s", id);
    add(s, r->domain, sig, reason);
    return reason != NULL || err_nomem(e);
}

/* ---- by ourselves ---- */

/* Asks for the keys of all signatures that a key can still save. keys[] are to be freed.
 */
static bool
look_up(struct search *s, const struct dkim_plan *plan,
        struct dns_answer *keys[DKIM_MAX_TRIED], struct err *e)
{
    struct dns_answer *answers[DKIM_MAX_TRIED];
    const char *names[DKIM_MAX_TRIED];
    size_t of[DKIM_MAX_TRIED], n = 0;
    struct dkim_result r;

    for (size_t i = 0; i < plan->count; i++) {
        keys[i] = NULL;
        if (!dkim_verify(&s->check, &plan->tried[i], NULL, &r, e))
            return false;
        if (r.status == DKIM_AGAIN) {
            of[n] = i;
            names[n++] = plan->tried[i].query;
        }
    }
    if (n == 0 || s->context->resolver == NULL)
        return true;
    resolver_wait(s->context->resolver, names, n, DNS_TXT, MAIL_DNS_TIMEOUT_MS, answers);
    for (size_t i = 0; i < n; i++)
        keys[of[i]] = answers[i];
    return true;
}

static bool
judge(struct search *s, const struct dkim_signature *tried, const struct dns_answer *key,
      struct err *e)
{
    struct dkim_signature *sig = arena_alloc(s->arena, sizeof *sig);
    struct dkim_result r;

    if (sig == NULL)
        return err_nomem(e);
    *sig = *tried;
    if (!dkim_verify(&s->check, sig, key, &r, e))
        return false;
    s->out->dns_trouble = s->out->dns_trouble || r.status == DKIM_AGAIN;
    if (r.status == DKIM_PASS)
        add(s, sig->domain, sig, r.note);
    else
        add(s, sig->domain, NULL, r.reason);
    return true;
}

static bool
verify(struct search *s, struct err *e)
{
    struct dns_answer *keys[DKIM_MAX_TRIED] = {NULL};
    struct dkim_plan plan;
    bool ok;

    if (!dkim_plan_make(s->arena, s->message, s->out->trust.from_domain, s->at, &plan, e))
        return false;
    ok = look_up(s, &plan, keys, e);
    for (size_t i = 0; i < plan.count; i++) {
        ok = ok && judge(s, &plan.tried[i], keys[i], e);
        free(keys[i]);
    }
    return ok;
}

/* ---- both ---- */

/* Is the hint a field gives signed by whatever signature may count? */
static bool
hints_are_signed(const struct search *s)
{
    static const char *const names[] = {"TLS-Report-Domain", "TLS-Report-Submitter",
                                        "Subject"};
    const struct mail_evidence *out = s->out;

    for (size_t i = 0; i < out->trust.signature_count; i++) {
        for (size_t j = 0; out->valid[i] != NULL && j < 3; j++) {
            if (message_count(s->message, names[j]) > 0 &&
                !dkim_cover_has(s->message, out->valid[i], names[j]))
                return false;
        }
    }
    return true;
}

/* DNS trouble matters only as long as no signature of the From domain is valid. */
static bool
has_aligned(struct search *s, bool *aligned, struct err *e)
{
    const char *from = sender_registered(s->arena, s->out->trust.from_domain);

    *aligned = false;
    if (from == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < s->out->trust.signature_count; i++) {
        const char *signer = sender_registered(s->arena, s->out->signatures[i].domain);

        if (signer == NULL)
            return err_nomem(e);
        if (s->out->valid[i] != NULL && strcmp(signer, from) == 0)
            *aligned = true;
    }
    return true;
}

/* Which of its signatures was valid is forgotten, so what any of them left out is not
 * believed, and no hint is taken. */
static bool
remember(struct search *s, struct err *e)
{
    struct trust_signature *known = s->out->signatures;
    struct dkim_signature one;

    *known = (struct trust_signature){
        .domain = s->context->known_signer,
        .valid = true,
        .has_parts = true,
        .reason = "verified when the mail came",
    };
    s->out->trust.signature_count = 1;
    for (size_t i = 0; i < s->message->field_count; i++) {
        if (!message_field_is(&s->message->fields[i], "DKIM-Signature"))
            continue;
        if (!dkim_header_parse(s->arena, &s->message->fields[i], s->at, &one, e))
            return false;
        if (strcmp(one.domain, known->domain) == 0 &&
            !dkim_cover_has_parts(s->message, &one))
            known->has_parts = false;
    }
    return true;
}

static bool
find(struct search *s, struct err *e)
{
    struct authres found = {0};

    if (s->context->known_signer != NULL)
        return remember(s, e);
    if (s->context->authserv_id != NULL &&
        !authres_read(s->arena, s->message, s->context->authserv_id, &found, e))
        return false;
    for (size_t i = 0; i < found.count; i++) {
        if (!believe_result(s, &found.results[i], e))
            return false;
    }
    return found.found || verify(s, e);
}

bool
mail_evidence_find(const struct mail_context *c, struct arena *a, const struct message *m,
                   int64_t at, struct mail_evidence *out, struct err *e)
{
    struct search s = {.context = c, .arena = a, .message = m, .at = at, .out = out};
    bool aligned;

    *out = (struct mail_evidence){.trust.signatures = out->signatures};
    s.check = (struct dkim_check){.arena = a,
                                  .message = m,
                                  .strict = c->settings->mail.dkim_service_strict,
                                  .framed = mail_is_framed(m)};
    out->trust.from_domain = mail_from_domain(a, m);
    if (out->trust.from_domain == NULL)
        return err_nomem(e);
    if (!find(&s, e) || !has_aligned(&s, &aligned, e))
        return false;
    out->dns_trouble = out->dns_trouble && !aligned;
    out->hints_signed = c->known_signer == NULL && hints_are_signed(&s);
    return true;
}
