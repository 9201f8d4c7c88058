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

/* The policy of MTA-STS is each domain's own. */
static bool
has_own_policy(const struct facts *f, name kind)
{
    return grid_class_of(result_type_parse(facts_text(f, kind))) == GRID_STS;
}

/* What ties sightings together: the sender, or the domains that share hosts. */
static name
scope_of(const struct facts *f, const struct sighting *s)
{
    if (s->sender)
        return s->sender;
    return has_own_policy(f, s->kind) ? s->domain : f->group[s->domain];
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

/* The first day on which rows [first, end) could be told to be worth an alarm, -1 if
 * there is none. They are in order of days. */
static int
founding_day(const struct sighting *rows, size_t first, size_t end)
{
    int founded = -1;

    for (size_t i = first; i < end; i++) {
        size_t weak = 1;
        bool second_day = false, second_clear = false;

        for (size_t k = i; k-- > first && rows[i].day - rows[k].day < WEAK_DAYS;) {
            weak++;
            second_day |= rows[k].day < rows[i].day;
            second_clear |= rows[k].day < rows[i].day &&
                            rows[i].day - rows[k].day < SECOND_DAY &&
                            rows[k].strength == SIGHTING_CLEAR;
        }
        if ((rows[i].strength >= SIGHTING_LARGE ||
             (rows[i].strength == SIGHTING_CLEAR && second_clear) ||
             (second_day && weak >= WEAK_LEAST)) &&
            (founded < 0 || rows[i].known < founded))
            founded = rows[i].known;
    }
    return founded;
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
                            .crowd = !rows[first].sender,
                            .first = rows[first].day,
                            .last = rows[first].day,
                            .founded = (int16_t)founded};
    for (size_t i = first; i < end; i++) {
        if (!add_sighting(in, &rows[i], e))
            return false;
        if (rows[i].known <= founded && (!in->domain || rows[i].domain < in->domain))
            in->domain = rows[i].domain;
    }
    return true;
}

/* What one sender saw of it belongs to what everybody saw, and what several saw is one
 * thing. The older name stays. */
static bool
absorb(struct incident *into, struct incident *from, struct err *e)
{
    from->absorbed = into->crowd = true;
    if (from->founded < into->founded) {
        into->founded = from->founded;
        into->domain = from->domain;
        into->sender = from->sender;
    }
    finding_widen(&into->first, &into->last, from->first, from->last);
    for (int d = 0; d < FACTS_DAYS; d++)
        if (from->days[d] > into->days[d])
            into->days[d] = from->days[d];
    for (size_t i = 0; i < from->domains.count; i++)
        if (!name_list_add(&into->domains, from->domains.items[i], e))
            return false;
    return true;
}

/* ---- which incidents are one ------------------------------------------------------ */

/* An incident at one of its places: the domains that share hosts, or one domain. */
struct link {
    name kind, place;
    int16_t first, last;
    bool crowd;
    size_t at; /* of the incident */
};

static int
by_place(const void *a, const void *b)
{
    const struct link *x = a, *y = b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* Links of all incidents, sorted; of every kind together if `any_kind`. The caller frees;
 * NULL: out of memory. */
static struct link *
find_links(const struct facts *f, const struct incidents *list, bool any_kind,
           size_t *count, struct err *e)
{
    struct link *links;
    size_t most = 1;

    for (size_t i = 0; i < list->count; i++)
        most += list->rows[i].domains.count;
    links = calloc(most, sizeof *links);
    if (links == NULL) {
        err_nomem(e);
        return NULL;
    }
    *count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct incident *in = &list->rows[i];
        bool own = !any_kind && has_own_policy(f, in->kind);

        for (size_t k = 0; k < in->domains.count && !in->absorbed; k++) {
            name domain = in->domains.items[k], place = own ? domain : f->group[domain];

            links[(*count)++] = (struct link){
                any_kind ? 0 : in->kind, place, in->first, in->last, in->crowd, i};
        }
    }
    qsort(links, *count, sizeof *links, by_place);
    return links;
}

static size_t
root_of(struct incidents *list, size_t at)
{
    while (list->rows[at].root != at)
        at = list->rows[at].root = list->rows[list->rows[at].root].root;
    return at;
}

/* What everybody saw stands for it, else what was known first. */
static bool
comes_first(const struct incident *a, const struct incident *b)
{
    if (a->crowd != b->crowd)
        return a->crowd;
    if (a->founded != b->founded)
        return a->founded < b->founded;
    return a->sender != b->sender ? a->sender < b->sender : a->domain <= b->domain;
}

static void
unite(struct incidents *list, size_t a, size_t b)
{
    a = root_of(list, a);
    b = root_of(list, b);
    if (comes_first(&list->rows[a], &list->rows[b]))
        list->rows[b].root = a;
    else
        list->rows[a].root = b;
}

