/* The last step of loading: names into byte order, rows into order, and what follows from
 * all rows together: who reported when, and which domains share hosts. */
#include "analyzer/analysis/facts.h"

#include "base/count.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define ORDER(a, b)                                                                      \
    if ((a) != (b))                                                                      \
    return (a) < (b) ? -1 : 1

static int
by_text(const void *a, const void *b, void *ctx)
{
    const char *const *names = ctx;
    name x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return strcmp(names[x], names[y]);
}

static int
by_tally(const void *a, const void *b)
{
    const struct tally *x = a, *y = b;

    ORDER(x->domain, y->domain);
    ORDER(x->sender, y->sender);
    ORDER(x->day, y->day);
    ORDER(x->type, y->type);
    ORDER(x->long_window, y->long_window);
    return 0;
}

static int
by_miss(const void *a, const void *b)
{
    const struct miss *x = a, *y = b;
    const int64_t p[] = {x->domain, x->kind, x->sender, x->day,   x->type,
                         x->net,    x->host, x->ip,     x->reason};
    const int64_t q[] = {y->domain, y->kind, y->sender, y->day,   y->type,
                         y->net,    y->host, y->ip,     y->reason};

    for (size_t i = 0; i < COUNT_OF(p); i++)
        ORDER(p[i], q[i]);
    return 0;
}

static int
by_seen(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;

    ORDER(x->domain, y->domain);
    ORDER(x->type, y->type);
    ORDER(x->sender, y->sender);
    ORDER(x->first, y->first);
    ORDER(x->policy, y->policy);
    return 0;
}

static int
by_claim(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;

    ORDER(x->domain, y->domain);
    ORDER(x->kind, y->kind);
    ORDER(x->sender, y->sender);
    return 0;
}

static int
by_since(const void *a, const void *b)
{
    const struct published *x = a, *y = b;

    ORDER(x->since, y->since);
    ORDER(x->text, y->text);
    return 0;
}

static void
rename_published(struct published *list, size_t count, const name *rank)
{
    for (size_t i = 0; i < count; i++)
        list[i].text = rank[list[i].text];
    if (count)
        qsort(list, count, sizeof *list, by_since);
}

static void
rename_declared(struct facts *f, const name *rank)
{
    for (size_t i = 0; i < f->declared_count; i++) {
        struct declared *d = &f->declared[i];

        d->domain = rank[d->domain];
        for (size_t k = 0; k < d->host_count; k++)
            d->hosts[k] = rank[d->hosts[k]];
        for (size_t k = 0; k < d->address_count; k++)
            d->addresses[k] = rank[d->addresses[k]];
        rename_published(d->policies, d->policy_count, rank);
        rename_published(d->tlsa, d->tlsa_count, rank);
    }
}

static void
rename_rows(struct facts *f, const name *rank)
{
    for (size_t i = 0; i < f->tally_count; i++) {
        f->tallies[i].domain = rank[f->tallies[i].domain];
        f->tallies[i].sender = rank[f->tallies[i].sender];
    }
    for (size_t i = 0; i < f->miss_count; i++) {
        struct miss *m = &f->misses[i];

        m->domain = rank[m->domain];
        m->sender = rank[m->sender];
        m->kind = rank[m->kind];
        m->net = rank[m->net];
        m->host = rank[m->host];
        m->ip = rank[m->ip];
        m->reason = rank[m->reason];
    }
    for (size_t i = 0; i < f->seen_count; i++) {
        f->seen[i].domain = rank[f->seen[i].domain];
        f->seen[i].sender = rank[f->seen[i].sender];
        f->seen[i].policy = rank[f->seen[i].policy];
    }
    for (size_t i = 0; i < f->claim_count; i++) {
        f->claims[i].domain = rank[f->claims[i].domain];
        f->claims[i].sender = rank[f->claims[i].sender];
        f->claims[i].kind = rank[f->claims[i].kind];
    }
    rename_declared(f, rank);
}

