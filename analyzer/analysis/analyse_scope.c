/* The figures behind a verdict, see analyse_triage.h. */
#include "analyzer/analysis/analyse_baseline.h"
#include "analyzer/analysis/analyse_places.h"
#include "analyzer/analysis/analyse_triage.h"
#include "analyzer/analysis/span.h"
#include "base/rows.h"

#include <stdlib.h>

static const double level = 1e-4, same_rate = .3;

enum {
    POWER = 4
};

static struct witness *
find_witness(struct scope *s, name sender, struct err *e)
{
    struct witness *rows;

    for (size_t i = 0; i < s->witness_count; i++)
        if (s->witnesses[i].sender == sender)
            return &s->witnesses[i];
    rows = rows_grow(s->witnesses, s->witness_count, sizeof *rows, e);
    if (!rows)
        return NULL;
    s->witnesses = rows;
    rows[s->witness_count] = (struct witness){.sender = sender};
    return &rows[s->witness_count++];
}

/* A sender's figures for one domain, over the days of the incident. */
static struct witness
measure_sender(const struct scope *s, const struct grid *g, const struct grid_kind *k,
               size_t sender)
{
    struct witness w = {.sender = g->senders[sender]};
    struct baseline past = baseline_of(g, k, sender, s->in->first, s->in->days);

    for (int d = s->in->first; d <= s->in->last; d++) {
        if (!s->in->days[d])
            continue;
        w.sessions += grid_sessions(g, k, sender, d);
        w.failed += grid_failed(k, sender, d);
    }
    if (past.days < BASELINE_LEAST && s->in->days[s->in->first] == SIGHTING_PLAIN + 1)
        past.rate = .001;
    w.expected = past.rate * (double)w.sessions;
    return w;
}

static bool
is_elevated(int64_t sessions, int64_t failed, double expected)
{
    return sessions > 0 &&
           span_is_elevated(sessions, failed, expected / (double)sessions);
}

/* Adds a domain's figures to those of the senders. */
static bool
add_domain(struct scope *s, const struct grid *g, const struct grid_kind *k,
           struct err *e)
{
    for (size_t i = 0; i < g->sender_count; i++) {
        struct witness one = measure_sender(s, g, k, i), *w;

        if (s->excluded[one.sender] || !one.sessions)
            continue;
        w = find_witness(s, one.sender, e);
        if (!w)
            return false;
        w->sessions += one.sessions;
        w->failed += one.failed;
        w->expected += one.expected;
    }
    return name_list_add(&s->domains, g->domain, e);
}

static double
excess_rate(const struct witness *w)
{
    return ((double)w->failed - w->expected) / (double)w->sessions;
}

/* Who fails, at which common rate, and whose silence would speak. */
static bool
weigh(struct scope *s, struct err *e)
{
    double rates[256];
    size_t count = 0;

    s->failing = s->powerful = s->agreeing = 0;
    name_list_clear(&s->elevated);
    for (size_t i = 0; i < s->witness_count; i++) {
        struct witness *w = &s->witnesses[i];

        w->elevated = w->foreign > 2 || is_elevated(w->sessions, w->failed, w->expected);
        s->failing += w->elevated;
        if (w->elevated && !name_list_add(&s->elevated, w->sender, e))
            return false;
        if (w->elevated && count < 256)
            rates[count++] = excess_rate(w);
    }
    s->rate = baseline_median(rates, count);
    for (size_t i = 0; i < s->witness_count; i++) {
        struct witness *w = &s->witnesses[i];
        double n = (double)w->sessions;

        w->powerful = w->elevated || (n * s->rate >= POWER && w->expected < n * s->rate);
        s->powerful += w->powerful;
        s->agreeing += w->powerful && w->elevated;
    }
    return true;
}

/* Does a domain that nobody named fail along with the others? */
static bool
fails_along(const struct scope *s, const struct grid *g, const struct grid_kind *k)
{
    struct witness all = {0};

    for (size_t i = 0; i < s->witness_count; i++) {
        size_t at = grid_sender(g, s->witnesses[i].sender);
        struct witness one;

        if (!s->witnesses[i].elevated || at == g->sender_count)
            continue;
        one = measure_sender(s, g, k, at);
        all.sessions += one.sessions;
        all.failed += one.failed;
        all.expected += one.expected;
    }
    return all.sessions > 0 && is_elevated(all.sessions, all.failed, all.expected) &&
           baseline_tail(all.sessions, all.failed, all.expected / (double)all.sessions) <
               level &&
           excess_rate(&all) >= same_rate * s->rate;
}

/* A sender that fails here and not there, though it has the traffic to show it. */
static void
note_clean(struct scope *s, const struct grid *g, const struct grid_kind *k)
{
    for (size_t i = 0; i < s->witness_count; i++) {
        struct witness *w = &s->witnesses[i], one;
        size_t at = grid_sender(g, w->sender);

        if (!w->elevated || w->other_domain_clean || at == g->sender_count)
            continue;
        one = measure_sender(s, g, k, at);
        if ((double)one.sessions * s->rate >= POWER + one.expected * 2 &&
            excess_rate(&one) < same_rate * s->rate)
            w->other_domain_clean = true;
    }
}

typedef bool domain_fn(struct scope *s, const struct grid *g, const struct grid_kind *k,
                       struct err *e);

