/* See analyse_regression.h. */
#include "analyzer/analysis/analyse_regression.h"

#include "analyzer/analysis/analyse_baseline.h"
#include "analyzer/analysis/analyse_plain.h"
#include "base/rows.h"

#include <stdlib.h>

/* Everyday rates vary from day to day: so much above the past is nothing yet. */
static const double dispersion = 3, least_excess = .002, unit_level = .005;
static const double everybody_share = .5, large_rate = .25;
static const double concentrated = .7;

enum {
    LEAST_UNIT_FAILED = 2,
    LEAST_FAILED = 10,
    LEAST_FOREIGN = 3,
    POWER = 4, /* failures to be expected before their absence speaks */
};

bool
regression_elevated(int64_t n, int64_t f, double rate)
{
    double bound = rate * dispersion / (1 - rate + rate * dispersion); /* of the odds */

    return f >= LEAST_UNIT_FAILED && (double)f / (double)n - rate >= least_excess &&
           baseline_tail(n, f, bound) < unit_level;
}

enum {
    MAX_PLACES = 256
};

struct place {
    name at;
    int64_t failed;
};

/* Where one sender's failures of one day went. */
struct places {
    name top;     /* where most went; 0 when not told */
    double share; /* of all that tell a place */
    int64_t told;
    int64_t foreign; /* at addresses that are declared not to be ours */
};

static void
add_place(struct place *places, size_t *count, name at, int64_t failed)
{
    size_t i = 0;

    while (i < *count && places[i].at != at)
        i++;
    if (i == *count && *count < MAX_PLACES)
        places[(*count)++] = (struct place){at, 0};
    if (i < *count)
        places[i].failed += failed;
}

/* Looks at the sender on one day. */
static struct places
places_of(const struct grid *g, const struct grid_kind *k, name sender, int day)
{
    struct place places[MAX_PLACES];
    struct places out = {0};
    size_t count = 0;
    int64_t most = 0;

    for (size_t i = facts_miss_at(g->f, k->first_miss, k->end_miss, k->kind, sender);
         i < k->end_miss && g->f->misses[i].sender == sender; i++) {
        const struct miss *m = &g->f->misses[i];

        if (m->day != day)
            continue;
        if (m->host || m->ip) {
            out.told += m->failed;
            add_place(places, &count, m->ip ? m->ip : m->host, m->failed);
        }
        if (facts_is_foreign(g->f, g->domain, m->ip))
            out.foreign += m->failed;
    }
    for (size_t i = 0; i < count; i++)
        if (places[i].failed > most) {
            most = places[i].failed;
            out.top = places[i].at;
        }
    out.share = out.told ? (double)most / (double)out.told : 0;
    return out;
}

/* ---- one day --------------------------------------------------------------------- */

struct day {
    const struct grid *g;
    const struct grid_kind *k;
    const uint8_t *excluded;
    int day;
    struct unit *units;
    size_t count, elevated;
    size_t places; /* that the domain has */
};

static void
fill_units(struct day *d, const uint8_t *skip)
{
    d->count = d->elevated = 0;
    for (size_t s = 0; s < d->g->sender_count; s++) {
        int64_t n = grid_sessions(d->g, d->k, s, d->day);
        struct baseline past;
        struct unit *u = &d->units[d->count];

        if (n <= 0 || d->excluded[d->g->senders[s]])
            continue;
        d->count++;
        past = baseline_of(d->g, d->k, s, d->day, skip);
        *u = (struct unit){.sender = d->g->senders[s],
                           .sessions = n,
                           .failed = grid_failed(d->k, s, d->day),
                           .rate = past.rate};
        u->established =
            facts_reported_days(d->g->f, u->sender, d->day) >= FACTS_ESTABLISHED;
        u->elevated =
            past.days >= BASELINE_LEAST && regression_elevated(n, u->failed, u->rate);
        d->elevated += u->elevated;
    }
}

static double
excess(const struct unit *u)
{
    return (double)u->failed / (double)u->sessions - u->rate;
}

/* The rate of failure that the elevated ones agree on. */
static double
common_rate(const struct day *d)
{
    double rates[MAX_PLACES];
    size_t count = 0;

    for (size_t i = 0; i < d->count && count < MAX_PLACES; i++)
        if (d->units[i].elevated)
            rates[count++] = excess(&d->units[i]);
    return baseline_median(rates, count);
}

/* Do the elevated ones tell the same story: all of our places, or the same one? Bad days
 * of single senders meet at different ones. */