/* Numbers names in byte order, so that comparing numbers compares texts. */
static bool
rank_names(struct facts *f, struct err *e)
{
    name *order = calloc(f->name_count, sizeof *order);
    name *rank = calloc(f->name_count, sizeof *rank);
    const char **names = calloc(f->name_count, sizeof *names);
    bool ok = order && rank && names;

    if (!ok)
        goto out;
    for (name n = 0; n < f->name_count; n++)
        order[n] = n;
    qsort_r(order, f->name_count, sizeof *order, by_text, f->names);
    for (name n = 0; n < f->name_count; n++) {
        rank[order[n]] = n;
        names[n] = f->names[order[n]];
    }
    rename_rows(f, rank);
    memcpy(f->names, names, f->name_count * sizeof *names);
out:
    free(order);
    free(rank);
    free(names);
    free(f->slots);
    f->slots = NULL;
    f->slot_count = 0;
    return ok ? true : err_nomem(e);
}

name
facts_find(const struct facts *f, const char *text)
{
    const char **at = f == NULL ? NULL
                                : bsearch(&text, f->names, f->name_count,
                                          sizeof *f->names, text_compare);

    return at == NULL ? 0 : (name)(at - f->names);
}

static bool
sorted(const void *rows, size_t count, size_t element,
       int (*compare)(const void *, const void *))
{
    const char *at = rows;

    for (size_t i = 1; i < count; i++, at += element)
        if (compare(at, at + element) > 0)
            return false;
    return true;
}

/* The database sorts most of it already. */
static void
sort_rows(void *rows, size_t count, size_t element,
          int (*compare)(const void *, const void *))
{
    if (!sorted(rows, count, element, compare))
        qsort(rows, count, element, compare);
}

/* The database sorts by domain and sender: then only their days need sorting. */
static void
sort_tallies(struct facts *f)
{
    struct tally *rows = f->tallies;

    for (size_t i = 1; i < f->tally_count; i++)
        if (rows[i].domain < rows[i - 1].domain ||
            (rows[i].domain == rows[i - 1].domain &&
             rows[i].sender < rows[i - 1].sender)) {
            qsort(rows, f->tally_count, sizeof *rows, by_tally);
            return;
        }
    for (size_t first = 0, end; first < f->tally_count; first = end) {
        end = facts_pair_end(f, first);
        sort_rows(rows + first, end - first, sizeof *rows, by_tally);
    }
}

/* The sessions of a sender, domain, day and type; policies that changed have rows of
 * their own. */
static size_t
same_end(const struct facts *f, size_t first)
{
    const struct tally *rows = f->tallies;
    size_t end = first + 1;

    while (end < f->tally_count && by_tally(&rows[first], &rows[end]) == 0)
        end++;
    return end;
}

/* told: by number of the first tally of a sender, domain, day and type, the failures that
 * are described. */
static void
count_told(const struct facts *f, int64_t *told)
{
    const struct tally *rows = f->tallies;
    size_t at = 0, end = 0;

    for (size_t i = 0; i < f->miss_count; i++) {
        const struct miss *m = &f->misses[i], *last = i > 0 ? m - 1 : NULL;

        if (last == NULL || m->domain != last->domain || m->kind != last->kind ||
            m->sender != last->sender) {
            facts_tallies_of(f, m->domain, &at, &end);
            at = facts_tally_at(f, at, end, m->sender);
        }
        while (at < end && rows[at].sender == m->sender &&
               (rows[at].day < m->day ||
                (rows[at].day == m->day && rows[at].type < m->type)))
            at++;
        if (at < end && rows[at].sender == m->sender && rows[at].day == m->day &&
            rows[at].type == m->type)
            told[at] += m->failed;
    }
}

/* Failures that are counted and not described are failures too, of a kind of their own.
 */
static bool
add_not_described(struct facts *f)
{
    int64_t *told = calloc(f->tally_count + 1, sizeof *told);
    size_t before = f->miss_count;
    name kind = facts_find(f, FACTS_NOT_DESCRIBED);

    if (told == NULL)
        return false;
    count_told(f, told);
    for (size_t first = 0, end; first < f->tally_count; first = end) {
        const struct tally *t = &f->tallies[first];
        struct miss rest = {.domain = t->domain,
                            .sender = t->sender,
                            .kind = kind,
                            .type = t->type,
                            .failed = -told[first]};

        end = same_end(f, first);
        for (size_t i = first; i < end; i++)
            rest.failed += f->tallies[i].failed;
        if (!t->long_window)
            facts_add_miss(f, f->first_day + t->day, &rest);
    }
    free(told);
    if (f->miss_count > before)
        sort_rows(f->misses, f->miss_count, sizeof *f->misses, by_miss);
    return !f->err.kind;
}