static bool
with_grid(struct scope *s, struct grid *g, domain_fn *fn, struct err *e)
{
    struct grid_kind k = {0};
    bool ok = grid_find_kind(g, s->in->kind, &k, e) && fn(s, g, &k, e);

    grid_kind_clear(&k);
    grid_clear(g);
    return ok;
}

static bool
with_domain(struct scope *s, name domain, domain_fn *fn, struct err *e)
{
    struct grid g;

    return grid_init(&g, s->f, domain, e) && with_grid(s, &g, fn, e);
}

/* With a grid of those that fail. */
static bool
with_elevated(struct scope *s, name domain, domain_fn *fn, struct err *e)
{
    struct grid g;

    return grid_init_some(&g, s->f, domain, s->elevated.items, s->elevated.count, e) &&
           with_grid(s, &g, fn, e);
}

/* Led to an address that is not ours: another domain is part of it only if it is so there
 * too. */
static bool
is_led_astray(const struct scope *s, const struct grid *g, const struct grid_kind *k)
{
    int most = 0;

    for (int d = 0; d < FACTS_DAYS; d++)
        most = s->in->days[d] > most ? s->in->days[d] : most;
    if (most != SIGHTING_FOREIGN + 1)
        return true;
    for (size_t i = k->first_miss; i < k->end_miss; i++)
        if (s->in->days[g->f->misses[i].day] &&
            facts_is_foreign(g->f, g->domain, g->f->misses[i].ip))
            return true;
    return false;
}

static bool
consider_domain(struct scope *s, const struct grid *g, const struct grid_kind *k,
                struct err *e)
{
    if (!is_led_astray(s, g, k) || !fails_along(s, g, k)) {
        note_clean(s, g, k);
        return true;
    }
    return with_domain(s, g->domain, add_domain, e);
}

/* Might the domain be part of it? One sender's trouble may concern any domain, that of a
 * host only those which share it. */
static bool
is_candidate(const struct scope *s, name domain)
{
    enum result_type type = result_type_parse(facts_text(s->f, s->in->kind));

    if (!s->f->is_domain[domain] || name_list_has(&s->in->domains, domain))
        return false;
    return !s->in->crowd || (grid_class_of(type) != GRID_STS &&
                             s->f->group[domain] == s->f->group[s->in->domain]);
}

/* Only a domain where those that fail do so at the time can be part of it; another can
 * show that the sender does not fail everywhere, and one such domain is enough. */
static bool
is_needed(const struct scope *s, name domain)
{
    size_t first, end;

    facts_misses_of(s->f, domain, &first, &end);
    first = facts_miss_at(s->f, first, end, s->in->kind, 0);
    for (; first < end && s->f->misses[first].kind == s->in->kind; first++)
        if (s->in->days[s->f->misses[first].day] &&
            name_list_has(&s->elevated, s->f->misses[first].sender))
            return true;
    for (size_t i = 0; i < s->witness_count; i++)
        if (s->witnesses[i].elevated && !s->witnesses[i].other_domain_clean)
            return true;
    return false;
}

static bool
add_others(struct scope *s, struct err *e)
{
    size_t first = 0, end;

    while (first < s->f->tally_count) {
        name domain = s->f->tallies[first].domain;

        facts_tallies_of(s->f, domain, &first, &end);
        first = end;
        if (is_candidate(s, domain) && is_needed(s, domain) &&
            !with_elevated(s, domain, consider_domain, e))
            return false;
    }
    return true;
}

bool
scope_measure(struct scope *s, const struct facts *f, const uint8_t *excluded,
              const struct incident *in, struct err *e)
{
    double expected = 0, sessions = 0;

    *s = (struct scope){.f = f, .excluded = excluded, .in = in};
    for (size_t i = 0; i < in->domains.count; i++)
        if (!with_domain(s, in->domains.items[i], add_domain, e))
            return false;
    if (!weigh(s, e) || !add_others(s, e) || !weigh(s, e))
        return false;
    for (size_t i = 0; i < s->domains.count; i++)
        if (!with_elevated(s, s->domains.items[i], places_add, e))
            return false;
    if (!weigh(s, e))
        return false;
    for (size_t i = 0; i < s->witness_count; i++)
        if (s->witnesses[i].elevated) {
            expected += s->witnesses[i].expected;
            sessions += (double)s->witnesses[i].sessions;
        }
    s->past_rate = sessions > 0 ? expected / sessions : 0;
    for (int d = 0; d < FACTS_DAYS; d++) {
        s->marked_days += in->days[d] > 0;
        s->past_days += d < in->first - BASELINE_SKIP &&
                        d >= in->first - BASELINE_SKIP - PLACES_PAST_DAYS &&
                        s->sessions[d] > 0;
    }
    return true;
}

int
scope_failing(const struct scope *s, const struct spots *spots)
{
    return spots_failing(spots, s->marked_days, s->past_days);
}

void
scope_clear(struct scope *s)
{
    name_list_clear(&s->domains);
    name_list_clear(&s->elevated);
    free(s->witnesses);
    spots_clear(&s->addresses);
    spots_clear(&s->hosts);
    spots_clear(&s->networks);
    spots_clear(&s->reasons);
    *s = (struct scope){0};
}
