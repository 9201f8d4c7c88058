/* The value itself: its memory, its day, and which of its overlapping figures counts. */
#include "schema/report.h"

#include "base/when.h"

#include <string.h>

void
report_init(struct report *r)
{
    *r = (struct report){.organization = "", .report_id = ""};
    arena_init(&r->arena, 0);
}

void
report_clear(struct report *r)
{
    arena_clear(&r->arena);
    report_init(r);
}

int32_t
report_day(int64_t start, int64_t end)
{
    if (end - start > REPORT_LONG_WINDOW_S)
        return when_day_of_instant(start);
    return when_day_of_instant(start + (end - start) / 2);
}

static bool
same_domain(const struct policy *a, const struct policy *b)
{
    if (a->domain == NULL || b->domain == NULL)
        return a->domain == b->domain;
    return strcmp(a->domain, b->domain) == 0;
}

static bool
same_type(const struct policy *a, const struct policy *b)
{
    return strcmp(a->type_text, b->type_text) == 0;
}

struct tally {
    int64_t sessions, failed;
};

/* All policies of one type and domain together: the policy changed during the day. */
static struct tally
tally_of(const struct report *r, const struct policy *like)
{
    struct tally t = {0, 0};

    for (size_t i = 0; i < r->policy_count; i++) {
        const struct policy *p = &r->policies[i];

        if (!same_domain(p, like) || !same_type(p, like))
            continue;
        if (__builtin_add_overflow(t.failed, p->failed_sessions, &t.failed))
            t.failed = INT64_MAX;
        if (__builtin_add_overflow(t.sessions, p->failed_sessions, &t.sessions) ||
            __builtin_add_overflow(t.sessions, p->successful_sessions, &t.sessions))
            t.sessions = INT64_MAX;
    }
    return t;
}

static void
lead_domain(struct report *r, size_t first)
{
    const struct policy *best = &r->policies[first];
    struct tally most = tally_of(r, best);

    for (size_t i = first + 1; i < r->policy_count; i++) {
        const struct policy *p = &r->policies[i];
        struct tally t;

        if (!same_domain(p, best) || same_type(p, best))
            continue;
        t = tally_of(r, p);
        if (t.sessions > most.sessions ||
            (t.sessions == most.sessions && t.failed > most.failed)) {
            most = t;
            best = p;
        }
    }
    for (size_t i = first; i < r->policy_count; i++) {
        if (same_domain(&r->policies[i], best))
            r->policies[i].leading = same_type(&r->policies[i], best);
    }
}

static bool
seen_before(const struct report *r, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (same_domain(&r->policies[i], &r->policies[at]))
            return true;
    }
    return false;
}

void
report_lead(struct report *r)
{
    for (size_t i = 0; i < r->policy_count; i++) {
        if (!seen_before(r, i))
            lead_domain(r, i);
    }
}

void
report_keep(struct report *r, const bool *keep)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->policy_count; i++) {
        if (keep[i])
            r->policies[kept++] = r->policies[i];
    }
    r->policy_count = kept;
}
