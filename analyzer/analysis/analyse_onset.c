/* See analyse_onset.h. */
#include "analyzer/analysis/analyse_onset.h"

#include "analyzer/analysis/analyse_baseline.h"
#include "base/when.h"

#include <math.h>
#include <stdlib.h>

static const double level = 1e-3, noticeable = .05, confident = 1.64;
static const double healed = .03, surest = .97;

enum {
    REACH = 14,     /* days that the beginning may lie before the first clear day */
    CLEAN_DAYS = 2, /* clean reported days after which it is over */
    PAUSES = 3,     /* of the usual length, before silence says that it is over */
};

/* Does the day belong to it, though by itself it would not have been noticed? */
static bool
belongs(const struct scope *s, int day)
{
    int64_t n = s->sessions[day], f = s->failed[day];
    double bound = fmin(.9, s->past_rate * 2);

    return n > 0 && f > 1 &&
           (double)f / (double)n - s->past_rate > noticeable * s->rate &&
           baseline_tail(n, f, bound) < level;
}

static int
extend(const struct scope *s, int from, int step)
{
    int day = from, missed = 0;

    for (int d = from + step; d >= 0 && d < FACTS_DAYS && abs(d - from) <= REACH;
         d += step) {
        if (s->sessions[d] == 0)
            continue;
        if (belongs(s, d)) {
            day = d;
            missed = 0;
        } else if (++missed > 1) {
            break;
        }
    }
    return day;
}

/* Failures per session once it had fully set in. */
static double
steady_rate(const struct scope *s, int first, int last)
{
    int64_t n = 0, f = 0;

    for (int d = first + 1; d <= last && d <= first + 3; d++) {
        n += s->sessions[d];
        f += s->failed[d];
    }
    return n > 0 ? (double)f / (double)n : 1;
}

/* When, within its first day: the share that failed tells how much of the day was left.
 */
static void
find_instant(const struct scope *s, struct finding *out)
{
    int64_t n = s->sessions[out->first], f = s->failed[out->first], day, before;
    double steady = steady_rate(s, out->first, out->last), low, high;

    day = ((int64_t)s->f->first_day + out->first) * WHEN_DAY_S;
    before = out->first - 1;
    while (before >= 0 && s->sessions[before] == 0)
        before--;
    high = fmin(1, baseline_upper(n, f, confident) / fmax(steady, 1e-9));
    low = fmin(1, baseline_lower(n, f, confident) / fmax(steady, 1e-9));
    out->onset_earliest = day + (int64_t)((1 - high) * WHEN_DAY_S);
    out->onset_latest = day + (int64_t)((1 - low) * WHEN_DAY_S);
    if (high >= 1 && before >= 0)
        out->onset_earliest = ((int64_t)s->f->first_day + before + 1) * WHEN_DAY_S;
}

int
onset_patience(const struct facts *f, const struct name_list *senders)
{
    int64_t lag_h = 0, rows = 0;

    for (size_t i = 0; i < senders->count; i++) {
        lag_h += f->lags[senders->items[i]].hours;
        rows += f->lags[senders->items[i]].rows;
    }
    return 1 + FINDING_LAG_MARGIN_D + (int)(rows ? lag_h / rows / 24 : 0);
}

/* Days between two on which they report, beyond one. */
static int
usual_pause_d(const struct scope *s)
{
    int first = -1, last = 0, reported = 0;

    for (int d = 0; d < FACTS_DAYS; d++) {
        if (s->sessions[d] == 0)
            continue;
        first = first < 0 ? d : first;
        last = d;
        reported++;
    }
    return reported > 1 ? (last - first) / (reported - 1) - 1 : 0;
}

/* Clean reported days, and sessions enough that failures would show. */
static bool
is_over(const struct scope *s, const struct finding *out)
{
    int64_t n = 0, f = 0;
    int days = 0;

    for (int d = out->last + 1; d < FACTS_DAYS; d++) {
        n += s->sessions[d];
        f += s->failed[d];
        days += s->sessions[d] > 0;
    }
    return (days >= CLEAN_DAYS &&
            1 - baseline_tail(n, f + 1, fmin(s->rate, surest)) < healed) ||
           s->f->today - out->last >
               onset_patience(s->f, &out->senders) + PAUSES * usual_pause_d(s);
}

void
onset_find(const struct scope *s, struct finding *out)
{
    out->first = (int16_t)extend(s, s->in->first, -1);
    out->last = (int16_t)extend(s, s->in->last, 1);
    find_instant(s, out);
    out->open = !is_over(s, out);
}
