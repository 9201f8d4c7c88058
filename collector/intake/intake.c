/* From bytes to something that can be kept, or a clear no. Accept first: what looks like
 * a report and cannot be understood is quarantined with its bytes, for the Postfix
 * reporter posts once and a 4xx loses the report for good. */
#include "collector/intake/intake.h"

#include "base/fault.h"
#include "base/text.h"
#include "base/when.h"
#include "collector/intake/peer.h"
#include "collector/intake/trust.h"
#include "schema/report/check.h"
#include "schema/wire/decode.h"
#include "schema/wire/inflate.h"

#include <stdio.h>
#include <string.h>

static void
say(struct delivery *d, const char *reason)
{
    struct buf safe;

    if (reason[0] == '\0')
        return;
    buf_init(&safe, 0);
    if (text_escape(&safe, reason, strlen(reason)) && safe.bytes != NULL) {
        size_t n = safe.len < sizeof d->reason ? safe.len : sizeof d->reason - 1;

        while (n < safe.len && n > 0 && ((unsigned char)safe.bytes[n] & 0xC0) == 0x80)
            n--;
        memcpy(d->reason, safe.bytes, n);
        d->reason[n] = '\0';
    }
    buf_clear(&safe);
}

static enum verdict
give_up(struct delivery *d, const struct err *e)
{
    say(d, e->text);
    switch (e->kind) {
    case ERR_TOO_BIG:
        return VERDICT_TOO_BIG;
    case ERR_REFUSED:
        return VERDICT_UNRECOGNIZED;
    case ERR_NONE:
    case ERR_INPUT:
    case ERR_AGAIN:
    case ERR_CONFIG:
    case ERR_BUG:
        break;
    }
    return VERDICT_AGAIN;
}

/* ---- whose report it is ---- */

/* The last part of a report-id such as "2026-11-23_idx1_example.com", of tlsrpt-reporter,
 * or "1339...+example.com", of Microsoft, when that is a domain of ours. */
static const char *
domain_of_id(const struct settings *s, struct report *r)
{
    const char *id = r->report_id, *tail = id + strlen(id);
    char *domain;

    if (s->domains.count == 0)
        return NULL;
    while (tail > id &&
           (tail[-1] == '.' || tail[-1] == '-' || (tail[-1] >= '0' && tail[-1] <= '9') ||
            ((tail[-1] | 0x20) >= 'a' && (tail[-1] | 0x20) <= 'z')))
        tail--;
    if (tail[0] == '\0' || tail[0] == '.' ||
        (domain = arena_strdup(&r->arena, tail)) == NULL)
        return NULL;
    text_lower(domain);
    return settings_owns(&s->domains, domain) ? domain : NULL;
}

static const char *
domain_from_elsewhere(const struct settings *s, const struct intake_part *part,
                      struct report *r)
{
    const char *domain = part->policy_domain;

    if (domain == NULL)
        domain = domain_of_id(s, r);
    if (domain == NULL && s->domains.count == 1 && s->domains.items[0][0] != '.')
        domain = s->domains.items[0];
    return domain == NULL ? NULL : arena_strdup(&r->arena, domain);
}

/* tlsrpt-reporter leaves policy-domain out where no policy was found. */
static bool
fill_domains(const struct settings *s, const struct intake_part *part, struct report *r,
             struct err *e)
{
    for (size_t i = 0; i < r->policy_count; i++) {
        if (r->policies[i].domain != NULL)
            continue;
        r->policies[i].domain = domain_from_elsewhere(s, part, r);
        if (r->policies[i].domain == NULL)
            return err_set(
                e, ERR_INPUT,
                "policies[%zu].policy: no policy-domain, and nothing else says it", i);
        r->quirks |= QUIRK_BIT(QUIRK_NO_POLICY_DOMAIN);
    }
    return true;
}

/* Drops what is not ours. ERR_REFUSED when that is everything. What is too long to be a
 * name at all is nobody's: check_report() says so. */
static bool
keep_ours(const struct settings *s, struct report *r, struct err *e)
{
    bool *keep = arena_array(&r->arena, r->policy_count, sizeof *keep);
    const char *foreign = NULL;
    size_t ours = 0;

    if (keep == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < r->policy_count; i++) {
        keep[i] = strlen(r->policies[i].domain) > REPORT_MAX_NAME_BYTES ||
                  settings_owns(&s->domains, r->policies[i].domain);
        ours += keep[i];
        if (!keep[i])
            foreign = r->policies[i].domain;
    }
    if (foreign == NULL)
        return true;
    if (ours == 0)
        return err_set(e, ERR_REFUSED, "policy domain %s is not ours", foreign);
    report_keep(r, keep);
    r->quirks |= QUIRK_BIT(QUIRK_POLICIES_DROPPED);
    return true;
}

