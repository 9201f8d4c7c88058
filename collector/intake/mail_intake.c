/* RFC 8460 section 3 decides before the JSON is looked at: a mail that nobody signed is
 * kept as ignored, whole, and no parser of MIME or JSON ever works for its sender. */
#include "collector/intake/mail_intake.h"

#include "base/peer.h"
#include "collector/mail/arrival.h"
#include "collector/mail/mail.h"
#include "collector/mail/mail_hints.h"
#include "collector/mail/mail_limits.h"

#include <stdio.h>
#include <string.h>

enum {
    CLOCK_SLACK_S = 3600 /* a mail dated later than that is no young mail */
};

struct intake_mail {
    const struct mail_context *context;
    struct delivery *d;
    struct message message;
    struct mail_evidence evidence;
    struct mail_hints hints;
    enum verdict verdict; /* of parts that are not kept, the last one */
    const char *left_out; /* why that one is not; NULL if there is none */
    const char *odd;      /* what could not be understood */
    bool kept_whole;      /* the whole mail is in the quarantine already */
};

static void
finish_at_once(struct delivery *d, enum verdict verdict, const char *reason)
{
    const char *clean = mail_hints_clean(&d->arena, reason);

    d->verdict = verdict;
    (void)snprintf(d->reason, sizeof d->reason, "%s", clean == NULL ? "" : clean);
}

/* ---- the mail as a whole in the quarantine ---- */

static const char *
network_of(struct arena *a, const char *address)
{
    char *text = arena_alloc(a, PEER_TEXT_BYTES);

    if (text != NULL)
        peer_print_network(address, text);
    return text;
}

/* The source by which the quarantine is bounded is a domain only where that one really
 * signed: else anybody could fill another's share. */
static bool
keep_whole(struct intake_mail *m, enum status status, const char *reason,
           const char *signer, struct err *e)
{
    struct delivery *d = m->d;
    struct submission *sub;

    if (m->kept_whole)
        return true;
    if ((sub = intake_add(d, e)) == NULL)
        return false;
    sub->status = status;
    sub->tier = TIER_UNVERIFIED;
    sub->peer_name = signer;
    sub->source = signer[0] != '\0' ? arena_printf(&d->arena, "d=%s", signer)
                                    : network_of(&d->arena, m->hints.source);
    if (m->hints.policy_domain != NULL)
        sub->policy_domains_hint = m->hints.policy_domain;
    sub->raw = d->bytes;
    sub->raw_bytes = d->byte_count;
    sub->raw_hash = key_of_bytes(d->bytes, d->byte_count);
    sub->reason = mail_hints_clean(&d->arena, reason);
    m->kept_whole = true;
    return (sub->source != NULL && sub->reason != NULL) || err_nomem(e);
}

static const char *
valid_signer(const struct mail_evidence *e)
{
    for (size_t i = 0; i < e->trust.signature_count; i++) {
        if (e->signatures[i].valid)
            return e->signatures[i].domain;
    }
    return "";
}

/* ---- each report in it ---- */

static void
fill_part(struct intake_mail *m, const struct mail_part *p, const struct mail_filename *f,
          struct intake_part *out)
{
    bool usable = m->evidence.hints_signed || m->d->vouched;

    *out = (struct intake_part){.bytes = p->bytes, .byte_count = p->byte_count};
    out->gzip_announced = strstr(p->media_type, "gzip") != NULL;
    out->hints.filename_submitter = f->submitter;
    out->policy_domain = f->policy_domain;
    if (usable) {
        out->hints.report_submitter = m->hints.submitter;
        if (m->hints.policy_domain != NULL)
            out->policy_domain = m->hints.policy_domain;
        else if (out->policy_domain == NULL)
            out->policy_domain = m->hints.subject_domain;
    }
}

static bool
accept(struct intake_mail *m, const struct mail_part *p, const struct mail_filename *f,
       struct submission *sub, struct err *e)
{
    struct trust_mail evidence = m->evidence.trust;
    struct arena *a = &m->d->arena;
    struct trust trust;

    evidence.carried = p->carried;
    if (!trust_mail(a, &evidence, sub->report->submitter, &trust, e))
        return false;
    sub->report->quirks |= mail_hints_compare(&m->hints, f, sub->report);
    sub->tier = trust.tier;
    sub->trust_reason = mail_hints_clean(a, trust.reason);
    sub->peer_name = trust.signer;
    sub->source = trust.signer[0] != '\0' ? arena_printf(a, "d=%s", trust.signer)
                                          : network_of(a, m->hints.source);
    return (sub->trust_reason != NULL && sub->source != NULL) || err_nomem(e);
}

/* One part. What it leaves in d->submissions is complete; false on ERR_AGAIN. What is not
 * understood, or was not looked at, is not thrown away: the mail is kept. */
static bool
read_part(struct intake_mail *m, const struct mail_part *p, struct err *e)
{
    struct delivery *d = m->d;
    size_t first = d->submission_count, accepted = first;
    struct mail_filename name;
    struct intake_part part;
    enum verdict v;

    if (!mail_hints_filename(&d->arena, p->filename, &name, e))
        return false;
    fill_part(m, p, &name, &part);
    v = intake_read(m->context->settings, d, &part);
    if (v == VERDICT_AGAIN)
        return err_set(e, ERR_AGAIN, "%s", d->reason);
    if (v != VERDICT_PENDING) {
        m->verdict = v;
        m->left_out = arena_strdup(&d->arena, d->reason);
        return m->left_out != NULL || err_nomem(e);
    }
    for (size_t i = first; i < d->submission_count; i++) {
        struct submission *sub = &d->submissions[i];

        if (sub->status != STATUS_ACCEPTED)
            m->odd = sub->reason;
        else if (!accept(m, p, &name, sub, e))
            return false;
        else
            d->submissions[accepted++] = *sub;
    }
    if (accepted == d->submission_count)
        return true;
    d->submission_count = accepted;
    return keep_whole(m, STATUS_QUARANTINED, m->odd, valid_signer(&m->evidence), e);
}

