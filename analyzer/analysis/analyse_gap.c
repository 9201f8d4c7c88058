/* See analyse_gap.h. */
#include "analyzer/analysis/analyse_gap.h"

#include "analyzer/analysis/diary.h"
#include "base/when.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double least_sessions = 8, all_share = .9, similar = 3, thin_level = 1e-5;

enum {
    SILENT_RUN = 2,
    SILENT_SENDERS = 2,
    RENAME_D = 4,
    THIN_HISTORY = 14, /* days before, and reported ones */
    THIN_REPORTED = 7,
    THIN_RUN = 4,
    IDLE_MOST = 30000,
};

/* Days on which (nearly) all who were expected did not report. */
static void
find_silence(const struct diaries *l, uint8_t silent[FACTS_DAYS])
{
    int run = 0;

    for (int day = 0; day < FACTS_DAYS; day++) {
        int expected = 0, missed = 0, due = 0, others = 0;

        for (size_t i = 0; i < l->count; i++) {
            const struct diary *d = &l->rows[i];
            bool was = day > 0 && d->expected[day - 1];

            due += d->state[day] != DAY_NONE && (d->expected[day] || was);
            expected += d->expected[day] || (was && d->state[day] == DAY_NONE);
            missed += d->expected[day] && d->state[day] == DAY_MISSED;
            others += !d->expected[day] && d->state[day] == DAY_ON_TIME;
        }
        if (expected < SILENT_SENDERS || missed < all_share * (expected + others) ||
            due < expected)
            run = 0;
        else
            run++;
        if (run >= SILENT_RUN)
            memset(&silent[day + 1 - run], 1, (size_t)run);
    }
}

/* Did a report come for the day, and is one due of every sender there was? */
static void
look_at_day(const struct diaries *l, int day, bool *came, bool *due)
{
    for (size_t i = 0; i < l->count; i++) {
        *came |= l->rows[i].state[day] == DAY_ON_TIME;
        *due &= l->rows[i].state[day] != DAY_NONE || day < l->rows[i].first_day;
    }
}

/* Of a site too small for its senders to report almost every day: so many days without
 * any report as its own past makes next to impossible, and twice as many as ever. */
static void
find_thin_silence(const struct diaries *l, uint8_t silent[FACTS_DAYS])
{
    int days = 0, empty = 0, run = 0, longest = 0, reported = 0;

    for (int day = 0; day < FACTS_DAYS; day++) {
        bool came = false, due = true;
        double miss = (empty + 1.0) / (days + 2.0);

        look_at_day(l, day, &came, &due);
        if (!came && !due)
            break;
        if (!came) {
            run += reported > 0;
        } else {
            if (run > 0 && !silent[day - 1]) { /* an example of ordinary days */
                days += run;
                empty += run;
                longest = run > longest ? run : longest;
            }
            run = 0;
            days++;
            reported++;
        }
        if (days >= THIN_HISTORY && reported >= THIN_REPORTED && run >= THIN_RUN &&
            run >= 2 * longest && pow(miss, run) < thin_level)
            memset(&silent[day + 1 - run], 1, (size_t)run);
    }
}

static bool
add_domains(const struct facts *f, struct finding *out, struct err *e)
{
    for (size_t i = 0; i < f->tally_count; i++)
        if (name_list_has(&out->senders, f->tallies[i].sender) &&
            f->tallies[i].day < out->first &&
            f->tallies[i].day >= out->first - DIARY_HISTORY &&
            !name_list_add(&out->domains, f->tallies[i].domain, e))
            return false;
    return true;
}

static struct finding *
new_gap(const struct facts *f, struct analysis *a, const char *kind, name sender,
        int first, int last, struct err *e)
{
    struct finding *out =
        finding_add(a, f, kind, sender ? "sender" : "everybody", sender, e);

    if (!out)
        return NULL;
    out->first = (int16_t)first;
    out->last = (int16_t)last;
    out->onset_earliest = ((int64_t)f->first_day + first) * WHEN_DAY_S;
    out->onset_latest = out->onset_earliest + WHEN_DAY_S;
    return out;
}

static bool
report_silence(const struct facts *f, const struct diaries *l, int first, int last,
               struct analysis *a, struct err *e)
{
    struct finding *out = new_gap(f, a, KIND_INTAKE_SILENT, 0, first, last, e);

    if (!out)
        return false;
    out->verdict = VERDICT_OURS;
    out->severity = SEVERITY_CRITICAL;
    out->confidence = .95;
    out->open = true;
    for (size_t i = 0; i < l->count; i++) {
        const struct diary *d = &l->rows[i];
        bool known = false;

        for (int day = first > DIARY_HISTORY ? first - DIARY_HISTORY : 0; day < first;
             day++)
            known |= d->state[day] == DAY_ON_TIME;
        for (int day = last + 1; day < FACTS_DAYS; day++)
            out->open &= d->lag_h[day] == DIARY_NEVER;
        if (known && !name_list_add(&out->senders, d->sender, e))
            return false;
    }
    if (out->open && f->idle_days > 0)
        out->last =
            (int16_t)(f->today + (f->idle_days < IDLE_MOST ? f->idle_days : IDLE_MOST));
    out->senders_failing = out->senders_seen = (int)out->senders.count;
    return add_domains(f, out, e);
}

/* Somebody new of the same size, who began when it stopped? */
static bool
was_renamed(const struct diaries *l, const struct diary *gone, int first)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct diary *d = &l->rows[i];

        if (d != gone && abs(d->first_day - first) <= RENAME_D &&
            diary_per_day(d) < diary_per_day(gone) * similar &&
            diary_per_day(gone) < diary_per_day(d) * similar)
            return true;
    }
    return false;
}

/* Late is not lost. */
static bool
came_late(const struct diary *d, int first, int last)
{
    for (int day = first; day <= last; day++)
        if (d->lag_h[day] == DIARY_NEVER)
            return false;
    return true;
}

static bool
report_gap(const struct facts *f, const struct diaries *l, const struct diary *d,
           int first, int last, struct analysis *a, struct err *e)
{
    struct finding *out = new_gap(f, a, KIND_REPORT_GAP, d->sender, first, last, e);

    if (!out)
        return false;
    out->verdict = VERDICT_UNKNOWN;
    out->severity = diary_per_day(d) < least_sessions || was_renamed(l, d, first) ||
                            came_late(d, first, last)
                        ? SEVERITY_INFO
                        : SEVERITY_WARNING;
    out->confidence = .8;
    out->senders_failing = out->senders_seen = 1;
    out->open = true;
    for (int day = last + 1; day < FACTS_DAYS; day++)
        out->open &= d->lag_h[day] == DIARY_NEVER;
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
        for (int day = first; day < FACTS_DAYS && day - last <= FINDING_CLEAN_DAYS; day++)
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
    bool ok = diary_write(f, a->excluded, &l, e);

    if (ok) {
        find_silence(&l, silent);
        find_thin_silence(&l, silent);
    }
    for (int first = 0, last; ok && first < FACTS_DAYS; first = last + 1) {
        last = first;
        while (silent[first] && last + 1 < FACTS_DAYS && silent[last + 1])
            last++;
        if (silent[first])
            ok = report_silence(f, &l, first, last, a, e);
    }
    for (size_t i = 0; ok && i < l.count; i++)
        ok = report_gaps(f, &l, silent, &l.rows[i], a, e);
    diary_clear(&l);
    return ok;
}