/* ---- one report ---- */

static const char *
list_domains(const struct report *r, struct arena *a)
{
    const char *list = "";

    for (size_t i = 0; i < r->policy_count && list != NULL; i++) {
        const char *domain = r->policies[i].domain;

        if (domain != NULL && strstr(list, domain) == NULL)
            list = arena_printf(a, "%s%s%s", list, list[0] != '\0' ? " " : "", domain);
        if (list != NULL && strlen(list) > REPORT_MAX_STRING_BYTES)
            break;
    }
    return list;
}

static enum verdict
quarantine(struct delivery *d, const struct intake_part *part, struct report *r,
           struct submission *sub, const struct err *e)
{
    struct err nomem = {0};

    if (e->kind != ERR_INPUT) {
        report_clear(r);
        return give_up(d, e);
    }
    sub->status = STATUS_QUARANTINED;
    sub->report = NULL;
    sub->reason = arena_strdup(&d->arena, e->text);
    sub->policy_domains_hint = list_domains(r, &d->arena);
    if (part->policy_domain != NULL && r->policy_count == 0)
        sub->policy_domains_hint = arena_strdup(&d->arena, part->policy_domain);
    report_clear(r);
    if (sub->reason != NULL && sub->policy_domains_hint != NULL)
        return VERDICT_PENDING;
    (void)err_nomem(&nomem);
    return give_up(d, &nomem);
}

static bool
read_json(const struct settings *s, const struct intake_part *part, struct report *r,
          struct err *e)
{
    const struct inflate_limits limits = {
        .max_bytes = (size_t)s->intake.max_inflated_bytes,
        .max_members = (size_t)s->intake.max_gzip_members,
    };
    quirk_set quirks = 0;
    struct buf json;
    bool ok;

    buf_init(&json, 0);
    ok = inflate_bytes(part->bytes, part->byte_count, &limits, &json, &quirks, e);
    FAULT("inflated");
    ok = ok && decode_report(json.bytes != NULL ? json.bytes : "", json.len, r, e);
    FAULT("decoded");
    buf_clear(&json);
    if (!ok)
        return false;
    r->quirks |= quirks;
    if (part->gzip_announced &&
        inflate_sniff(part->bytes, part->byte_count) == INFLATE_JSON)
        r->quirks |= QUIRK_BIT(QUIRK_NOT_COMPRESSED);
    return true;
}

static bool
judge(struct delivery *d, const struct intake_part *part, struct report *r, struct err *e)
{
    if (d->received == 0)
        d->received = r->end + WHEN_DAY_S;
    return sender_find(r, &part->hints, e) && check_report(r, d->received, e);
}

enum verdict
intake_read(const struct settings *s, struct delivery *d, const struct intake_part *part,
            struct report *r, struct submission *sub)
{
    struct err e = {0};

    report_init(r);
    *sub = (struct submission){
        .transport = d->transport,
        .received = d->received,
        .peer = d->peer,
        .peer_name = "",
        .trust_reason = "",
        .source = "",
        .policy_domains_hint = "",
        .raw = part->bytes,
        .raw_bytes = part->byte_count,
        .raw_hash = key_of_bytes(part->bytes, part->byte_count),
        .reason = "",
    };
    if (!read_json(s, part, r, &e) || !fill_domains(s, part, r, &e))
        return quarantine(d, part, r, sub, &e);
    if (!keep_ours(s, r, &e)) {
        say(d, e.text);
        report_clear(r);
        return e.kind == ERR_REFUSED ? VERDICT_NOT_OURS : VERDICT_AGAIN;
    }
    if (!judge(d, part, r, &e)) {
        sub->received = d->received;
        return quarantine(d, part, r, sub, &e);
    }
    report_lead(r);
    sub->status = STATUS_ACCEPTED;
    sub->report = r;
    sub->received = d->received;
    sub->key = key_of_report(r);
    return VERDICT_PENDING;
}

/* ---- one delivery that is one report ---- */

