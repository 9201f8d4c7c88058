/* See analyse.h. */
#include "analyzer/analysis/analyse.h"

#include "analyzer/analysis/analyse_drift.h"
#include "analyzer/analysis/analyse_gap.h"
#include "analyzer/analysis/analyse_loop.h"
#include "analyzer/analysis/analyse_mx.h"
#include "analyzer/analysis/analyse_newcomer.h"
#include "analyzer/analysis/analyse_onset.h"
#include "analyzer/analysis/explain.h"
#include "base/count.h"
#include "base/hash.h"
#include "base/rows.h"
#include "base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double critical_rate = .2;

enum {
    ID_DIGITS = 16
};

#define ANALYSE_TEXT(word, text) [word] = (text),
static const char *const faults[] = {VERDICTS(ANALYSE_TEXT)};
static const char *const severities[] = {SEVERITIES(ANALYSE_TEXT)};

const char *
fault_text(enum fault v)
{
    return faults[v];
}

const char *
severity_text(enum severity s)
{
    return severities[s];
}

enum severity
severity_find(const char *word, enum severity otherwise)
{
    for (int s = SEVERITY_INFO; word && s <= SEVERITY_CRITICAL; s++)
        if (!strcmp(word, severities[s]))
            return (enum severity)s;
    return otherwise;
}

bool
name_list_has(const struct name_list *l, name n)
{
    return l->count &&
           bsearch(&n, l->items, l->count, sizeof *l->items, name_compare) != NULL;
}

bool
name_list_add(struct name_list *l, name n, struct err *e)
{
    size_t at = l->count;
    name *items;

    if (!n || name_list_has(l, n))
        return true;
    if (!(items = rows_grow(l->items, l->count, sizeof *items, e)))
        return false;
    for (; at > 0 && items[at - 1] > n; at--)
        items[at] = items[at - 1];
    items[at] = n;
    l->items = items;
    l->count++;
    return true;
}

void
name_list_clear(struct name_list *l)
{
    free(l->items);
    *l = (struct name_list){0};
}

void
analyse_widen(int16_t *first, int16_t *last, int16_t from, int16_t upto)
{
    if (from < *first)
        *first = from;
    if (upto > *last)
        *last = upto;
}

/* 16 hexadecimal digits of a hash of the parts. */
static void
make_id(char id[ID_DIGITS + 1], const char *kind, const char *scope, const char *subject)
{
    const char *parts[] = {kind, scope, subject};
    uint64_t h = HASH_START;

    for (size_t i = 0; i < 3; i++)
        h = hash_bytes(hash_text(h, parts[i]), "\xff", 1);
    h ^= h >> 31;
    h *= 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
    (void)snprintf(id, ID_DIGITS + 1, "%016llx", (unsigned long long)h);
}

struct finding *
analyse_add(struct analysis *a, const struct facts *f, const char *kind,
            const char *scope, name subject, struct err *e)
{
    struct finding *rows = rows_grow(a->rows, a->count, sizeof *rows, e), *out;

    if (!rows)
        return NULL;
    a->rows = rows;
    out = &rows[a->count++];
    *out = (struct finding){.kind = kind, .subject = subject};
    make_id(out->id, kind, scope, facts_text(f, subject));
    return out;
}

void
finding_clear(struct finding *f)
{
    struct name_list *lists[] = {&f->domains,   &f->senders,  &f->hosts,
                                 &f->addresses, &f->networks, &f->reasons};

    for (size_t k = 0; k < COUNT_OF(lists); k++)
        name_list_clear(lists[k]);
}

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

bool
finding_is_alarm(const struct finding *f)
{
    return f->open && !f->known_until && f->severity >= SEVERITY_WARNING;
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
        analyse_add(a, f, facts_text(f, in->kind), in->sender ? "sender" : "everybody",
                    in->sender ? in->sender : in->domain, e);
    bool ok = out && scope_measure(&s, f, a->excluded, in, e);

    if (!ok)
        return false;
    if (in->older) {
        out->id[ID_DIGITS] = '-';
        (void)when_print_day(f->first_day + in->first, out->id + ID_DIGITS + 1);
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

static bool
find_incidents(const struct facts *f, struct analysis *a, struct err *e)
{
    struct sightings s = {0};
    struct incidents list = {0};
    bool ok = find_sightings(f, a, &s, e) && merge_sightings(f, &s, &list, e);

    for (size_t i = 0; ok && i < list.count; i++)
        ok = make_finding(f, &list.rows[i], a, e);
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
