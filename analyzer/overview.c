#include "analyzer/overview.h"

#include "analyzer/analysis/analyse_drift.h"
#include "analyzer/analysis/diary.h"
#include "analyzer/analysis/policy_text.h"
#include "analyzer/readiness.h"
#include "base/figure.h"
#include "base/when.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Place of a day of the facts among those kept; negative: before them. */
static int
place_of(const struct facts *f, int day)
{
    return day - (f->today + f->idle_days - OVERVIEW_DAYS);
}

static void
add(const struct facts *f, const struct tally *t, struct overview_days *d)
{
    int at = place_of(f, t->day);

    if (f->first_day + t->day > d->last_day)
        d->last_day = f->first_day + t->day;
    if (at < 0 || at >= OVERVIEW_DAYS)
        return;
    d->days[at].sessions += t->sessions;
    d->days[at].failed += t->failed;
    if (at >= OVERVIEW_DAYS - OVERVIEW_WEEK) {
        d->week.sessions += t->sessions;
        d->week.failed += t->failed;
    }
}

/* Of the tallies from `first` on that differ in nothing but their policy type, the one
 * that leads; *end is behind them. */
static const struct tally *
leading(const struct facts *f, size_t first, size_t limit, size_t *end)
{
    const struct tally *best = &f->tallies[first];

    for (*end = first + 1; *end < limit; ++*end) {
        const struct tally *t = &f->tallies[*end];

        if (t->sender != best->sender || t->day != best->day)
            break;
        if (t->sessions > best->sessions ||
            (t->sessions == best->sessions && t->failed > best->failed))
            best = t;
    }
    return best;
}

static void
add_refused(const struct facts *f, const struct analysis *a, struct overview_domain *d)
{
    size_t first, end;

    facts_misses_of(f, d->domain, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct miss *m = &f->misses[i];
        int at = place_of(f, m->day);

        if (at >= OVERVIEW_DAYS - OVERVIEW_WEEK && at < OVERVIEW_DAYS &&
            !a->excluded[m->sender] &&
            (m->type == POLICY_TLSA ||
             (m->type == POLICY_STS && drift_enforces(f, d->domain, m->sender, m->day))))
            d->of.refused += m->failed;
    }
    if (d->of.refused > d->of.week.failed)
        d->of.refused = d->of.week.failed;
}

/* The policy in force: as declared, else as it was seen last, by most. */
static void
find_policy(const struct facts *f, struct overview_domain *d)
{
    const struct declared *known = facts_declared(f, d->domain);
    const struct seen *latest = NULL;
    name text = 0;
    size_t first, end;

    facts_seen_of(f, d->domain, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct seen *s = &f->seen[i];

        d->dane |= s->type == POLICY_TLSA;
        if (s->type == POLICY_STS &&
            (latest == NULL || s->last > latest->last ||
             (s->last == latest->last && s->days > latest->days)))
            latest = s;
    }
    if (known != NULL) {
        text =
            drift_declared(known->policies, known->policy_count, f->first_day + f->today);
        d->dane |= known->tlsa_count > 0;
    }
    if (text == 0 && latest != NULL)
        text = latest->policy;
    if (text != 0 && policy_text_enforces(facts_text(f, text)))
        d->policy = OVERVIEW_ENFORCE;
    else if (text != 0 && strstr(facts_text(f, text), "mode: testing") != NULL)
        d->policy = OVERVIEW_TESTING;
}

static void
find_worst(const struct analysis *a, struct overview_domain *d)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct finding *x = &a->rows[i];

        if (x->open && x->known_until == 0 && name_list_has(&x->domains, d->domain) &&
            (d->worst == NULL || x->severity > d->worst->severity))
            d->worst = x;
    }
}

static int
by_need(const void *a, const void *b)
{
    const struct overview_domain *x = a, *y = b;
    int left = x->worst != NULL ? (int)x->worst->severity + 1 : 0,
        right = y->worst != NULL ? (int)y->worst->severity + 1 : 0;

    if (left != right)
        return right - left;
    if (x->of.week.failed != y->of.week.failed)
        return x->of.week.failed < y->of.week.failed ? 1 : -1;
    return name_compare(&x->domain, &y->domain);
}