static bool
believe(const struct settings *s, struct delivery *d, struct submission *sub,
        struct err *e)
{
    char *source = arena_alloc(&d->arena, PEER_TEXT_BYTES);
    struct trust trust = {.tier = TIER_OPERATOR, .reason = "the operator vouches for it"};

    if (source == NULL)
        return err_nomem(e);
    peer_print_network(d->peer, source);
    sub->source = source;
    sub->peer_name = d->peer_name;
    if (!d->vouched &&
        !trust_https(&d->arena, s, d->peer_name,
                     sub->report != NULL ? sub->report->sender : "", &trust, e))
        return false;
    sub->tier = trust.tier;
    sub->trust_reason = trust.reason;
    return true;
}

void
intake_prepare(const struct settings *s, struct delivery *d)
{
    const struct intake_part part = {.bytes = d->bytes,
                                     .byte_count = d->byte_count,
                                     .policy_domain = d->policy_domain};
    struct err e = {0};

    arena_init(&d->arena, 0);
    d->reason[0] = '\0';
    d->submission_count = 0;
    d->reports = arena_array(&d->arena, 1, sizeof *d->reports);
    d->submissions = arena_array(&d->arena, 1, sizeof *d->submissions);
    if (d->reports == NULL || d->submissions == NULL) {
        (void)err_nomem(&e);
        d->verdict = give_up(d, &e);
        return;
    }
    d->verdict = intake_read(s, d, &part, d->reports, d->submissions);
    if (d->verdict != VERDICT_PENDING)
        return;
    d->submission_count = 1;
    if (believe(s, d, d->submissions, &e))
        return;
    if (d->submissions->report != NULL)
        report_clear(d->submissions->report);
    d->submission_count = 0;
    d->verdict = give_up(d, &e);
}

/* ---- what became of it ---- */

static enum verdict
verdict_of(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_STORED:
        return VERDICT_STORED;
    case OUTCOME_DUPLICATE:
    case OUTCOME_CONFLICT:
        return VERDICT_DUPLICATE;
    case OUTCOME_PRUNED:
        return VERDICT_PRUNED;
    case OUTCOME_QUARANTINED:
        return VERDICT_QUARANTINED;
    case OUTCOME_IGNORED:
        return VERDICT_IGNORED;
    case OUTCOME_PENDING:
    case OUTCOME_AGAIN:
        return VERDICT_AGAIN;
    }
    return VERDICT_AGAIN;
}

static const char *
reason_of(const struct submission *sub)
{
    switch (sub->outcome) {
    case OUTCOME_STORED:
        return "";
    case OUTCOME_DUPLICATE:
        return "this report is here already";
    case OUTCOME_CONFLICT:
        return "this report is here already, with other bytes; the first is kept";
    case OUTCOME_PRUNED:
    case OUTCOME_QUARANTINED:
    case OUTCOME_IGNORED:
        return sub->err.kind != ERR_NONE ? sub->err.text : sub->reason;
    case OUTCOME_PENDING:
    case OUTCOME_AGAIN:
        return "the database cannot take it now, try again later";
    }
    return "";
}

size_t
intake_memory(const struct delivery *d)
{
    size_t bytes = d->arena.total_bytes;

    for (size_t i = 0; i < d->submission_count; i++) {
        if (d->submissions[i].report != NULL)
            bytes += d->submissions[i].report->arena.total_bytes;
    }
    return bytes;
}

void
intake_finish(struct delivery *d)
{
    const struct submission *best = NULL;

    for (size_t i = 0; i < d->submission_count; i++) {
        const struct submission *sub = &d->submissions[i];
        enum verdict v = verdict_of(sub->outcome);

        /* The verdicts stand in order, but for AGAIN, which wins over all. */
        if (best == NULL || v == VERDICT_AGAIN ||
            (d->verdict != VERDICT_AGAIN && v < d->verdict)) {
            best = sub;
            d->verdict = v;
        }
    }
    d->tier = 0;
    if (best != NULL) {
        say(d, reason_of(best));
        if (d->verdict == VERDICT_STORED || d->verdict == VERDICT_DUPLICATE)
            d->tier = best->tier;
    }
    for (size_t i = 0; i < d->submission_count; i++) {
        if (d->submissions[i].report != NULL)
            report_clear(d->submissions[i].report);
    }
    d->submission_count = 0;
    d->reports = NULL;
    d->submissions = NULL;
    arena_clear(&d->arena);
}