/* At one place, of one kind, and without days between: one. */
static bool
unite_places(const struct facts *f, struct incidents *list, struct err *e)
{
    size_t count;
    struct link *links = find_links(f, list, false, &count, e);
    int16_t last = 0;

    for (size_t i = 0; links && i < count; i++) {
        bool same = i > 0 && links[i].kind == links[i - 1].kind &&
                    links[i].place == links[i - 1].place &&
                    links[i].first <= last + ABSORB_DAYS;

        if (same)
            unite(list, links[i - 1].at, links[i].at);
        if (!same || last < links[i].last)
            last = links[i].last;
    }
    free(links);
    return links != NULL;
}

static int
by_onset(const void *a, const void *b, void *ctx)
{
    const struct incidents *list = ctx;
    const struct incident *x = &list->rows[*(const size_t *)a];
    const struct incident *y = &list->rows[*(const size_t *)b];

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->founded > y->founded) - (x->founded < y->founded);
}

/* The same thing beginning on the same day for unrelated domains is one thing too. */
static bool
unite_onsets(struct incidents *list, struct err *e)
{
    size_t *order = calloc(list->count + 1, sizeof *order), count = 0;

    if (order == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].crowd)
            order[count++] = i;
    qsort_r(order, count, sizeof *order, by_onset, list);
    for (size_t i = 1; i < count; i++) {
        const struct incident *a = &list->rows[order[i - 1]], *b = &list->rows[order[i]];

        if (a->kind == b->kind && b->first - a->first <= 1 &&
            abs(b->founded - a->founded) <= 1)
            unite(list, order[i - 1], order[i]);
    }
    free(order);
    return true;
}

static bool
absorb_all(const struct facts *f, struct incidents *list, struct err *e)
{
    for (size_t i = 0; i < list->count; i++)
        list->rows[i].root = i;
    if (!unite_places(f, list, e) || !unite_onsets(list, e))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        size_t root = root_of(list, i);

        if (root != i && !absorb(&list->rows[root], &list->rows[i], e))
            return false;
    }
    return true;
}

/* ---- one cause by two names ------------------------------------------------------- */

/* Words that do not say what is wrong. */
static bool
is_vague(const struct facts *f, name kind)
{
    enum result_type type = result_type_parse(facts_text(f, kind));

    return type == RESULT_VALIDATION_FAILURE || type == RESULT_OTHER;
}

/* What everybody calls by a name of its own, and one sender from the same day on by a
 * vaguer one, is one thing. */
static bool
is_other_word(const struct facts *f, const struct incidents *list, const struct link *a,
              const struct link *b)
{
    const struct incident *all = &list->rows[a->at], *one = &list->rows[b->at];

    return a->place == b->place && a->crowd && !b->crowd && all->kind != one->kind &&
           is_vague(f, one->kind) && !is_vague(f, all->kind) && !one->absorbed &&
           abs(a->first - b->first) <= 1 && b->last <= a->last + ABSORB_DAYS;
}

static bool
absorb_other_words(const struct facts *f, struct incidents *list, struct err *e)
{
    size_t count;
    struct link *links = find_links(f, list, true, &count, e);
    bool ok = links != NULL;

    for (size_t i = 0; ok && i < count; i++)
        for (size_t k = i + 1; ok && k < count && links[k].place == links[i].place &&
                               links[k].first <= links[i].first + 1;
             k++) {
            bool forward = is_other_word(f, list, &links[i], &links[k]);
            const struct link *all = forward ? &links[i] : &links[k];
            const struct link *one = forward ? &links[k] : &links[i];

            if (!forward && !is_other_word(f, list, all, one))
                continue;
            list->rows[one->at].absorbed = true;
            ok = name_list_add(&list->rows[all->at].other_words,
                               list->rows[one->at].sender, e);
        }
    free(links);
    return ok;
}

/* ---- episodes --------------------------------------------------------------------- */

static int
by_identity(const void *a, const void *b)
{
    const struct incident *x = a, *y = b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->sender != y->sender)
        return x->sender < y->sender ? -1 : 1;
    if (!x->sender && x->domain != y->domain)
        return x->domain < y->domain ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

/* The latest episode has the plain identity. */
static void
mark_older(struct incidents *list)
{
    if (list->count)
        qsort(list->rows, list->count, sizeof *list->rows, by_identity);
    for (size_t i = 1; i < list->count; i++) {
        struct incident *a = &list->rows[i - 1], *b = &list->rows[i];

        a->older = a->kind == b->kind && a->sender == b->sender &&
                   (a->sender || a->domain == b->domain);
    }
}

static void
clear_incident(struct incident *in)
{
    name_list_clear(&in->domains);
    name_list_clear(&in->other_words);
}

static void
drop_absorbed(struct incidents *list)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++)
        if (list->rows[i].absorbed)
            clear_incident(&list->rows[i]);
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
            s->rows[i].day - s->rows[i - 1].day <= FINDING_CLEAN_DAYS)
            continue;
        if (!found_incident(s->rows, first, i, out, e))
            return false;
        first = i;
    }
    if (!absorb_all(f, out, e) || !absorb_other_words(f, out, e))
        return false;
    drop_absorbed(out);
    mark_older(out);
    return true;
}

void
merge_clear(struct incidents *list)
{
    for (size_t i = 0; i < list->count; i++)
        clear_incident(&list->rows[i]);
    free(list->rows);
    *list = (struct incidents){0};
}
