/* See diary.h. */
#include "analyzer/analysis/diary.h"

#include "analyzer/analysis/analyse_baseline.h"
#include "base/when.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double almost_every = .9, level = 8e-5, usual_share = .8;

enum {
    LEAST_RUN = 3,
    MARGIN_H = 24,
};

double
diary_per_day(const struct diary *d)
{
    return d->reported ? (double)d->sessions / d->reported : 0;
}

static int
by_number(const void *a, const void *b)
{
    int32_t x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

static int
usual_lag(const struct diary *d)
{
    int32_t lags[FACTS_DAYS];
    size_t count = 0;

    for (int day = 0; day < FACTS_DAYS; day++)
        if (d->lag_h[day] != DIARY_NEVER)
            lags[count++] = d->lag_h[day] > 0 ? d->lag_h[day] : 0;
    qsort(lags, count, sizeof *lags, by_number);
    return count ? lags[(size_t)((double)(count - 1) * usual_share)] : 0;
}

/* How likely is a run of missed days of a sender with this history? */
static bool
is_expected(const struct diary *d, int day, double *miss)
{
    int days = 0, on_time = 0;

    for (int i = day - 1; i >= d->first_day && days < DIARY_HISTORY; i--) {
        if (d->in_gap[i])
            continue;
        days++;
        on_time += d->state[i] == DAY_ON_TIME;
    }
    *miss = (days - on_time + 1) / (days + 2.0);
    return days >= FACTS_ESTABLISHED && on_time >= almost_every * days;
}

/* On a day on which the others send little, a small sender may have had no mail to
 * report.
 */
static double
chance_of_none(const struct diary *d, double others)
{
    return exp(-diary_per_day(d) * fmin(1, others));
}

/* others[] is the traffic of the others on a day, as a share of what is usual. */
static void
find_gaps(struct diary *d, const double others[FACTS_DAYS])
{
    int run = 0;
    double miss = 1, before = 1, chance = 1;

    for (int day = d->first_day; day < FACTS_DAYS; day++) {
        if (d->state[day] == DAY_NONE)
            break;
        if (run == 0) {
            d->expected[day] = is_expected(d, day, &miss);
            before = miss;
        } else {
            d->expected[day] = d->expected[day - 1];
        }
        run = d->state[day] == DAY_MISSED ? run + 1 : 0;
        chance = run ? chance * fmax(before, chance_of_none(d, others[day])) : 1;
        if (d->expected[day] && run >= LEAST_RUN && chance < level)
            for (int i = 0; i < run; i++)
                d->in_gap[day - i] = 1;
    }
}

static void
judge_days(const struct facts *f, struct diary *d)
{
    d->usual_lag_h = usual_lag(d);
    d->limit_h = d->usual_lag_h * 3 / 2 + MARGIN_H;
    for (int day = d->first_day; day < FACTS_DAYS; day++) {
        int64_t end = ((int64_t)f->first_day + day + 1) * WHEN_DAY_S;

        if (d->lag_h[day] <= d->limit_h)
            d->state[day] = DAY_ON_TIME;
        else if (f->as_of >= end + (int64_t)d->limit_h * 3600)
            d->state[day] = DAY_MISSED;
        else
            break;
    }
}

static void
find_all_gaps(struct diaries *l)
{
    double total[FACTS_DAYS] = {0};

    for (size_t i = 0; i < l->count; i++)
        for (int day = 0; day < FACTS_DAYS; day++)
            total[day] += l->rows[i].sessions_of[day];
    for (size_t i = 0; i < l->count; i++) {
        struct diary *d = &l->rows[i];
        double others[FACTS_DAYS], order[FACTS_DAYS], usual;
        size_t count = 0;

        for (int day = 0; day < FACTS_DAYS; day++) {
            others[day] = total[day] - d->sessions_of[day];
            if (others[day] > 0)
                order[count++] = others[day];
        }
        usual = baseline_median(order, count);
        for (int day = 0; day < FACTS_DAYS; day++)
            others[day] = usual > 0 ? others[day] / usual : 1;
        find_gaps(d, others);
    }
}

bool
diary_write(const struct facts *f, const uint8_t *excluded, struct diaries *out,
            struct err *e)
{
    out->place = calloc(f->name_count, sizeof *out->place);
    for (size_t i = 0; out->place && i < f->tally_count; i++)
        if (!f->tallies[i].long_window && !excluded[f->tallies[i].sender] &&
            !out->place[f->tallies[i].sender])
            out->place[f->tallies[i].sender] = (uint32_t)++out->count;
    out->rows = calloc(out->count + 1, sizeof *out->rows);
    if (!out->place || !out->rows)
        return err_nomem(e);
    for (size_t i = 0; i < out->count; i++) {
        out->rows[i].first_day = FACTS_DAYS;
        for (int d = 0; d < FACTS_DAYS; d++)
            out->rows[i].lag_h[d] = DIARY_NEVER;
    }
    for (size_t i = 0; i < f->tally_count; i++) {
        const struct tally *t = &f->tallies[i];
        uint32_t at = out->place[t->sender];
        struct diary *d;

        if (!at || t->long_window)
            continue;
        d = &out->rows[at - 1];
        d->sender = t->sender;
        d->sessions += t->sessions;
        d->sessions_of[t->day] += (double)t->sessions;
        d->reported += d->lag_h[t->day] == DIARY_NEVER;
        if (t->lag_h < d->lag_h[t->day])
            d->lag_h[t->day] = t->lag_h;
        if (t->day < d->first_day)
            d->first_day = t->day;
    }
    for (size_t i = 0; i < out->count; i++)
        judge_days(f, &out->rows[i]);
    find_all_gaps(out);
    return true;
}

void
diary_clear(struct diaries *l)
{
    free(l->rows);
    free(l->place);
    *l = (struct diaries){0};
}
