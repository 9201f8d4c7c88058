/* See readiness.h. */
#include "analyzer/readiness.h"

#include "analyzer/analysis/analyse_baseline.h"
#include "analyzer/analysis/analyse_drift.h"
#include "analyzer/analysis/analyse_mx.h"
#include "analyzer/analysis/policy_text.h"

#include <string.h>

/* the one-sided 95 % Wilson bound must lie below the former */
static const double failure_bound = .001, one_sided_95 = 1.645;

/* The latest reported days of a domain. */
struct days {
    int64_t sessions[FACTS_DAYS], failed[FACTS_DAYS]; /* the latest first */
    int64_t total;
    int count;
    int senders;
};

static bool
is_enough(const struct days *d)
{
    return d->count >= READINESS_DAYS && d->total >= READINESS_SESSIONS;
}

static int64_t
blocking_failures(const struct grid *g, int day, bool dane)
{
    int64_t failed = 0;

    for (size_t i = g->first_miss; i < g->end_miss; i++) {
        const struct miss *m = &g->f->misses[i];
        enum grid_class class =
            grid_class_of(result_type_parse(facts_text(g->f, m->kind)));

        if (m->day == day && (m->type == POLICY_TLSA) == dane &&
            (class == GRID_ANY || (dane && class == GRID_DANE)))
            failed += m->failed;
    }
    return failed;
}

/* What lies farther back than the window, seen from the instant asked about, tells
 * nothing of today. */
static void
count_days(const struct grid *g, const uint8_t *excluded, bool dane, struct days *out)
{
    enum grid_class class = dane ? GRID_DANE : GRID_ANY;
    struct name_list senders = {0};

    for (int day = g->f->today; day >= g->f->idle_days && !is_enough(out); day--) {
        int64_t sessions = 0;

        for (size_t s = 0; s < g->sender_count; s++) {
            int64_t n = g->sessions[class][s * FACTS_DAYS + (size_t)day];

            if (excluded[g->senders[s]] || n <= 0)
                continue;
            sessions += n;
            if (!name_list_add(&senders, g->senders[s], NULL))
                break;
        }
        if (sessions == 0)
            continue;
        out->total += sessions;
        out->sessions[out->count] = sessions;
        out->failed[out->count++] = blocking_failures(g, day, dane);
    }
    out->senders = (int)senders.count;
    name_list_clear(&senders);
}

/* The bound once `more` clean days of the usual traffic have come and, where there are
 * enough days, as many old ones are out of sight. */
static double
bound_after(const struct days *d, int more)
{
    int64_t sessions = 0, failed = 0;
    int kept = is_enough(d) ? d->count - more : d->count;

    for (int i = 0; i < kept; i++) {
        sessions += d->sessions[i];
        failed += d->failed[i];
    }
    if (d->count)
        sessions += d->total / d->count * more;
    return baseline_upper(sessions, failed, one_sided_95);
}

static void
set_clause(struct readiness *out, enum readiness_clause at, const char *text,
           double figure, double needed, bool met, int days_left)
{
    out->clauses[at] =
        (struct readiness_answer){text, met, figure, needed, met ? 0 : days_left};
    out->go &= met;
}

static int
open_findings(const struct analysis *a, name domain, bool drift)
{
    int count = 0;

    for (size_t i = 0; i < a->count; i++) {
        const struct finding *x = &a->rows[i];

        count += finding_is_alarm(x) && name_list_has(&x->domains, domain) &&
                 (strcmp(x->kind, KIND_POLICY_DRIFT) == 0) == drift;
    }
    return count;
}

