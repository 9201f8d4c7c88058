/* See analyse_drift.h. */
#include "analyzer/analysis/analyse_drift.h"

#include "analyzer/analysis/analyse_onset.h"
#include "analyzer/analysis/policy_text.h"
#include "base/when.h"

enum {
    CACHE_MARGIN_D = 1, /* a policy may be seen a day early, and a day after max_age */
    TLSA_CACHE_D = 2,   /* TTLs of TLSA records are short */
    LEAST_DAYS = 2,
    LEAST_PAST = 7, /* days with MTA-STS before its absence is news */
    INDEPENDENT = 3,
    COMPARE_D = 7,
};

static const double everybody = .6;

bool
drift_enforces(const struct facts *f, name domain, name sender, int day)
{
    bool enforces = false;
    size_t first, end;

    facts_seen_of(f, domain, &first, &end);
    for (size_t i = first; i < end; i++)
        if (f->seen[i].sender == sender && f->seen[i].type == POLICY_STS &&
            f->seen[i].first <= day)
            enforces = policy_text_enforces(facts_text(f, f->seen[i].policy));
    return enforces;
}

int64_t
drift_refused(const struct facts *f, name kind, const struct name_list *domains,
              const struct name_list *senders, int first, int last)
{
    int64_t refused = 0;

    for (size_t d = 0; d < domains->count; d++) {
        size_t from, end;

        facts_misses_of(f, domains->items[d], &from, &end);
        from = facts_miss_at(f, from, end, kind, 0);
        end = facts_miss_at(f, from, end, kind + 1, 0);
        for (size_t i = from; i < end; i++) {
            const struct miss *m = &f->misses[i];

            if (m->day < first || m->day > last || !name_list_has(senders, m->sender))
                continue;
            if (m->type == POLICY_TLSA ||
                (m->type == POLICY_STS &&
                 drift_enforces(f, m->domain, m->sender, m->day)))
                refused += m->failed;
        }
    }
    return refused;
}

name
drift_declared(const struct published *list, size_t count, int32_t day)
{
    name text = 0;

    for (size_t i = 0; i < count && list[i].since <= day; i++)
        text = list[i].text;
    return text;
}

/* The last day on which a sender may still see list[i]. */
static int32_t
allowed_until(const struct facts *f, const struct published *list, size_t count, size_t i,
              bool sts)
{
    int32_t cache = TLSA_CACHE_D;

    if (i + 1 == count)
        return INT32_MAX;
    if (sts)
        cache =
            (int32_t)(policy_text_max_age_s(facts_text(f, list[i].text)) / WHEN_DAY_S) +
            CACHE_MARGIN_D;
    return list[i + 1].since + cache;
}

/* Sets [*first, *last] to the days on which the policy should not have been seen. */
static bool
is_drift(const struct facts *f, const struct declared *d, const struct seen *s,
         int *first, int *last)
{
    bool sts = s->type == POLICY_STS;
    const struct published *list = sts ? d->policies : d->tlsa;
    size_t count = sts ? d->policy_count : d->tlsa_count;

    *first = s->first;
    *last = s->last;
    for (size_t i = 0; i < count; i++) {
        int32_t from = list[i].since - f->first_day - CACHE_MARGIN_D;
        int32_t until = allowed_until(f, list, count, i, sts);

        if (list[i].text != s->policy || from > *first)
            continue;
        until = until == INT32_MAX ? until : until - f->first_day;
        if (until >= *last)
            return false;
        *first = until + 1 > *first ? until + 1 : *first;
    }
    return count > 0;
}

/* What is gathered about one domain. */
struct drift {
    const struct facts *f;
    bool inferred;                  /* nothing is declared */
    struct name_list senders, back; /* who sees it; who sees the right one again */
    int first, last, days;
    bool lost;
};

