/* See span.h. */
#include "analyzer/analysis/span.h"

#include "analyzer/analysis/analyse_baseline.h"

#include <math.h>
#include <stdlib.h>

static const double dispersion = 3, least_excess = .002, unit_level = .005;
static const double out_of_line = 1e-3, surest = .97;

enum {
    LEAST_UNIT_FAILED = 2,
    MAX_PLACES = 256,
    GAP = 6,        /* failures to be expected in a stretch that has none */
    PAST_DAYS = 56, /* reported ones that a habit is made of */
};

double
span_bound(double rate)
{
    return rate * dispersion / (1 - rate + rate * dispersion);
}

bool
span_is_elevated(int64_t n, int64_t f, double rate)
{
    return f >= LEAST_UNIT_FAILED && (double)f / (double)n - rate >= least_excess &&
           baseline_tail(n, f, span_bound(rate)) < unit_level;
}

bool
span_init(struct span *s, const struct grid *g, const struct grid_kind *k,
          const uint8_t *excluded, struct err *e)
{
    *s = (struct span){.g = g, .k = k, .excluded = excluded, .places = grid_places(g)};
    s->units = calloc(g->sender_count + 1, sizeof *s->units);
    if (s->units == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < g->sender_count; i++)
        for (int d = 0; d < FACTS_DAYS && !excluded[g->senders[i]]; d++) {
            s->all.sessions[d] += grid_sessions(g, k, i, d);
            s->all.failed[d] += grid_failed(k, i, d);
        }
    return true;
}

void
span_clear(struct span *s)
{
    free(s->units);
    *s = (struct span){0};
}

void
span_look(struct span *s, int first, int last)
{
    s->first = first;
    s->last = last;
    s->count = s->elevated = 0;
    for (size_t i = 0; i < s->g->sender_count; i++) {
        struct unit u = {.sender = s->g->senders[i]};
        struct baseline past;

        for (int d = first; d <= last; d++) {
            u.sessions += grid_sessions(s->g, s->k, i, d);
            u.failed += grid_failed(s->k, i, d);
        }
        if (u.sessions <= 0 || s->excluded[u.sender])
            continue;
        past = baseline_of(s->g, s->k, i, first, s->skip);
        u.rate = past.rate;
        u.established = facts_reported_days(s->g->f, u.sender, last) >= FACTS_ESTABLISHED;
        u.elevated =
            past.days >= BASELINE_LEAST && span_is_elevated(u.sessions, u.failed, u.rate);
        s->elevated += u.elevated;
        s->units[s->count++] = u;
    }
}

struct flow
span_flow_of(const struct span *s, size_t sender)
{
    struct flow w;

    for (int d = 0; d < FACTS_DAYS; d++) {
        w.sessions[d] = grid_sessions(s->g, s->k, sender, d);
        w.failed[d] = grid_failed(s->k, sender, d);
    }
    return w;
}

struct place {
    name at;
    int64_t failed;
};

/* The one of that name among `count`; those that there is no room for share the last. */
static struct place *
place_at(struct place rows[MAX_PLACES + 1], size_t *count, name where)
{
    size_t at = 0;

    while (at < *count && rows[at].at != where)
        at++;
    if (at == *count && *count < MAX_PLACES)
        rows[(*count)++] = (struct place){where, 0};
    return &rows[at];
}

struct places
span_places(const struct span *s, name sender)
{
    struct place rows[MAX_PLACES + 1] = {0};
    struct places out = {0};
    const struct facts *f = s->g->f;
    size_t count = 0;
    int64_t most = 0;

    for (size_t i =
             facts_miss_at(f, s->k->first_miss, s->k->end_miss, s->k->kind, sender);
         i < s->k->end_miss && f->misses[i].sender == sender; i++) {
        const struct miss *m = &f->misses[i];
        name where = m->ip ? m->ip : m->host;

        if (m->day < s->first || m->day > s->last)
            continue;
        if (facts_is_foreign(f, s->g->domain, m->ip))
            out.foreign += m->failed;
        if (!where)
            continue;
        out.told += m->failed;
        place_at(rows, &count, where)->failed += m->failed;
    }
    for (size_t i = 0; i < count; i++)
        if (rows[i].failed > most) {
            most = rows[i].failed;
            out.top = rows[i].at;
        }
    out.share = out.told ? (double)most / (double)out.told : 0;
    return out;
}

/* So few of the day's sessions that it is no day like the others of the block? */
static bool
is_out_of_line(const struct flow *w, int day, double share)
{
    return 1 - baseline_tail(w->sessions[day], w->failed[day] + 1, fmin(share, surest)) <
           out_of_line;
}

static double
share_of(const struct flow *w, int first, int last)
{
    int64_t n = 0, f = 0;

    for (int d = first; d <= last; d++) {
        n += w->sessions[d];
        f += w->failed[d];
    }
    return n > 0 ? (double)f / (double)n : 0;
}

/* The failing day after the last stretch of so many clean sessions that failures would
 * have shown; `first` if there is none. */
static int
after_gap(const struct flow *w, int first, int last)
{
    double share = share_of(w, first, last);
    int64_t clean = 0;

    for (int d = first; d <= last; d++) {
        if (w->failed[d] == 0) {
            clean += w->sessions[d];
            continue;
        }
        if ((double)clean * share > GAP)
            first = d;
        clean = 0;
    }
    return first;
}

int
flow_begin(const struct flow *w, int day, int grain)
{
    int first = day, before;

    for (int d = day; d >= 0 && grain > 0; d--) {
        grain -= w->sessions[d] > 0;
        first = w->failed[d] > 0 ? d : first;
    }
    do {
        before = first;
        first = after_gap(w, first, day);
        if (first < day && is_out_of_line(w, first, share_of(w, first, day)))
            for (first++; first < day && w->failed[first] == 0;)
                first++;
    } while (first != before);
    return is_out_of_line(w, day, share_of(w, first, day)) ? day : first;
}

struct habit_break
flow_break(const struct flow *w, const uint8_t skip[FACTS_DAYS], int first, int last,
           double rate)
{
    struct habit_break b = {0};
    int past_failing = 0;
    double share;

    for (int d = first; d <= last; d++) {
        b.sessions += w->sessions[d];
        b.failed += w->failed[d];
        b.days += w->sessions[d] > 0;
        b.failing += (double)w->failed[d] > rate * (double)w->sessions[d];
    }
    for (int d = first - 1 - BASELINE_SKIP; d >= 0 && b.past_days < PAST_DAYS; d--) {
        if (w->sessions[d] == 0 || skip[d])
            continue;
        b.past_days++;
        past_failing += (double)w->failed[d] > rate * (double)w->sessions[d];
    }
    share = 1.5 * (past_failing + 1) / (b.past_days + 3);
    b.chance = baseline_tail(b.days, b.failing, fmin(share, .95));
    return b;
}
