/* See analyse_gap.h. */
#include "analyzer/analyse_gap.h"

#include "analyzer/analyse_merge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double almost_every = .9, level = 1e-4, usual_share = .8;
static const double least_sessions = 8, all_share = .9, similar = 3;

enum {
    HISTORY = 28,
    LEAST_RUN = 3,
    SILENT_RUN = 2,
    SILENT_SENDERS = 2,
    MARGIN_H = 24,
    RENAME_D = 4,
    NEVER = INT32_MAX,
};

enum day_state {
    DAY_NONE, /* before its first report, or not due yet */
    DAY_ON_TIME,
    DAY_MISSED,
};

/* One sender's days. */
struct diary {
    name sender;
    int32_t lag_h[FACTS_DAYS]; /* of the first report of the day; NEVER */
    uint8_t state[FACTS_DAYS];
    uint8_t expected[FACTS_DAYS]; /* it had reported almost every day before */
    uint8_t in_gap[FACTS_DAYS];
    int first_day; /* with a report */
    int64_t sessions;
    int reported;
    int limit_h;
    double sessions_of[FACTS_DAYS];
};

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
        if (d->lag_h[day] != NEVER)
            lags[count++] = d->lag_h[day] > 0 ? d->lag_h[day] : 0;
    qsort(lags, count, sizeof(*lags), by_number);
    return count ? lags[(size_t)((double)(count - 1) * usual_share)] : 0;
}

/* How likely is a run of missed days of a sender with this history? */
static bool
is_expected(const struct diary *d, int day, double *miss)
{
    int days = 0, on_time = 0;

    for (int i = day - 1; i >= d->first_day && days < HISTORY; i--) {
        if (d->in_gap[i])
            continue;
        days++;
        on_time += d->state[i] == DAY_ON_TIME;
    }
    *miss = 1 - (on_time + .5) / (days + 1.0);
    return days >= FACTS_ESTABLISHED && on_time >= almost_every * days;
}

/* On a day on which the others send little, a small sender may have had no mail to
 * report.
 */
static double
chance_of_none(const struct diary *d, double others)
{
    double usual = d->reported ? (double)d->sessions / d->reported : 0;

    return exp(-usual * fmin(1, others));
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
    d->limit_h = usual_lag(d) * 3 / 2 + MARGIN_H;
    for (int day = d->first_day; day < FACTS_DAYS; day++) {
        int64_t end = ((int64_t)f->first_day + day + 1) * 86400;

        if (d->lag_h[day] <= d->limit_h)
            d->state[day] = DAY_ON_TIME;
        else if (f->as_of >= end + (int64_t)d->limit_h * 3600)
            d->state[day] = DAY_MISSED;
        else
            break;
    }
}

static int
by_size(const void *a, const void *b)
{
    double x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

struct diaries {
    struct diary *rows;
    size_t count;
    uint32_t *place; /* by name: its row + 1 */
};

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
        qsort(order, count, sizeof(*order), by_size);
        usual = count ? order[count / 2] : 0;
        for (int day = 0; day < FACTS_DAYS; day++)
            others[day] = usual > 0 ? others[day] / usual : 1;
        find_gaps(d, others);
    }
}

