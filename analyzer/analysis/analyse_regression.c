/* See analyse_regression.h. */
#include "analyzer/analysis/analyse_regression.h"

#include "analyzer/analysis/analyse_baseline.h"
#include "analyzer/analysis/analyse_plain.h"
#include "base/rows.h"

#include <stdlib.h>

static const double everybody_share = .5, large_rate = .25;
static const double concentrated = .7;

/* Of a block: it is looked at often, and everyday failures come in swarms, so both the
 * sessions and the days that fail must be beyond the past. */
static const double block_level = 1e-6, block_day_level = 1e-4, block_excess = .01;
static const double one_sender_excess = .05, thinnest = .02;

enum {
    LEAST_FAILED = 10,
    LEAST_FOREIGN = 3,
    BLOCK_LEAST_DAYS = 4, /* failing ones */
    MAX_RATES = 256,
};

struct search {
    struct span span;
    struct sightings *out;
    uint8_t *told; /* [sender * FACTS_DAYS + day], after the senders for everybody */
};

static double
excess(const struct unit *u)
{
    return (double)u->failed / (double)u->sessions - u->rate;
}

/* ---- one day --------------------------------------------------------------------- */

/* The rate of failure that the elevated ones agree on. */
static double
common_rate(const struct span *s)
{
    double rates[MAX_RATES];
    size_t count = 0;

    for (size_t i = 0; i < s->count && count < MAX_RATES; i++)
        if (s->units[i].elevated)
            rates[count++] = excess(&s->units[i]);
    return baseline_median(rates, count);
}

/* Do the elevated ones tell the same story: all of our places, or the same one? Bad days
 * of single senders meet at different ones. */
static bool
same_story(const struct span *s)
{
    name tops[MAX_RATES];
    size_t count = 0, spread = 0, bare = 0, most = 0;

    for (size_t i = 0; i < s->count; i++) {
        const struct unit *u = &s->units[i];
        struct places p;

        if (!u->elevated)
            continue;
        p = span_places(s, u->sender);
        if (p.told * 2 < u->failed)
            bare++;
        else if (s->places <= 1 || p.share <= concentrated)
            spread++;
        else if (count < MAX_RATES)
            tops[count++] = p.top;
    }
    for (size_t i = 0, same; i < count; i++) {
        same = 0;
        for (size_t k = 0; k < count; k++)
            same += tops[k] == tops[i];
        most = same > most ? same : most;
    }
    spread = most > spread ? most : spread;
    return (spread + bare) >= 2 && (spread + bare) * 2 >= s->elevated;
}

/* Most of those whose silence would speak are elevated. */
static bool
everybody_fails(const struct span *s, double *share)
{
    double rate = common_rate(s), all_failed = 0, all_sessions = 0;
    size_t powerful = 0, agreeing = 0, established = 0;
    int64_t failed = 0;

    *share = 0;
    for (size_t i = 0; i < s->count; i++) {
        const struct unit *u = &s->units[i];

        established += u->elevated && u->established;
        failed += u->elevated ? u->failed : 0;
        if (!u->elevated && ((double)u->sessions * rate < SPAN_POWER || u->rate > rate))
            continue;
        powerful++;
        agreeing += u->elevated;
        all_failed += excess(u) * (double)u->sessions;
        all_sessions += (double)u->sessions;
    }
    if (all_sessions > 0)
        *share = all_failed / all_sessions;
    return agreeing >= 2 && failed >= LEAST_FAILED &&
           (double)agreeing > everybody_share * (double)powerful &&
           (established || agreeing >= PLAIN_LEAST_SENDERS) && same_story(s);
}

/* One sender alone: -1 when it may be its everyday noise. */
static int
sender_strength(const struct span *s, const struct unit *u)
{
    struct places p = span_places(s, u->sender);
    double rate = excess(u);

    if (p.foreign >= LEAST_FOREIGN && u->established)
        return SIGHTING_FOREIGN;
    if (!u->elevated || !u->established || u->failed < LEAST_FAILED)
        return -1;
    if (p.told * 2 < u->failed)
        return rate >= .1 ? SIGHTING_WEAK : -1;
    if (s->places < 2)
        return rate >= .05 ? SIGHTING_WEAK : -1;
    if (p.share <= concentrated)
        return rate >= .01 ? SIGHTING_CLEAR : -1;
    return rate * (double)s->places >= .5 ? SIGHTING_WEAK : -1;
}