static bool
note(struct drift *d, name sender, int first, int last, int days, struct err *e)
{
    if (!d->senders.count || first < d->first)
        d->first = first;
    if (last > d->last)
        d->last = last;
    d->days = days > d->days ? days : d->days;
    return name_list_add(&d->senders, sender, e);
}

/* An MTA-STS sender that now finds no policy at all. Rows [first, end) are one sender's.
 */
static bool
note_lost(struct drift *d, size_t first, size_t end, struct err *e)
{
    uint8_t sts[FACTS_DAYS] = {0}, none[FACTS_DAYS] = {0};
    int past = 0, run = 0, since = -1;

    for (size_t i = first; i < end; i++) {
        const struct tally *t = &d->f->tallies[i];

        sts[t->day] |= t->type == POLICY_STS || t->type == POLICY_TLSA;
        none[t->day] |= t->type == POLICY_NONE;
    }
    for (int day = 0; day < FACTS_DAYS; day++) {
        if (sts[day]) {
            past++;
            run = 0;
        } else if (none[day] && past >= LEAST_PAST) {
            since = run++ ? since : day;
        }
    }
    if (run < LEAST_DAYS)
        return true;
    d->lost = true;
    return note(d, d->f->tallies[first].sender, since, d->f->today, run, e);
}

static bool
gather_lost(struct drift *d, name domain, const struct analysis *a, struct err *e)
{
    size_t first, end;

    facts_tallies_of(d->f, domain, &first, &end);
    for (size_t i = first, next; i < end; i = next) {
        next = facts_pair_end(d->f, i);
        if (!a->excluded[d->f->tallies[i].sender] && !note_lost(d, i, next, e))
            return false;
    }
    return true;
}

/* Where nothing is declared: a policy that a single sender sees, while several others
 * agree on another one, and for longer than their caches would explain. */
static bool
is_alone(const struct drift *d, size_t first, size_t end, const struct seen *alone)
{
    struct name_list others = {0};
    int64_t cache_d = CACHE_MARGIN_D;
    bool ok = true;

    for (size_t i = first; ok && i < end; i++) {
        const struct seen *s = &d->f->seen[i];
        int64_t age_d = policy_text_max_age_s(facts_text(d->f, s->policy)) / WHEN_DAY_S;

        if (s->type != alone->type || s->sender == alone->sender)
            continue;
        if (s->policy == alone->policy)
            ok = false;
        else if (s->last >= alone->first && s->first <= alone->last)
            ok = name_list_add(&others, s->sender, NULL);
        cache_d = age_d > cache_d ? age_d + CACHE_MARGIN_D : cache_d;
    }
    ok = ok && others.count >= INDEPENDENT && d->f->today - alone->first > cache_d;
    name_list_clear(&others);
    return ok;
}

static bool
gather_alone(struct drift *d, name domain, const struct analysis *a, struct err *e)
{
    size_t first, end;

    d->inferred = true;
    facts_seen_of(d->f, domain, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct seen *s = &d->f->seen[i];

        if (!a->excluded[s->sender] && is_alone(d, first, end, s) &&
            !note(d, s->sender, s->first, s->last, s->last - s->first + 1, e))
            return false;
    }
    return true;
}

static bool
gather_seen(struct drift *d, const struct declared *declared, const struct analysis *a,
            struct err *e)
{
    size_t from, end;

    facts_seen_of(d->f, declared->domain, &from, &end);
    for (size_t i = from; i < end; i++) {
        const struct seen *s = &d->f->seen[i];
        int first, last;

        if (!a->excluded[s->sender] && is_drift(d->f, declared, s, &first, &last) &&
            !note(d, s->sender, first, last, last - first + 1, e))
            return false;
    }
    for (size_t i = from; i < end; i++) {
        const struct seen *s = &d->f->seen[i];
        int first, last;

        if (name_list_has(&d->senders, s->sender) && s->last > d->last + 1 &&
            !is_drift(d->f, declared, s, &first, &last) &&
            !name_list_add(&d->back, s->sender, e))
            return false;
    }
    return true;
}

