/* From bytes to something that can be kept, or a clear no. Accept first: what looks like
 * a report and cannot be understood is quarantined with its bytes, for the Postfix
 * reporter posts once and a 4xx loses the report for good. */
#include "collector/intake/intake.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/peer.h"
#include "base/text.h"
#include "base/when.h"
#include "collector/intake/trust.h"
#include "schema/report/check.h"
#include "schema/wire/decode.h"
#include "schema/wire/inflate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    US_OF_MS = 1000
};

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

/* tlsrpt-reporter leaves policy-domain out where no policy was found. */
static bool
fill_domains(const struct settings *s, const struct intake_part *part, struct report *r,
             struct err *e)
{
    for (size_t i = 0; i < r->policy_count; i++) {
        const char *domain = part->policy_domain;

        if (r->policies[i].domain != NULL)
            continue;
        if (domain == NULL)
            domain = domain_of_id(s, r);
        if (domain == NULL && s->domains.count == 1 && s->domains.items[0][0] != '.')
            domain = s->domains.items[0];
        if (domain == NULL)
            return err_set(
                e, ERR_INPUT,
                "policies[%zu].policy: no policy-domain, and nothing else says it", i);
        if ((r->policies[i].domain = arena_strdup(&r->arena, domain)) == NULL)
            return err_nomem(e);
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

/* Its policy domains, each once, as many as fit. NULL when out of memory. */
static const char *
list_domains(const struct report *r, struct arena *a)
{
    const char *list = "";

    for (size_t i = 0; i < r->policy_count; i++) {
        const char *domain = r->policies[i].domain;
        size_t first = 0;

        while (domain != NULL && (r->policies[first].domain == NULL ||
                                  strcmp(r->policies[first].domain, domain) != 0))
            first++;
        if (domain == NULL || first < i)
            continue;
        list = arena_printf(a, "%s%s%s", list, list[0] != '\0' ? " " : "", domain);
        if (list == NULL || strlen(list) > REPORT_MAX_STRING_BYTES)
            break;
    }
    return list;
}

struct submission *
intake_add(struct delivery *d, struct err *e)
{
    size_t room = d->submission_room == 0 ? 1 : d->submission_room * 2;
    struct submission *grown;

    if (d->submission_count == d->submission_room) {
        grown = arena_array(&d->arena, room, sizeof *grown);
        if (grown == NULL) {
            (void)err_nomem(e);
            return NULL;
        }
        if (d->submission_count > 0)
            memcpy(grown, d->submissions, d->submission_count * sizeof *grown);
        d->submissions = grown;
        d->submission_room = room;
    }
    grown = &d->submissions[d->submission_count++];
    *grown = (struct submission){
        .status = STATUS_QUARANTINED,
        .transport = d->transport,
        .received = d->received,
        .peer = d->peer,
        .peer_name = "",
        .trust_reason = "",
        .source = "",
        .policy_domains_hint = "",
        .reason = "",
    };
    return grown;
}

void
intake_undo(struct delivery *d, size_t first)
{
    for (size_t i = first; i < d->submission_count; i++) {
        if (d->submissions[i].report != NULL)
            report_clear(d->submissions[i].report);
    }
    d->submission_count = first;
}

/* One part that is being read. */
struct reading {
    const struct settings *settings;
    struct delivery *delivery;
    const struct intake_part *part;
    size_t first;         /* submission of it */
    struct err not_kept;  /* why the last thing that was left out was, ERR_REFUSED */
    enum verdict verdict; /* of that */
    bool alone;           /* the text is all that came */
};

static bool
leave_out(struct reading *rd, enum verdict verdict, const char *why)
{
    rd->verdict = verdict;
    (void)err_set(&rd->not_kept, ERR_REFUSED, "%s%s",
                  verdict == VERDICT_UNRECOGNIZED ? "no TLS report: " : "", why);
    return true;
}

/* What looks like a report and cannot be understood. `bytes` stay in place. */
static bool
quarantine(struct reading *rd, const char *bytes, size_t n, const struct report *r,
           const struct err *why, struct err *e)
{
    struct delivery *d = rd->delivery;
    struct submission *sub;

    if (why->kind != ERR_INPUT)
        return err_set(e, why->kind, "%s", why->text);
    if ((sub = intake_add(d, e)) == NULL)
        return false;
    sub->raw = bytes;
    sub->raw_bytes = n;
    sub->reason = arena_strdup(&d->arena, why->text);
    sub->policy_domains_hint = r->policy_count == 0 && rd->part->policy_domain != NULL
                                   ? arena_strdup(&d->arena, rd->part->policy_domain)
                                   : list_domains(r, &d->arena);
    return (sub->reason != NULL && sub->policy_domains_hint != NULL) || err_nomem(e);
}

/* What the report says is whole; is it ours, and possible? Sets the submission's keys
 * before foreign policies are dropped: what is ours may change, the report does not. */
static bool
judge(const struct reading *rd, struct report *r, struct submission *sub, struct err *e)
{
    struct delivery *d = rd->delivery;

    if (!fill_domains(rd->settings, rd->part, r, e) ||
        !sender_find(r, &rd->part->hints, e))
        return false;
    sub->key = key_of_report(r);
    sub->content_hash = key_of_content(r);
    if (!keep_ours(rd->settings, r, e))
        return false;
    sub->received = d->received;
    if (d->received == 0) {
        sub->received = r->end + WHEN_DAY_S;
        if (d->now != 0 && sub->received > d->now)
            sub->received = d->now;
    }
    return check_report(r, sub->received, d->now, e);
}

static bool
take_report(struct reading *rd, struct decode_cursor *c, quirk_set quirks, struct err *e)
{
    struct delivery *d = rd->delivery;
    struct report *r = arena_alloc(&d->arena, sizeof *r);
    struct submission *sub, judged = {0};
    struct err why = {0};
    const char *raw;
    bool ok;

    if (r == NULL)
        return err_nomem(e);
    report_init(r);
    ok = decode_next(c, r, &why);
    FAULT("decoded");
    r->quirks |= quirks;
    if (why.kind == ERR_REFUSED)
        return leave_out(rd, VERDICT_UNRECOGNIZED, why.text);
    ok = ok && judge(rd, r, &judged, &why);
    if (why.kind == ERR_REFUSED) {
        report_clear(r);
        return leave_out(rd, VERDICT_NOT_OURS, why.text);
    }
    rd->alone = rd->alone && !c->more && c->count == 1;
    raw = rd->alone ? c->piece : arena_strndup(&d->arena, c->piece, c->piece_len);
    if (!ok || raw == NULL) {
        ok = raw != NULL ? quarantine(rd, raw, c->piece_len, r, &why, e) : err_nomem(e);
        report_clear(r);
        return ok;
    }
    if ((sub = intake_add(d, e)) == NULL) {
        report_clear(r);
        return false;
    }
    report_lead(r);
    sub->status = STATUS_ACCEPTED;
    sub->report = r;
    sub->received = judged.received;
    sub->key = judged.key;
    sub->content_hash = judged.content_hash;
    sub->raw = raw;
    sub->raw_bytes = c->piece_len;
    return true;
}

static bool
take_text(void *ctx, const struct inflate_item *item, struct err *e)
{
    struct reading *rd = ctx;
    struct delivery *d = rd->delivery;
    struct decode_cursor c;
    quirk_set quirks = item->quirks;
    const char *name;

    FAULT("inflated");
    if (clock_cpu_us() > d->cpu_until_us)
        return err_set(e, ERR_INPUT, "it takes more than %" PRId64 " ms to read",
                       rd->settings->intake.max_decode_ms);
    if (item->kind != INFLATE_JSON && item->len > 0) {
        name = inflate_name(item->text, item->len);
        d->is_dmarc = d->is_dmarc || inflate_is_dmarc(item->text, item->len);
        return leave_out(rd, VERDICT_UNRECOGNIZED, name != NULL ? name : "no JSON in it");
    }
    if (rd->part->gzip_announced && item->alone && item->text == rd->part->bytes)
        quirks |= QUIRK_BIT(QUIRK_NOT_COMPRESSED);
    rd->alone = item->alone && d->submission_count == rd->first;
    decode_open(&c, item->text, item->len);
    while (c.more) {
        if (d->transport != TRANSPORT_IMPORT &&
            d->submission_count - rd->first == INTAKE_MAX_REPORTS)
            return err_set(e, ERR_INPUT, "more than %d reports in one",
                           INTAKE_MAX_REPORTS);
        if (!take_report(rd, &c, quirks, e))
            return false;
    }
    return true;
}

/* The bytes that are kept for each report: all of the part for the only one, and where
 * none of several is understood, all of it once. */
static void
set_raw(struct reading *rd)
{
    struct delivery *d = rd->delivery;
    bool any = false, only;

    for (size_t i = rd->first; i < d->submission_count; i++)
        any = any || d->submissions[i].status == STATUS_ACCEPTED;
    if (!any)
        intake_undo(d, rd->first + 1);
    only = d->submission_count == rd->first + 1;

    for (size_t i = rd->first; i < d->submission_count; i++) {
        struct submission *sub = &d->submissions[i];

        if (only) {
            sub->raw = rd->part->bytes;
            sub->raw_bytes = rd->part->byte_count;
        }
        sub->raw_hash = key_of_bytes(sub->raw, sub->raw_bytes);
    }
}

enum verdict
intake_read(const struct settings *s, struct delivery *d, const struct intake_part *part)
{
    size_t all = (size_t)s->intake.max_inflated_bytes;
    bool cheap = d->max_cheap_bytes > 0 && d->max_cheap_bytes < all;
    size_t max = cheap ? d->max_cheap_bytes : all;
    const struct inflate_limits limits = {
        .max_bytes = d->inflated_bytes < max ? max - d->inflated_bytes : 0,
        .max_members = (size_t)s->intake.max_gzip_members,
    };
    const struct report none = {0};
    struct reading rd = {.settings = s,
                         .delivery = d,
                         .part = part,
                         .first = d->submission_count,
                         .verdict = VERDICT_UNRECOGNIZED};
    struct err e = {0}, trouble = {0};

    if (d->cpu_until_us == 0)
        d->cpu_until_us = clock_cpu_us() + s->intake.max_decode_ms * US_OF_MS;
    if (cheap && part->byte_count > limits.max_bytes)
        (void)err_set(&e, ERR_TOO_BIG, "more than is cheap");
    else if (!inflate_each(part->bytes, part->byte_count, &limits, take_text, &rd,
                           &d->inflated_bytes, &e) &&
             !(cheap && e.kind == ERR_TOO_BIG) &&
             (e.kind == ERR_INPUT ||
              (e.kind == ERR_TOO_BIG && d->submission_count > rd.first))) {
        e.kind = ERR_INPUT; /* what was not read is kept with the rest */
        if (quarantine(&rd, part->bytes, part->byte_count, &none, &e, &trouble))
            e = (struct err){0};
        else
            e = trouble;
    }
    if (cheap && e.kind == ERR_TOO_BIG) {
        d->dear = true;
        intake_undo(d, rd.first);
        return VERDICT_AGAIN;
    }
    if (e.kind != ERR_NONE) {
        d->is_dmarc = d->is_dmarc || inflate_is_dmarc(part->bytes, part->byte_count);
        intake_undo(d, rd.first);
        return give_up(d, &e);
    }
    if (d->submission_count == rd.first) {
        say(d, rd.not_kept.text);
        return rd.verdict;
    }
    set_raw(&rd);
    return VERDICT_PENDING;
}

/* ---- one delivery that is no mail ---- */

static bool
believe(const struct settings *s, struct delivery *d, struct submission *sub,
        struct err *e)
{
    char *source = arena_alloc(&d->arena, PEER_TEXT_BYTES);
    struct trust trust = {.tier = TIER_OPERATOR, .reason = "the operator vouches for it"};
    const struct trust_post post = {
        .peer = d->peer,
        .peer_name = d->peer_name,
        .sender = sub->report != NULL ? sub->report->sender : "",
    };

    if (source == NULL)
        return err_nomem(e);
    peer_print_network(d->peer, source);
    sub->source = source;
    sub->peer_name = d->peer_name;
    if (!d->vouched && !trust_https(&d->arena, s, &post, &trust, e))
        return false;
    sub->tier = trust.tier;
    sub->trust_reason = trust.reason;
    return true;
}

void
intake_begin(struct delivery *d)
{
    arena_init(&d->arena, 0);
    d->reason[0] = '\0';
    d->submissions = NULL;
    d->submission_count = d->submission_room = 0;
    d->inflated_bytes = 0;
    d->cpu_until_us = 0;
    d->dear = false;
}

void
intake_prepare(const struct settings *s, struct delivery *d)
{
    const struct intake_part part = {.bytes = d->bytes,
                                     .byte_count = d->byte_count,
                                     .policy_domain = d->policy_domain};
    struct err e = {0};

    intake_begin(d);
    d->verdict = intake_read(s, d, &part);
    for (size_t i = 0; i < d->submission_count; i++) {
        if (!believe(s, d, &d->submissions[i], &e)) {
            intake_undo(d, 0);
            d->verdict = give_up(d, &e);
        }
    }
}

/* ---- what became of it ---- */

static const char database_away[] = "the database cannot take it now, try again later";

static const struct {
    enum verdict verdict;
    const char *reason; /* NULL: what the store says, or the door */
} outcomes[] = {
    [OUTCOME_PENDING] = {VERDICT_AGAIN, database_away},
    [OUTCOME_STORED] = {VERDICT_STORED, ""},
    [OUTCOME_DUPLICATE] = {VERDICT_DUPLICATE, "this report is here already"},
    [OUTCOME_CONFLICT] = {VERDICT_DUPLICATE, "this report is here already, with other "
                                             "bytes; the first is kept"},
    [OUTCOME_PRUNED] = {VERDICT_PRUNED, NULL},
    [OUTCOME_QUARANTINED] = {VERDICT_QUARANTINED, NULL},
    [OUTCOME_IGNORED] = {VERDICT_IGNORED, NULL},
    [OUTCOME_AGAIN] = {VERDICT_AGAIN, database_away},
};

bool
intake_may_be_report(const struct delivery *d)
{
    return d->kind == DELIVERY_REPORT &&
           inflate_sniff(d->bytes, d->byte_count) != INFLATE_UNKNOWN;
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
        enum verdict v = outcomes[sub->outcome].verdict;

        /* The verdicts stand in order, but for AGAIN, which wins over all. */
        if (best == NULL || v == VERDICT_AGAIN ||
            (d->verdict != VERDICT_AGAIN && v < d->verdict)) {
            best = sub;
            d->verdict = v;
        }
    }
    d->tier = 0;
    if (best != NULL) {
        const char *reason = outcomes[best->outcome].reason;

        if (reason == NULL)
            reason = best->err.kind != ERR_NONE ? best->err.text : best->reason;
        say(d, reason);
        if (d->verdict == VERDICT_STORED || d->verdict == VERDICT_DUPLICATE)
            d->tier = best->tier;
    }
    intake_undo(d, 0);
    d->submissions = NULL;
    d->submission_room = 0;
    arena_clear(&d->arena);
}
