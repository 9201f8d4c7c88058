/* The value itself: its memory, its day, and which of its overlapping figures counts. */
#include "schema/report/report.h"

#include "base/when.h"

#include <stdlib.h>
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

static int
compare_domains(const struct policy *a, const struct policy *b)
{
    if (a->domain == NULL || b->domain == NULL)
        return (a->domain != NULL) - (b->domain != NULL);
    return strcmp(a->domain, b->domain);
}

/* By domain, type and place in the report. */
static int
compare_policies(const void *left, const void *right)
{
    const struct policy *a = *(struct policy *const *)left;
    const struct policy *b = *(struct policy *const *)right;
    int order = compare_domains(a, b);

    if (order == 0)
        order = strcmp(a->type_text, b->type_text);
    return order != 0 ? order : (a > b) - (a < b);
}

/* The policies of one type and domain: the policy changed during the day. */
struct group {
    struct policy **first;
    size_t count;
    int64_t sessions, failed;
};

int64_t
report_add(int64_t a, int64_t b)
{
    int64_t sum;

    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

/* The group at the start of n sorted policies. */
static struct group
take_group(struct policy **sorted, size_t n)
{
    struct group g = {.first = sorted};

    while (g.count < n && compare_domains(sorted[g.count], *sorted) == 0 &&
           strcmp(sorted[g.count]->type_text, (*sorted)->type_text) == 0) {
        const struct policy *p = sorted[g.count++];

        g.failed = report_add(g.failed, p->failed_sessions);
        g.sessions = report_add(g.sessions, p->failed_sessions);
        g.sessions = report_add(g.sessions, p->successful_sessions);
    }
    return g;
}

static bool
leads(const struct group *a, const struct group *b)
{
    if (a->sessions != b->sessions)
        return a->sessions > b->sessions;
    if (a->failed != b->failed)
        return a->failed > b->failed;
    return *a->first < *b->first;
}

static void
mark(const struct group *g, bool leading)
{
    for (size_t i = 0; i < g->count; i++)
        g->first[i]->leading = leading;
}

void
report_lead(struct report *r)
{
    struct policy *sorted[REPORT_MAX_POLICIES];
    struct group best = {0};
    size_t n = 0;

    for (; n < r->policy_count && n < REPORT_MAX_POLICIES; n++)
        sorted[n] = &r->policies[n];
    qsort(sorted, n, sizeof *sorted, compare_policies);
    for (size_t i = 0; i < n;) {
        struct group g = take_group(sorted + i, n - i);
        bool rival = best.first != NULL && compare_domains(*best.first, *g.first) == 0;

        i += g.count;
        if (rival && !leads(&g, &best)) {
            mark(&g, false);
            continue;
        }
        if (rival)
            mark(&best, false);
        mark(&g, true);
        best = g;
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
