/* See analyse_loop.h. */
#include "analyzer/analysis/analyse_loop.h"

#include "base/when.h"

static const double nearly_all = .9, half = .5;

enum {
    LEAST_DAYS = 14
};

/* One sender's days with one domain. */
struct habit {
    name domain, sender;
    int16_t first, last;
    int days, single, failing;
    int64_t sessions, failed;
    bool fails; /* on the last day */
};

static struct habit
habit_of(const struct facts *f, size_t first, size_t end)
{
    const struct tally *rows = f->tallies;
    struct habit h = {.domain = rows[first].domain, .sender = rows[first].sender};

    h.first = rows[first].day;
    for (size_t i = first, next; i < end; i = next) {
        int64_t sessions = 0, failed = 0;

        for (next = i; next < end && rows[next].day == rows[i].day; next++)
            if (rows[next].sessions > sessions) {
                sessions = rows[next].sessions;
                failed = rows[next].failed;
            }
        h.days++;
        h.single += sessions == 1;
        h.fails = (double)failed > half * (double)sessions;
        h.failing += h.fails;
        h.sessions += sessions;
        h.failed += failed;
        h.last = rows[i].day;
    }
    return h;
}

/* The finding that says so already of another domain. */
static struct finding *
find_same(const struct analysis *a, const struct habit *h, const char *kind)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->rows[i].old_news && a->rows[i].subject == h->sender &&
            a->rows[i].kind == kind)
            return &a->rows[i];
    return NULL;
}

static bool
report(const struct facts *f, const struct habit *h, const char *kind, struct analysis *a,
       struct err *e)
{
    struct finding *out = find_same(a, h, kind);

    if (!out) {
        out = finding_add(a, f, kind, "always", h->sender, e);
        if (!out)
            return false;
        out->verdict = VERDICT_SENDER;
        out->first = h->first;
        out->last = h->last;
        out->confidence = .7;
        out->senders_failing = out->senders_seen = 1;
        out->old_news = true;
    }
    finding_widen(&out->first, &out->last, h->first, h->last);
    out->open = f->today - out->last <= 1 + FINDING_LAG_MARGIN_D;
    out->onset_earliest = ((int64_t)f->first_day + out->first) * WHEN_DAY_S;
    out->onset_latest = out->onset_earliest + WHEN_DAY_S;
    out->failed += h->failed;
    out->sessions += h->sessions;
    return name_list_add(&out->domains, h->domain, e) &&
           name_list_add(&out->senders, h->sender, e);
}

/* What it mostly fails with. */
static name
main_kind(const struct facts *f, const struct habit *h)
{
    name kind = 0;
    int64_t most = 0, count = 0;
    size_t first, end;

    facts_misses_of(f, h->domain, &first, &end);
    for (size_t i = first; i < end; i++) {
        if (f->misses[i].sender != h->sender)
            continue;
        count = i > first && f->misses[i].kind == kind ? count : 0;
        count += f->misses[i].failed;
        if (count > most || !kind) {
            most = count;
            kind = f->misses[i].kind;
        }
    }
    return kind;
}

/* Is it part of a finding already? */
static bool
is_known(const struct analysis *a, const struct habit *h)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->rows[i].severity > SEVERITY_INFO &&
            name_list_has(&a->rows[i].domains, h->domain) &&
            name_list_has(&a->rows[i].senders, h->sender))
            return true;
    return false;
}

bool
loop_find(const struct facts *f, struct analysis *a, struct err *e)
{
    int left = FINDING_MAX_CLAIMS;

    for (size_t i = 0, next; i < f->tally_count && left > 0; i = next) {
        struct habit h;
        const char *kind = NULL;

        next = facts_pair_end(f, i);
        h = habit_of(f, i, next);
        if (h.days < LEAST_DAYS || a->excluded[h.sender])
            continue;
        /* One that fails is an outage, be it of the smallest site. */
        if (h.single >= nearly_all * h.days && !h.fails &&
            h.failing <= (1 - nearly_all) * h.days)
            kind = KIND_REPORT_LOOP;
        else if (h.failing >= nearly_all * h.days && !is_known(a, &h))
            kind = facts_text(f, main_kind(f, &h));
        if (!kind || !*kind)
            continue;
        left -= find_same(a, &h, kind) == NULL;
        if (!report(f, &h, kind, a, e))
            return false;
    }
    return true;
}
