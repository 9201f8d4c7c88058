/* See analyse_merge.h. */
#include "analyzer/analysis/analyse_merge.h"

#include "base/rows.h"

#include <stdlib.h>
#include <string.h>

enum {
    SECOND_DAY = 4, /* the second day counts when it follows within so many */
    WEAK_DAYS = 6,
    WEAK_LEAST = 3, /* days and domains of a sender that tells no places */
    ABSORB_DAYS = 3
};

/* What ties sightings together: the sender, or the domains that share hosts. The policy
 * of MTA-STS is each domain's own. */
static name
scope_of(const struct facts *f, const struct sighting *s)
{
    if (s->sender)
        return s->sender;
    if (grid_class_of(result_type_parse(facts_text(f, s->kind))) == GRID_STS)
        return s->domain;
    return f->group[s->domain];
}

static int
by_scope(const void *a, const void *b, void *ctx)
{
    const struct facts *f = ctx;
    const struct sighting *x = a, *y = b;
    name p = scope_of(f, x), q = scope_of(f, y);

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (!x->sender != !y->sender)
        return x->sender ? 1 : -1;
    if (p != q)
        return p < q ? -1 : 1;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return (x->domain > y->domain) - (x->domain < y->domain);
}

static bool
same_scope(const struct facts *f, const struct sighting *a, const struct sighting *b)
{
    return a->kind == b->kind && !a->sender == !b->sender &&
           scope_of(f, a) == scope_of(f, b);
}

static bool
add_sighting(struct incident *in, const struct sighting *s, struct err *e)
{
    if (in->days[s->day] < s->strength + 1)
        in->days[s->day] = (uint8_t)(s->strength + 1);
    if (s->day > in->last)
        in->last = s->day;
    return name_list_add(&in->domains, s->domain, e);
}

/* The first day on which rows [first, end) are worth an alarm, -1 if none is. They are in
 * order of days. */
static int
founding_day(const struct sighting *rows, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        size_t weak = 1;
        bool second_day = false, second_clear = false;

        if (rows[i].strength >= SIGHTING_LARGE)
            return rows[i].day;
        for (size_t k = i; k-- > first && rows[i].day - rows[k].day < WEAK_DAYS;) {
            weak++;
            second_day |= rows[k].day < rows[i].day;
            second_clear |= rows[k].day < rows[i].day &&
                            rows[i].day - rows[k].day < SECOND_DAY &&
                            rows[k].strength == SIGHTING_CLEAR;
        }
        if ((rows[i].strength == SIGHTING_CLEAR && second_clear) ||
            (second_day && weak >= WEAK_LEAST))
            return rows[i].day;
    }
    return -1;
}

/* One incident of rows [first, end), which are of one scope and one episode. */
static bool
found_incident(const struct sighting *rows, size_t first, size_t end,
               struct incidents *out, struct err *e)
{
    int founded = founding_day(rows, first, end);
    struct incident *in;

    if (founded < 0)
        return true;
    in = rows_grow(out->rows, out->count, sizeof *in, e);
    if (!in)
        return false;
    out->rows = in;
    in += out->count++;
    *in = (struct incident){.kind = rows[first].kind,
                            .sender = rows[first].sender,
                            .first = rows[first].day,
                            .last = rows[first].day,
                            .founded = (int16_t)founded};
    for (size_t i = first; i < end; i++) {
        if (!add_sighting(in, &rows[i], e))
            return false;
        if (rows[i].day <= founded && (!in->domain || rows[i].domain < in->domain))
            in->domain = rows[i].domain;
    }
    return true;
}

static bool
overlap(const struct incident *a, const struct incident *b)
{
    return a->first <= b->last + ABSORB_DAYS && b->first <= a->last + ABSORB_DAYS;
}

static bool
share_domain(const struct facts *f, const struct incident *a, const struct incident *b)
{
    for (size_t i = 0; i < a->domains.count; i++)
        for (size_t k = 0; k < b->domains.count; k++)
            if (f->group[a->domains.items[i]] == f->group[b->domains.items[k]])
                return true;
    return false;
}

/* What one sender saw of it belongs to what everybody saw. The older name stays. */
static bool
absorb(struct incident *into, struct incident *from, struct err *e)
{
    from->absorbed = true;
    if (from->founded < into->founded) {
        into->founded = from->founded;
        into->domain = from->domain;
        into->sender = from->sender;
    }
    analyse_widen(&into->first, &into->last, from->first, from->last);
    for (int d = 0; d < FACTS_DAYS; d++)
        if (from->days[d] > into->days[d])
            into->days[d] = from->days[d];
    for (size_t i = 0; i < from->domains.count; i++)
        if (!name_list_add(&into->domains, from->domains.items[i], e))
            return false;
    return true;
}

/* The same thing beginning on the same day for unrelated domains is one thing too. */
static bool
same_onset(const struct incident *a, const struct incident *b)
{
    return !a->sender && !b->sender && abs(a->first - b->first) <= 1 &&
           abs(a->founded - b->founded) <= 1;
}

/* The first of those that stand together because they are of the kind of rows[at]. */
static size_t
first_of_kind(const struct incidents *list, size_t first, size_t at)
{
    return list->rows[first].kind == list->rows[at].kind ? first : at;
}

static bool
absorb_all(const struct facts *f, struct incidents *list, struct err *e)
{
    for (size_t i = 0, first = 0; i < list->count; i++) {
        name kind = list->rows[i].kind;

        first = first_of_kind(list, first, i);
        for (size_t k = first; k < list->count && list->rows[k].kind == kind; k++) {
            struct incident *a = &list->rows[i], *b = &list->rows[k];

            if (i == k || a->absorbed || b->absorbed)
                continue;
            if ((same_onset(a, b) && i < k) ||
                (!a->sender && b->sender && overlap(a, b) && share_domain(f, a, b)))
                if (!absorb(a, b, e))
                    return false;
        }
    }
    return true;
}

/* The latest episode has the plain identity. */
static void
mark_older(struct incidents *list)
{
    for (size_t i = 0, first = 0; i < list->count; i++) {
        struct incident *a = &list->rows[i];

        first = first_of_kind(list, first, i);
        for (size_t k = first; k < list->count && list->rows[k].kind == a->kind; k++) {
            const struct incident *b = &list->rows[k];

            if (a->sender == b->sender && (a->sender || a->domain == b->domain) &&
                a->first < b->first)
                a->older = true;
        }
    }
}

static void
drop_absorbed(struct incidents *list)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].absorbed)
            name_list_clear(&list->rows[i].domains);
        else
            list->rows[kept++] = list->rows[i];
    list->count = kept;
}

bool
merge_sightings(const struct facts *f, struct sightings *s, struct incidents *out,
                struct err *e)
{
    size_t first = 0;

    if (s->count)
        qsort_r(s->rows, s->count, sizeof *s->rows, by_scope, (void *)(uintptr_t)f);
    for (size_t i = 1; i <= s->count; i++) {
        if (i < s->count && same_scope(f, &s->rows[i - 1], &s->rows[i]) &&
            s->rows[i].day - s->rows[i - 1].day <= ANALYSE_CLEAN_DAYS)
            continue;
        if (!found_incident(s->rows, first, i, out, e))
            return false;
        first = i;
    }
    if (!absorb_all(f, out, e))
        return false;
    drop_absorbed(out);
    mark_older(out);
    return true;
}

void
merge_clear(struct incidents *list)
{
    for (size_t i = 0; i < list->count; i++)
        name_list_clear(&list->rows[i].domains);
    free(list->rows);
    *list = (struct incidents){0};
}