/* ---- sightings ------------------------------------------------------------------- */

/* Adds those days of the span that are not told yet; `sender` is that of the grid, or
 * their number for everybody. */
static bool
tell(struct search *x, size_t sender, const struct flow *w,
     enum sighting_strength strength, struct err *e)
{
    struct span *s = &x->span;
    struct sighting row = {.kind = s->k->kind,
                           .domain = s->g->domain,
                           .strength = strength,
                           .known = (int16_t)s->last};

    row.sender = sender < s->g->sender_count ? s->g->senders[sender] : 0;
    for (int d = s->first; d <= s->last; d++) {
        uint8_t *told = &x->told[sender * FACTS_DAYS + (size_t)d];
        struct sighting *rows;

        if (*told || w->sessions[d] == 0)
            continue;
        rows = rows_grow(x->out->rows, x->out->count, sizeof *rows, e);
        if (rows == NULL)
            return false;
        x->out->rows = rows;
        row.day = (int16_t)d;
        rows[x->out->count++] = row;
        *told = s->skip[d] = 1;
    }
    return true;
}

static bool
look_at_day(struct search *x, int day, struct err *e)
{
    struct span *s = &x->span;
    size_t everybody = s->g->sender_count;
    double share;

    span_look(s, day, day);
    if (plain_case(s->k->type, s->units, s->count))
        return tell(x, everybody, &s->all, SIGHTING_PLAIN, e);
    if (everybody_fails(s, &share))
        return tell(x, everybody, &s->all,
                    share >= large_rate ? SIGHTING_LARGE : SIGHTING_CLEAR, e);
    for (size_t i = 0; i < s->count; i++) {
        int strength = s->units[i].failed >= 2 ? sender_strength(s, &s->units[i]) : -1;

        if (strength >= 0 && !tell(x, grid_sender(s->g, s->units[i].sender), &s->all,
                                   (enum sighting_strength)strength, e))
            return false;
    }
    return true;
}

/* ---- blocks of days -------------------------------------------------------------- */

/* Beyond what the past explains, by sessions and by days. */
static bool
is_beyond(const struct habit_break *b, double rate, double least_share)
{
    return b->failing >= BLOCK_LEAST_DAYS && b->past_days >= BASELINE_LEAST &&
           (double)b->failed >= (rate + least_share) * (double)b->sessions &&
           baseline_tail(b->sessions, b->failed, span_bound(rate)) < block_level &&
           b->chance < block_day_level;
}

/* Evidence adds up over the senders that agree, though none of them has enough of its
 * own; those whose silence would speak have a say, and no sender speaks for all. */
static bool
crowd_fails(const struct span *s)
{
    double expected = 0, rate;
    int64_t sessions = 0, failed = 0, most = 0;
    size_t agreeing = 0, clean = 0;
    struct habit_break b;

    for (size_t i = 0; i < s->count; i++) {
        sessions += s->units[i].sessions;
        failed += s->units[i].failed;
        most = s->units[i].failed > most ? s->units[i].failed : most;
        expected += s->units[i].rate * (double)s->units[i].sessions;
    }
    if (sessions == 0 || most * 4 > failed * 3)
        return false;
    rate = ((double)failed - expected) / (double)sessions;
    for (size_t i = 0; i < s->count; i++) {
        const struct unit *u = &s->units[i];
        bool powerful = (double)u->sessions * rate >= SPAN_POWER;

        agreeing += u->elevated || (!powerful && u->failed > 0);
        clean += powerful && !u->elevated;
    }
    expected /= (double)sessions;
    b = flow_break(&s->all, s->skip, s->first, s->last, span_bound(expected));
    return agreeing >= 2 && agreeing > clean && is_beyond(&b, expected, block_excess);
}