/* Senders that told a policy of the domain about then. */
static int
comparable(const struct drift *d, name domain, struct err *e)
{
    struct name_list all = {0};
    size_t first, end;
    int count;

    facts_tallies_of(d->f, domain, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct tally *t = &d->f->tallies[i];

        if ((t->type == POLICY_STS ||
             (d->lost && name_list_has(&d->senders, t->sender))) &&
            t->day > d->last - COMPARE_D && t->day <= d->last &&
            !name_list_add(&all, t->sender, e))
            break;
    }
    count = (int)all.count;
    name_list_clear(&all);
    return count;
}

static bool
is_established(const struct drift *d)
{
    if (d->senders.count >= INDEPENDENT)
        return true;
    for (size_t i = 0; i < d->senders.count; i++)
        if (facts_reported_days(d->f, d->senders.items[i], d->last) >= FACTS_ESTABLISHED)
            return true;
    return false;
}

static enum fault
verdict_of(const struct drift *d, int seen)
{
    int failing = (int)d->senders.count;

    if (failing >= 2 && failing >= everybody * seen)
        return VERDICT_OURS;
    return failing == 1 && seen >= INDEPENDENT ? VERDICT_SENDER : VERDICT_UNKNOWN;
}

static bool
report(struct drift *d, name domain, struct analysis *a, struct err *e)
{
    int seen = comparable(d, domain, e);
    struct finding *out = finding_add(a, d->f, KIND_POLICY_DRIFT, "domain", domain, e);

    if (!out)
        return false;
    out->verdict = verdict_of(d, seen);
    if (is_established(d) && d->days >= LEAST_DAYS)
        out->severity = SEVERITY_WARNING;
    out->first = (int16_t)d->first;
    out->last = (int16_t)d->last;
    out->confidence = d->inferred ? .5 : seen >= INDEPENDENT ? .9 : .6;
    out->senders_failing = (int)d->senders.count;
    out->senders_seen = seen > out->senders_failing ? seen : out->senders_failing;
    out->senders = d->senders;
    d->senders = (struct name_list){0};
    out->open = d->back.count < out->senders.count &&
                d->f->today - d->last <= onset_patience(d->f, &out->senders);
    out->onset_earliest = ((int64_t)d->f->first_day + d->first) * WHEN_DAY_S;
    out->onset_latest = out->onset_earliest + WHEN_DAY_S;
    return name_list_add(&out->domains, domain, e);
}

static bool
one_domain(const struct facts *f, name domain, struct analysis *a, struct err *e)
{
    const struct declared *declared = facts_declared(f, domain);
    struct drift d = {.f = f};
    bool ok;

    if (declared && (declared->policy_count || declared->tlsa_count))
        ok = gather_seen(&d, declared, a, e);
    else
        ok = gather_alone(&d, domain, a, e);
    /* RFC 8461 section 8.3 withdraws a policy by mode none first: a sudden end is none.
     */
    if (ok && (!declared || !declared->policy_count ||
               drift_declared(declared->policies, declared->policy_count,
                              f->first_day + f->today)))
        ok = gather_lost(&d, domain, a, e);
    if (ok && d.senders.count)
        ok = report(&d, domain, a, e);
    name_list_clear(&d.senders);
    name_list_clear(&d.back);
    return ok;
}

bool
drift_find(const struct facts *f, struct analysis *a, struct err *e)
{
    for (size_t i = 0; i < f->declared_count; i++)
        if (f->is_domain[f->declared[i].domain] &&
            !one_domain(f, f->declared[i].domain, a, e))
            return false;
    for (size_t i = 0; i < f->seen_count; i++)
        if ((i == 0 || f->seen[i].domain != f->seen[i - 1].domain) &&
            !facts_declared(f, f->seen[i].domain) &&
            !one_domain(f, f->seen[i].domain, a, e))
            return false;
    return true;
}