static name
find_group(name *group, name n)
{
    while (group[n] != n)
        n = group[n] = group[group[n]];
    return n;
}

static void
join_groups(name *group, name a, name b)
{
    a = find_group(group, a);
    b = find_group(group, b);
    group[a > b ? a : b] = a < b ? a : b;
}

/* A domain belongs with the domain that was the first seen to use this host. */
static void
use_host(struct facts *f, name *user, name domain, name host)
{
    if (!host)
        return;
    if (user[host])
        join_groups(f->group, user[host], domain);
    else
        user[host] = domain;
}

static bool
find_groups(struct facts *f)
{
    name *user = calloc(f->name_count, sizeof *user);

    if (!user)
        return false;
    for (name n = 0; n < f->name_count; n++)
        f->group[n] = n;
    for (size_t i = 0; i < f->declared_count; i++)
        for (size_t k = 0; k < f->declared[i].host_count; k++)
            use_host(f, user, f->declared[i].domain, f->declared[i].hosts[k]);
    for (size_t i = 0; i < f->miss_count; i++)
        use_host(f, user, f->misses[i].domain, f->misses[i].host);
    for (name n = 0; n < f->name_count; n++)
        f->group[n] = find_group(f->group, n);
    free(user);
    return true;
}

static uint32_t
count_distinct(name *list, size_t count)
{
    uint32_t distinct = 0;

    qsort(list, count, sizeof *list, name_compare);
    for (size_t i = 0; i < count; i++)
        distinct += list[i] != 0 && (i == 0 || list[i] != list[i - 1]);
    return distinct;
}

static bool
count_places(struct facts *f)
{
    name *hosts = calloc(f->miss_count + 1, sizeof *hosts);
    name *ips = calloc(f->miss_count + 1, sizeof *ips);
    bool ok = hosts && ips;

    for (size_t first = 0, end; ok && first < f->miss_count; first = end) {
        name domain = f->misses[first].domain;
        uint32_t host_count, ip_count;
        size_t n = 0;

        for (end = first; end < f->miss_count && f->misses[end].domain == domain; end++) {
            hosts[n] = f->misses[end].host;
            ips[n++] = f->misses[end].ip;
        }
        host_count = count_distinct(hosts, n);
        ip_count = count_distinct(ips, n);
        f->places[domain] = host_count > ip_count ? host_count : ip_count;
    }
    free(hosts);
    free(ips);
    return ok;
}

bool
facts_finish(struct facts *f, struct err *e)
{
    (void)facts_name(f, FACTS_NOT_DESCRIBED);
    if (f->err.kind)
        return err_set(e, f->err.kind, "%s", f->err.text);
    if (!rank_names(f, e))
        return false;
    sort_tallies(f);
    sort_rows(f->misses, f->miss_count, sizeof *f->misses, by_miss);
    if (!add_not_described(f))
        return err_nomem(e);
    sort_rows(f->seen, f->seen_count, sizeof *f->seen, by_seen);
    sort_rows(f->claims, f->claim_count, sizeof *f->claims, by_claim);
    sort_rows(f->declared, f->declared_count, sizeof *f->declared, name_compare);
    f->is_domain = calloc(f->name_count, 1);
    f->reported = calloc(f->name_count, sizeof *f->reported);
    f->group = calloc(f->name_count, sizeof *f->group);
    f->places = calloc(f->name_count, sizeof *f->places);
    f->lags = calloc(f->name_count, sizeof *f->lags);
    if (!f->is_domain || !f->reported || !f->group || !f->places || !f->lags ||
        !find_groups(f) || !count_places(f))
        return err_nomem(e);
    for (size_t i = 0; i < f->tally_count; i++) {
        const struct tally *t = &f->tallies[i];

        f->is_domain[t->domain] = 1;
        f->lags[t->sender].hours += t->lag_h < 0 ? 0 : t->lag_h < 72 ? t->lag_h : 72;
        f->lags[t->sender].rows++;
        if (!t->long_window)
            f->reported[t->sender][t->day] = 1;
    }
    return true;
}