/* One sender goes on failing. */
static bool
sender_goes_on(struct span *s, size_t sender, const struct flow *w)
{
    struct baseline past = baseline_of(s->g, s->k, sender, s->first, s->skip);
    struct habit_break b =
        flow_break(w, s->skip, s->first, s->last, span_bound(past.rate));

    return past.days >= BASELINE_LEAST && b.failing > BLOCK_LEAST_DAYS &&
           is_beyond(&b, past.rate, one_sender_excess) &&
           facts_reported_days(s->g->f, s->g->senders[sender], s->last) >=
               FACTS_ESTABLISHED;
}

/* Is there enough of it, at a glance, to be worth a closer look? */
static bool
is_promising(const struct flow *w, int first, int last)
{
    int64_t n = 0, f = 0, before_n = 0, before_f = 0;
    int failing = 0;

    for (int d = 0; d <= last; d++) {
        n += d >= first ? w->sessions[d] : 0;
        f += d >= first ? w->failed[d] : 0;
        failing += d >= first && w->failed[d] > 0;
        before_n += d < first ? w->sessions[d] : 0;
        before_f += d < first ? w->failed[d] : 0;
    }
    if (failing < PLAIN_RUN_DAYS || (double)f < thinnest / 2 * (double)n)
        return false;
    return (double)f * 2 >= (double)n || before_n == 0 ||
           (double)f / (double)n > 2 * (double)before_f / (double)before_n;
}

static bool
look_back_at_all(struct search *x, int day, struct err *e)
{
    struct span *s = &x->span;
    int before = day;

    for (int grain = 2; grain <= SPAN_LONGEST; grain *= 2) {
        int first = flow_begin(&s->all, day, grain);
        struct habit_break b;

        if (first == before || !is_promising(&s->all, first, day))
            continue;
        before = first;
        span_look(s, first, day);
        b = flow_break(&s->all, s->skip, first, day, 0);
        if (plain_run(s->units, s->count, b.failing))
            return tell(x, s->g->sender_count, &s->all, SIGHTING_PLAIN, e);
        if (crowd_fails(s))
            return tell(x, s->g->sender_count, &s->all, SIGHTING_LARGE, e);
    }
    return true;
}

static bool
look_back_at_one(struct search *x, size_t sender, int day, struct err *e)
{
    struct span *s = &x->span;
    struct flow w = span_flow_of(s, sender);
    int before = day;

    for (int grain = 2; grain <= SPAN_LONGEST; grain *= 2) {
        int first = flow_begin(&w, day, grain);

        if (first == before || !is_promising(&w, first, day))
            continue;
        before = s->first = first;
        s->last = day;
        if (sender_goes_on(s, sender, &w))
            return tell(x, sender, &w, SIGHTING_LARGE, e);
    }
    return true;
}

static bool
look_back(struct search *x, int day, struct err *e)
{
    const struct grid *g = x->span.g;

    if (x->told[g->sender_count * FACTS_DAYS + (size_t)day])
        return true;
    if (!look_back_at_all(x, day, e))
        return false;
    for (size_t i = 0; i < g->sender_count; i++)
        if (!x->told[g->sender_count * FACTS_DAYS + (size_t)day] &&
            !x->told[i * FACTS_DAYS + (size_t)day] &&
            grid_failed(x->span.k, i, day) > 0 && !x->span.excluded[g->senders[i]] &&
            !look_back_at_one(x, i, day, e))
            return false;
    return true;
}

bool
regression_find(const struct grid *g, const struct grid_kind *k, const uint8_t *excluded,
                struct sightings *out, struct err *e)
{
    struct search x = {.out = out};
    bool ok = span_init(&x.span, g, k, excluded, e);

    x.told = calloc((g->sender_count + 1) * FACTS_DAYS, 1);
    if (x.told == NULL)
        ok = err_nomem(e);
    for (int day = 0; ok && x.told != NULL && day < FACTS_DAYS; day++) {
        if (k->most[day] >= 2)
            ok = look_at_day(&x, day, e);
        if (ok && k->most[day] > 0)
            ok = look_back(&x, day, e);
    }
    free(x.told);
    span_clear(&x.span);
    return ok;
}
