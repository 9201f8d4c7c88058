/* See analyse.h. */
#include "analyzer/analysis/analyse.h"

#include "analyzer/analysis/analyse_drift.h"
#include "analyzer/analysis/analyse_gap.h"
#include "analyzer/analysis/analyse_loop.h"
#include "analyzer/analysis/analyse_mx.h"
#include "analyzer/analysis/analyse_newcomer.h"
#include "analyzer/analysis/analyse_onset.h"
#include "analyzer/analysis/explain.h"
#include "base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double critical_rate = .2;

void
analyse_clear(struct analysis *a)
{
    for (size_t i = 0; i < a->count; i++)
        finding_clear(&a->rows[i]);
    free(a->rows);
    free(a->excluded);
    arena_clear(&a->arena);
    *a = (struct analysis){0};
}

/* ---- incidents into findings ------------------------------------------------------ */

static bool
copy_spots(const struct spots *from, struct name_list *to, struct err *e)
{
    int64_t total = 0;

    for (size_t i = 0; i < from->count; i++)
        total += from->rows[i].failed;
    for (size_t i = 0; i < from->count; i++)
        if (from->rows[i].failed >= 2 &&
            from->rows[i].failed >= total / 200 + (total % 200 > 0) &&
            !name_list_add(to, from->rows[i].at, e))
            return false;
    return true;
}

static bool
copy_scope(const struct scope *s, struct finding *out, struct err *e)
{
    for (size_t i = 0; i < s->domains.count; i++)
        if (!name_list_add(&out->domains, s->domains.items[i], e))
            return false;
    for (size_t i = 0; i < s->witness_count; i++)
        if (s->witnesses[i].elevated &&
            !name_list_add(&out->senders, s->witnesses[i].sender, e))
            return false;
    for (size_t i = 0; i < s->in->other_words.count; i++)
        if (!name_list_add(&out->senders, s->in->other_words.items[i], e))
            return false;
    return copy_spots(&s->addresses, &out->addresses, e) &&
           copy_spots(&s->hosts, &out->hosts, e) &&
           copy_spots(&s->networks, &out->networks, e) &&
           copy_spots(&s->reasons, &out->reasons, e);
}

static void
count_refused(const struct scope *s, struct finding *out)
{
    enum result_type type = result_type_parse(out->kind);

    for (int d = out->first; d <= out->last; d++) {
        out->failed += s->failed[d];
        out->sessions += s->sessions[d];
    }
    if (grid_class_of(type) != GRID_STS)
        out->refused = drift_refused(s->f, s->in->kind, &out->domains, &out->senders,
                                     out->first, out->last);
    if (out->refused > out->failed)
        out->refused = out->failed;
}

static bool
make_finding(const struct facts *f, const struct incident *in, struct analysis *a,
             struct err *e)
{
    struct scope s;
    struct finding *out =
        finding_add(a, f, facts_text(f, in->kind), in->sender ? "sender" : "everybody",
                    in->sender ? in->sender : in->domain, e);
    bool ok = out && scope_measure(&s, f, a->excluded, in, e);

    if (!ok)
        return false;
    if (in->older) {
        out->id[FINDING_ID_DIGITS] = '-';
        (void)when_print_day(f->first_day + in->first, out->id + FINDING_ID_DIGITS + 1);
    }
    ok = copy_scope(&s, out, e);
    onset_find(&s, out);
    count_refused(&s, out);
    out->verdict = triage_verdict(&s);
    out->confidence = triage_confidence(&s, out->verdict);
    out->senders_failing = s.failing;
    out->senders_seen = s.powerful;
    out->places_failing = scope_failing(&s, &s.addresses);
    out->places_seen = (int)s.addresses_seen;
    out->unplaced = s.unplaced;
    out->severity = SEVERITY_WARNING;
    if (out->refused && (double)out->failed >= critical_rate * (double)out->sessions)
        out->severity = SEVERITY_CRITICAL;
    scope_clear(&s);
    return ok;
}