/* Counts receiving hosts, declared or else seen, that the policy does not cover. */
static bool
count_uncovered(const struct facts *f, const struct grid *g, int *count, struct err *e)
{
    const struct declared *d = facts_declared(f, g->domain);
    struct name_list hosts = {0};
    struct mx_patterns patterns;
    bool ok = mx_patterns_init(&patterns, f, g->domain, e);

    *count = 0;
    for (size_t i = 0; ok && d != NULL && i < d->host_count; i++)
        ok = name_list_add(&hosts, d->hosts[i], e);
    if (hosts.count == 0)
        for (size_t i = g->first_miss; ok && i < g->end_miss; i++)
            ok = name_list_add(&hosts, f->misses[i].host, e);
    for (size_t i = 0; ok && i < hosts.count; i++)
        *count += !mx_is_covered(&patterns, hosts.items[i], f->today);
    mx_patterns_clear(&patterns);
    name_list_clear(&hosts);
    return ok;
}

static void
judge_traffic(const struct days *d, struct readiness *out)
{
    int wait = READINESS_NEVER, more = 0;

    if (d->total >= d->count && d->count)
        wait = (int)((READINESS_SESSIONS - d->total - 1) / (d->total / d->count)) + 1;
    set_clause(out, CLAUSE_SENDERS, "senders seen", d->senders, READINESS_SENDERS,
               d->senders >= READINESS_SENDERS, READINESS_NEVER);
    set_clause(out, CLAUSE_DAYS, "days seen", d->count, READINESS_DAYS,
               d->count >= READINESS_DAYS, READINESS_DAYS - d->count);
    set_clause(out, CLAUSE_SESSIONS, "sessions seen", (double)d->total,
               READINESS_SESSIONS, d->total >= READINESS_SESSIONS, wait);
    while (d->count > 0 && more <= FACTS_DAYS && bound_after(d, more) >= failure_bound)
        more++;
    set_clause(out, CLAUSE_FAILURES, "blocking failures, % at the 95 % bound",
               100 * bound_after(d, 0), 100 * failure_bound,
               bound_after(d, 0) < failure_bound,
               d->count > 0 && more <= FACTS_DAYS ? more : READINESS_NEVER);
}

bool
readiness_judge(const struct facts *f, const struct analysis *a, name domain, bool dane,
                struct readiness *out, struct err *e)
{
    struct days d = {0};
    struct grid g;
    int findings = open_findings(a, domain, false),
        drift = open_findings(a, domain, true);
    int hosts = 0;
    bool ok;

    *out = (struct readiness){.domain = domain, .dane = dane, .go = true};
    if (!grid_init(&g, f, domain, e))
        return false;
    count_days(&g, a->excluded, dane, &d);
    ok = dane || count_uncovered(f, &g, &hosts, e);
    judge_traffic(&d, out);
    set_clause(out, CLAUSE_FINDINGS, "open findings", findings, 0, findings == 0,
               READINESS_NEVER);
    set_clause(out, CLAUSE_COVERED, "MX hosts not covered", hosts, 0, hosts == 0,
               READINESS_NEVER);
    set_clause(out, CLAUSE_DRIFT, "policy drift", drift, 0, drift == 0, READINESS_NEVER);
    grid_clear(&g);
    return ok;
}

bool
readiness_enforces(const struct facts *f, name domain)
{
    const struct declared *d = facts_declared(f, domain);
    name policy = 0;
    size_t first, end;
    int last = -1;

    if (d != NULL && d->policy_count > 0)
        policy = drift_declared(d->policies, d->policy_count, f->first_day + f->today);
    facts_seen_of(f, domain, &first, &end);
    for (size_t i = first; i < end && policy == 0; i++)
        if (f->seen[i].type == POLICY_STS && f->seen[i].last > last)
            last = f->seen[i].last;
    for (size_t i = first; i < end && policy == 0; i++)
        if (f->seen[i].type == POLICY_STS && f->seen[i].last == last)
            policy = f->seen[i].policy;
    return policy != 0 && policy_text_enforces(facts_text(f, policy));
}

bool
readiness_asks_dane(const struct facts *f, name domain)
{
    const struct declared *d = facts_declared(f, domain);
    size_t first, end;

    if (d != NULL && d->tlsa_count > 0)
        return true;
    facts_tallies_of(f, domain, &first, &end);
    for (size_t i = first; i < end; i++)
        if (f->tallies[i].type == POLICY_TLSA)
            return true;
    return false;
}