static bool
same_story(const struct day *d)
{
    struct place tops[MAX_PLACES];
    size_t count = 0, spread = 0, bare = 0, several = d->places > 1;
    int64_t most = 0;

    for (size_t i = 0; i < d->count; i++) {
        const struct unit *u = &d->units[i];
        struct places p;

        if (!u->elevated)
            continue;
        p = places_of(d->g, d->k, u->sender, d->day);
        if (p.told * 2 < u->failed)
            bare++;
        else if (!several || p.share <= concentrated)
            spread++;
        else
            add_place(tops, &count, p.top, 1);
    }
    for (size_t i = 0; i < count; i++)
        most = tops[i].failed > most ? tops[i].failed : most;
    spread = (size_t)most > spread ? (size_t)most : spread;
    return (spread + bare) >= 2 && (spread + bare) * 2 >= d->elevated;
}

/* Most of those whose silence would speak are elevated. */
static bool
everybody_fails(const struct day *d, double *share)
{
    double rate = common_rate(d), all_failed = 0, all_sessions = 0;
    size_t powerful = 0, agreeing = 0, established = 0;
    int64_t failed = 0;

    *share = 0;
    for (size_t i = 0; i < d->count; i++) {
        const struct unit *u = &d->units[i];

        established += u->elevated && u->established;
        failed += u->elevated ? u->failed : 0;
        if (!u->elevated && ((double)u->sessions * rate < POWER || u->rate > rate))
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
           (established || agreeing >= PLAIN_LEAST_SENDERS) && same_story(d);
}

/* One sender alone: -1 when it may be its everyday noise. */
static int
sender_strength(const struct day *d, const struct unit *u)
{
    struct places p = places_of(d->g, d->k, u->sender, d->day);
    size_t count = d->places;
    double rate = excess(u);

    if (p.foreign >= LEAST_FOREIGN && u->established)
        return SIGHTING_FOREIGN;
    if (!u->elevated || !u->established || u->failed < LEAST_FAILED)
        return -1;
    if (p.told * 2 < u->failed)
        return rate >= .1 ? SIGHTING_WEAK : -1;
    if (count < 2)
        return rate >= .05 ? SIGHTING_WEAK : -1;
    if (p.share <= concentrated)
        return rate >= .01 ? SIGHTING_CLEAR : -1;
    return rate * (double)count >= .5 ? SIGHTING_WEAK : -1;
}

static bool
append(struct sightings *out, struct sighting row, struct err *e)
{
    struct sighting *rows = rows_grow(out->rows, out->count, sizeof *rows, e);

    if (!rows)
        return false;
    out->rows = rows;
    rows[out->count++] = row;
    return true;
}

/* Returns whether the day is marked as no example of an ordinary one. */
static bool
look_at_day(const struct day *d, struct sightings *out, bool *marked, struct err *e)
{
    struct sighting row = {d->k->kind, d->g->domain, 0, (int16_t)d->day, SIGHTING_CLEAR};
    double share;

    *marked = true;
    if (plain_case(d->k->type, d->units, d->count)) {
        row.strength = SIGHTING_PLAIN;
        return append(out, row, e);
    }
    if (everybody_fails(d, &share)) {
        row.strength = share >= large_rate ? SIGHTING_LARGE : SIGHTING_CLEAR;
        return append(out, row, e);
    }
    *marked = false;
    for (size_t i = 0; i < d->count; i++) {
        int strength = d->units[i].failed >= LEAST_UNIT_FAILED
                           ? sender_strength(d, &d->units[i])
                           : -1;

        if (strength < 0)
            continue;
        *marked = true;
        row.sender = d->units[i].sender;
        row.strength = (enum sighting_strength)strength;
        if (!append(out, row, e))
            return false;
    }
    return true;
}

bool
regression_find(const struct grid *g, const struct grid_kind *k, const uint8_t *excluded,
                struct sightings *out, struct err *e)
{
    uint8_t skip[FACTS_DAYS] = {0};
    struct day d = {.g = g, .k = k, .excluded = excluded, .places = grid_places(g)};
    bool ok = true, marked;

    d.units = calloc(g->sender_count + 1, sizeof *d.units);
    if (!d.units)
        return err_nomem(e);
    for (d.day = 0; d.day < FACTS_DAYS && ok; d.day++) {
        if (k->most[d.day] < LEAST_UNIT_FAILED)
            continue;
        fill_units(&d, skip);
        ok = look_at_day(&d, out, &marked, e);
        skip[d.day] = marked;
    }
    free(d.units);
    return ok;
}