static bool
find_sightings(const struct facts *f, const struct analysis *a, struct sightings *out,
               struct err *e)
{
    for (size_t first = 0, end; first < f->miss_count; first = end) {
        struct grid g;
        struct grid_kind k;
        size_t from = first;
        bool ok = true;

        facts_misses_of(f, f->misses[first].domain, &first, &end);
        if (!grid_init(&g, f, f->misses[first].domain, e))
            return false;
        while (ok && grid_next_kind(&g, from, &k, e)) {
            from = k.end_miss;
            ok = regression_find(&g, &k, a->excluded, out, e);
            grid_kind_clear(&k);
        }
        grid_clear(&g);
        if (e->kind)
            return false;
    }
    return true;
}

static int
by_scope(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    name p = x->domains.count > 0 ? x->domains.items[0] : 0;
    name q = y->domains.count > 0 ? y->domains.items[0] : 0;
    int order = strcmp(x->kind, y->kind);

    if (order != 0)
        return order;
    if (p != q)
        return p < q ? -1 : 1;
    if (x->domains.count != y->domains.count)
        return x->domains.count < y->domains.count ? -1 : 1;
    if (x->failed != y->failed)
        return x->failed > y->failed ? -1 : 1;
    return strcmp(x->id, y->id);
}

static bool
same_list(const struct name_list *a, const struct name_list *b)
{
    return a->count == b->count &&
           (a->count == 0 ||
            memcmp(a->items, b->items, a->count * sizeof *a->items) == 0);
}

/* Nobody could tell them apart. */
static bool
is_same(const struct finding *a, const struct finding *b)
{
    return a->open == b->open && a->first <= b->last && b->first <= a->last &&
           strcmp(a->kind, b->kind) == 0 && same_list(&a->domains, &b->domains) &&
           same_list(&a->hosts, &b->hosts);
}

/* The larger of two that are the same takes in the other. */
static bool
unite(struct analysis *a, struct err *e)
{
    bool ok = true;
    size_t kept = 0;

    if (a->count)
        qsort(a->rows, a->count, sizeof *a->rows, by_scope);
    for (size_t i = 0; i < a->count; i++) {
        struct finding *x = &a->rows[i], *into = kept > 0 ? &a->rows[kept - 1] : NULL;

        if (into == NULL || !is_same(into, x)) {
            a->rows[kept++] = *x;
            continue;
        }
        finding_widen(&into->first, &into->last, x->first, x->last);
        for (size_t k = 0; k < x->senders.count; k++)
            ok = ok && name_list_add(&into->senders, x->senders.items[k], e);
        finding_clear(x);
    }
    a->count = kept;
    return ok;
}

static bool
find_incidents(const struct facts *f, struct analysis *a, struct err *e)
{
    struct sightings s = {0};
    struct incidents list = {0};
    bool ok = find_sightings(f, a, &s, e) && merge_sightings(f, &s, &list, e);

    for (size_t i = 0; ok && i < list.count; i++)
        ok = make_finding(f, &list.rows[i], a, e);
    ok = ok && unite(a, e);
    merge_clear(&list);
    free(s.rows);
    return ok;
}

static int
worst_first(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;

    if (x->open != y->open)
        return x->open ? -1 : 1;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    if (x->last != y->last)
        return x->last > y->last ? -1 : 1;
    if (x->failed != y->failed)
        return x->failed > y->failed ? -1 : 1;
    return strcmp(x->id, y->id);
}

bool
analyse(const struct facts *f, struct analysis *out, struct err *e)
{
    *out = (struct analysis){0};
    arena_init(&out->arena, 0);
    out->excluded = calloc(f->name_count, 1);
    if (!out->excluded)
        return err_nomem(e);
    if (!newcomer_exclude(f, out->excluded, e) || !find_incidents(f, out, e) ||
        !mx_find(f, out, e) || !drift_find(f, out, e) || !gap_find(f, out, e) ||
        !loop_find(f, out, e) || !newcomer_find(f, out, e))
        return false;
    for (size_t i = 0; i < out->count; i++)
        if (!explain_finding(f, &out->rows[i], &out->arena, e))
            return false;
    if (out->count)
        qsort(out->rows, out->count, sizeof *out->rows, worst_first);
    return true;
}