static void
count_senders(const struct facts *f, const struct diaries *l, struct overview *o)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct diary *d = &l->rows[i];
        bool expected = false, heard = false;

        for (int at = OVERVIEW_WEEK; at > 0; at--) {
            int day = f->today + f->idle_days - at;

            heard |= day < FACTS_DAYS && d->lag_h[day] != DIARY_NEVER;
            day = day < FACTS_DAYS ? day : FACTS_DAYS - 1;
            expected |= d->expected[day] && d->state[day] != DAY_NONE;
        }
        o->senders += heard;
        o->expected += expected;
        o->heard += expected && heard;
    }
}

static bool
count_domain(const struct facts *f, const struct analysis *a, size_t first, size_t limit,
             struct overview *o, struct err *e)
{
    struct readiness ready = {0};
    struct overview_domain *d = &o->domains[o->domain_count++];

    d->domain = f->tallies[first].domain;
    for (size_t end; first < limit; first = end) {
        const struct tally *t = leading(f, first, limit, &end);
        int64_t arrival = (f->first_day + t->day + 1LL) * WHEN_DAY_S + t->lag_h * 3600LL;

        if (a->excluded[t->sender])
            continue;
        add(f, t, &d->of);
        add(f, t, &o->all);
        if (arrival > o->last_arrival)
            o->last_arrival = arrival;
    }
    add_refused(f, a, d);
    o->all.refused += d->of.refused;
    find_policy(f, d);
    find_worst(a, d);
    if (d->policy == OVERVIEW_TESTING &&
        !readiness_judge(f, a, d->domain, false, &ready, e))
        return false;
    d->go = ready.go;
    return true;
}

bool
overview_make(const struct facts *f, const struct analysis *a, struct overview *out,
              struct err *e)
{
    struct diaries diaries = {0};
    size_t domains = 0;
    bool ok;

    *out = (struct overview){0};
    for (size_t first = 0, end; first < f->tally_count; first = end, domains++)
        facts_tallies_of(f, f->tallies[first].domain, &first, &end);
    out->domains = calloc(domains + 1, sizeof *out->domains);
    if (out->domains == NULL)
        return err_nomem(e);
    ok = diary_write(f, a->excluded, &diaries, e);
    if (ok) {
        count_senders(f, &diaries, out);
        for (size_t first = 0, end; ok && first < f->tally_count; first = end) {
            facts_tallies_of(f, f->tallies[first].domain, &first, &end);
            ok = count_domain(f, a, first, end, out, e);
        }
        if (out->last_arrival > f->as_of)
            out->last_arrival = f->as_of;
        qsort(out->domains, out->domain_count, sizeof *out->domains, by_need);
    }
    diary_clear(&diaries);
    return ok;
}

void
overview_clear(struct overview *o)
{
    free(o->domains);
    *o = (struct overview){0};
}

char *
overview_secure(const struct overview_sum *sum, char *out)
{
    double percent = 100 - 100 * (double)sum->failed / (double)sum->sessions;
    int digits = percent >= 99 ? 2 : percent >= 10 ? 1 : 0, step = 1;

    if (sum->sessions <= 0)
        (void)snprintf(out, FIGURE_SIZE, "-");
    else if (sum->failed <= 0)
        (void)snprintf(out, FIGURE_SIZE, "100 %%");
    else if (sum->failed >= sum->sessions)
        (void)snprintf(out, FIGURE_SIZE, "0 %%");
    else if (percent >= 99.99)
        (void)snprintf(out, FIGURE_SIZE, ">99.99 %%");
    else {
        for (int i = 0; i < digits; i++)
            step *= 10;
        (void)snprintf(out, FIGURE_SIZE, "%.*f %%", digits, floor(percent * step) / step);
    }
    return out;
}

void
overview_say(const struct overview *o, char *out, size_t size)
{
    char sessions[FIGURE_SIZE], secure[FIGURE_SIZE], last[WHEN_DAY_SIZE] = "never";

    if (o->last_arrival != 0)
        (void)when_print_day(when_day_of_instant(o->last_arrival), last);
    if (o->all.week.sessions == 0)
        (void)snprintf(out, size, "in the last %d days no sessions; last report %s",
                       OVERVIEW_WEEK, last);
    else
        (void)snprintf(
            out, size,
            "in the last %d days %s sessions from %d sender%s, %s secure; last "
            "report %s",
            OVERVIEW_WEEK, figure_count(o->all.week.sessions, sessions), o->senders,
            o->senders == 1 ? "" : "s", overview_secure(&o->all.week, secure), last);
}