static bool
read_parts(struct intake_mail *m, struct err *e)
{
    struct arena *a = &m->d->arena;
    bool announced = mail_hints_announced(&m->message);
    struct err unreadable = {0};
    struct mail_reports found;
    const char *reason;

    if (!mail_find_reports(a, &m->message, &found, &unreadable)) {
        if (unreadable.kind == ERR_AGAIN)
            return err_nomem(e);
        return keep_whole(m, STATUS_QUARANTINED, unreadable.text,
                          valid_signer(&m->evidence), e);
    }
    for (size_t i = 0; i < found.count; i++) {
        announced = announced || found.parts[i].declared;
        if (!read_part(m, &found.parts[i], e))
            return false;
    }
    if (found.cut || m->verdict == VERDICT_TOO_BIG)
        return keep_whole(m, STATUS_QUARANTINED,
                          found.cut ? "more parts than are looked at" : m->left_out,
                          valid_signer(&m->evidence), e);
    if (m->d->submission_count > 0 || m->verdict == VERDICT_NOT_OURS)
        return true;
    if (m->left_out == NULL)
        m->left_out = found.odd;
    if (!announced || m->d->is_dmarc)
        return true;
    reason = arena_printf(a, "says that it is a TLS report, but none can be read%s%s",
                          m->left_out != NULL ? ": " : "",
                          m->left_out != NULL ? m->left_out : "");
    return reason == NULL
               ? err_nomem(e)
               : keep_whole(m, STATUS_QUARANTINED, reason, valid_signer(&m->evidence), e);
}

/* ---- the mail ---- */

/* Nothing valid: the mail is kept as ignored, or sent back for a while. */
static bool
ignore(struct intake_mail *m, struct err *e)
{
    struct trust trust;
    const char *reason;

    if (!trust_mail(&m->d->arena, &m->evidence.trust, "", &trust, e))
        return false;
    reason = m->evidence.dns_trouble
                 ? arena_printf(&m->d->arena, "%s (DNS)", trust.reason)
                 : trust.reason;
    return reason == NULL ? err_nomem(e) : keep_whole(m, STATUS_IGNORED, reason, "", e);
}

static bool
decide(struct intake_mail *m, int64_t now, struct err *e)
{
    struct delivery *d = m->d;
    struct mail_evidence *evidence = &m->evidence;
    int64_t since;

    if (d->vouched)
        *evidence =
            (struct mail_evidence){.trust.from_domain = "", .trust.vouched = true};
    else if (!mail_evidence_find(m->context, &d->arena, &m->message, d->received,
                                 evidence, e))
        return false;
    /* Its keys may still be had in time, by our own mail server's date if it has one. */
    if (evidence->dns_trouble && arrival_of_mail(d->bytes, d->byte_count, &since) &&
        since <= now + CLOCK_SLACK_S && now - since < MAIL_DNS_RETRY_S)
        return err_set(e, ERR_AGAIN, "no answer from DNS for the key of a signature");
    if (!d->vouched && valid_signer(evidence)[0] == '\0')
        return ignore(m, e);
    return read_parts(m, e);
}

/* A mail past a limit is not parsed at all; it is kept only for an operator's eye. */
static bool
read_frame(struct intake_mail *m, struct err *e)
{
    struct delivery *d = m->d;
    size_t max = (size_t)m->context->settings->mail.max_message_bytes;
    struct err limit = {0};

    if (d->byte_count > max)
        return err_set(e, ERR_TOO_BIG, "mail of more than %zu bytes", max);
    if (!mail_limits_check(d->bytes, d->byte_count, max, &limit)) {
        m->hints.source = "";
        return keep_whole(m, STATUS_IGNORED, limit.text, "", e);
    }
    return message_parse(&d->arena, d->bytes, d->byte_count, &m->message, e) &&
           mail_hints_read(&d->arena, &m->message, &m->hints, e);
}

void
mail_prepare(const struct mail_context *context, struct delivery *d, int64_t now)
{
    struct intake_mail m = {.context = context, .d = d, .verdict = VERDICT_UNRECOGNIZED};
    struct err e = {0};

    intake_begin(d);
    d->verdict = VERDICT_PENDING;
    d->now = now;
    if (d->received == 0 && !arrival_of_mail(d->bytes, d->byte_count, &d->received))
        d->received = 0;
    /* What the operator vouches for is dated by its report where the mail is not. */
    if (d->received > now || (d->received == 0 && !d->vouched))
        d->received = now;
    if (!read_frame(&m, &e) || (!m.kept_whole && !decide(&m, now, &e))) {
        intake_undo(d, 0);
        finish_at_once(d, e.kind == ERR_TOO_BIG ? VERDICT_TOO_BIG : VERDICT_AGAIN,
                       e.text);
    } else if (d->submission_count == 0) {
        finish_at_once(d, m.verdict, m.left_out != NULL ? m.left_out : "no TLS report");
    }
}