static bool
write_diaries(const struct facts *f, const uint8_t *excluded, struct diaries *out,
              struct err *e)
{
    out->place = calloc(f->name_count, sizeof(*out->place));
    for (size_t i = 0; out->place && i < f->tally_count; i++)
        if (!f->tallies[i].long_window && !excluded[f->tallies[i].sender] &&
            !out->place[f->tallies[i].sender])
            out->place[f->tallies[i].sender] = (uint32_t)++out->count;
    out->rows = calloc(out->count + 1, sizeof(*out->rows));
    if (!out->place || !out->rows)
        return err_nomem(e);
    for (size_t i = 0; i < out->count; i++) {
        out->rows[i].first_day = FACTS_DAYS;
        for (int d = 0; d < FACTS_DAYS; d++)
            out->rows[i].lag_h[d] = NEVER;
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
        d->reported += d->lag_h[t->day] == NEVER;
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

static double
per_day(const struct diary *d)
{
    return d->reported ? (double)d->sessions / d->reported : 0;
}

/* Days on which (nearly) all who were expected did not report. */
static void
find_silence(const struct diaries *l, uint8_t silent[FACTS_DAYS])
{
    int run = 0;

    for (int day = 0; day < FACTS_DAYS; day++) {
        int expected = 0, missed = 0, due = 0;

        for (size_t i = 0; i < l->count; i++) {
            const struct diary *d = &l->rows[i];
            bool was = day > 0 && d->expected[day - 1];

            due += d->state[day] != DAY_NONE && (d->expected[day] || was);
            expected += d->expected[day] || (was && d->state[day] == DAY_NONE);
            missed += d->expected[day] && d->state[day] == DAY_MISSED;
        }
        if (expected < SILENT_SENDERS || missed < all_share * expected || due < expected)
            run = 0;
        else
            run++;
        if (run >= SILENT_RUN)
            for (int i = 0; i < run; i++)
                silent[day - i] = 1;
    }
}

static bool
add_domains(const struct facts *f, struct finding *out, struct err *e)
{
    for (size_t i = 0; i < f->tally_count; i++)
        if (name_list_has(&out->senders, f->tallies[i].sender) &&
            f->tallies[i].day < out->first && f->tallies[i].day >= out->first - HISTORY &&
            !name_list_add(&out->domains, f->tallies[i].domain, e))
            return false;
    return true;
}

static struct finding *
new_gap(const struct facts *f, struct analysis *a, const char *kind, int first, int last,
        struct err *e)
{
    struct finding *out = analyse_add(a, e);

    if (!out)
        return NULL;
    *out = (struct finding){.kind = kind, .first = (int16_t)first, .last = (int16_t)last};
    out->onset_earliest = ((int64_t)f->first_day + first) * 86400;
    out->onset_latest = out->onset_earliest + 86400;
    return out;
}

static bool
report_silence(const struct facts *f, const struct diaries *l, int first, int last,
               struct analysis *a, struct err *e)
{
    struct finding *out = new_gap(f, a, KIND_INTAKE_SILENT, first, last, e);

    if (!out)
        return false;
    out->verdict = VERDICT_OURS;
    out->severity = SEVERITY_CRITICAL;
    out->confidence = .95;
    for (size_t i = 0; i < l->count; i++) {
        const struct diary *d = &l->rows[i];

        if (!d->expected[first])
            continue;
        out->open |= d->state[last] == DAY_MISSED;
        if (!name_list_add(&out->senders, d->sender, e))
            return false;
    }
    for (size_t i = 0; i < l->count; i++)
        for (int day = last + 1; day < FACTS_DAYS; day++)
            if (l->rows[i].expected[first] && l->rows[i].lag_h[day] != NEVER)
                out->open = false;
    out->senders_failing = out->senders_seen = (int)out->senders.count;
    merge_id(out->id, out->kind, "everybody", "");
    return add_domains(f, out, e);
}

/* Somebody new of the same size, who began when it stopped? */
static bool
was_renamed(const struct diaries *l, const struct diary *gone, int first)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct diary *d = &l->rows[i];

        if (d != gone && abs(d->first_day - first) <= RENAME_D &&
            per_day(d) < per_day(gone) * similar && per_day(gone) < per_day(d) * similar)
            return true;
    }
    return false;
}

static bool
report_gap(const struct facts *f, const struct diaries *l, const struct diary *d,
           int first, int last, struct analysis *a, struct err *e)
{
    struct finding *out = new_gap(f, a, KIND_REPORT_GAP, first, last, e);

    if (!out)
        return false;
    out->verdict = VERDICT_UNKNOWN;
    out->severity = per_day(d) < least_sessions || was_renamed(l, d, first)
                        ? SEVERITY_INFO
                        : SEVERITY_WARNING;
    out->confidence = .8;
    out->senders_failing = out->senders_seen = 1;
    out->open = true;
    for (int day = last + 1; day < FACTS_DAYS; day++)
        out->open &= d->lag_h[day] == NEVER;
    out->subject = d->sender;
    merge_id(out->id, out->kind, "sender", facts_text(f, d->sender));
    return name_list_add(&out->senders, d->sender, e) && add_domains(f, out, e);
}

/* What belongs to the silence of everybody is no gap of its own. */
static bool
is_silence(const uint8_t silent[FACTS_DAYS], int first, int last)
{
    for (int day = first; day <= last; day++)
        if (silent[day] || (day > 0 && silent[day - 1]))
            return true;
    return false;
}

static bool
report_gaps(const struct facts *f, const struct diaries *l,
            const uint8_t silent[FACTS_DAYS], const struct diary *d, struct analysis *a,
            struct err *e)
{
    for (int first = 0, last; first < FACTS_DAYS; first = last + 1) {
        last = first;
        if (!d->in_gap[first])
            continue;
        for (int day = first; day < FACTS_DAYS && day - last <= ANALYSE_CLEAN_DAYS; day++)
            last = d->in_gap[day] ? day : last;
        if (!is_silence(silent, first, last) && !report_gap(f, l, d, first, last, a, e))
            return false;
    }
    return true;
}

bool
gap_find(const struct facts *f, struct analysis *a, struct err *e)
{
    struct diaries l = {0};
    uint8_t silent[FACTS_DAYS] = {0};
    bool ok = write_diaries(f, a->excluded, &l, e);

    if (ok)
        find_silence(&l, silent);
    for (int first = 0, last; ok && first < FACTS_DAYS; first = last + 1) {
        last = first;
        while (silent[first] && last + 1 < FACTS_DAYS && silent[last + 1])
            last++;
        if (silent[first])
            ok = report_silence(f, &l, first, last, a, e);
    }
    for (size_t i = 0; ok && i < l.count; i++)
        ok = report_gaps(f, &l, silent, &l.rows[i], a, e);
    free(l.rows);
    free(l.place);
    return ok;
}

int
gap_usual_lag_h(const struct facts *f, name sender)
{
    struct diary d = {.sender = sender};

    for (int day = 0; day < FACTS_DAYS; day++)
        d.lag_h[day] = NEVER;
    for (size_t i = 0; i < f->tally_count; i++)
        if (f->tallies[i].sender == sender &&
            f->tallies[i].lag_h < d.lag_h[f->tallies[i].day])
            d.lag_h[f->tallies[i].day] = f->tallies[i].lag_h;
    return usual_lag(&d);
}
