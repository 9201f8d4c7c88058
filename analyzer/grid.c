/* See grid.h. */
#include "analyzer/grid.h"

#include <stdlib.h>
#include <string.h>

enum grid_class
grid_class_of(enum result_type type)
{
    switch (type) {
    case RESULT_STS_POLICY_FETCH_ERROR:
    case RESULT_STS_POLICY_INVALID:
    case RESULT_STS_WEBPKI_INVALID:
        return GRID_STS;
    case RESULT_TLSA_INVALID:
    case RESULT_DNSSEC_INVALID:
    case RESULT_DANE_REQUIRED:
        return GRID_DANE;
    case RESULT_STARTTLS_NOT_SUPPORTED:
    case RESULT_CERTIFICATE_HOST_MISMATCH:
    case RESULT_CERTIFICATE_EXPIRED:
    case RESULT_CERTIFICATE_NOT_TRUSTED:
    case RESULT_VALIDATION_FAILURE:
    case RESULT_OTHER:
        break;
    }
    return GRID_ANY;
}

size_t
grid_sender(const struct grid *g, name sender)
{
    size_t low = 0, high = g->sender_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (g->senders[mid] < sender)
            low = mid + 1;
        else
            high = mid;
    }
    return low < g->sender_count && g->senders[low] == sender ? low : g->sender_count;
}

/* Types of one sender and day stand together: GRID_ANY takes the largest. */
static void
fill_sessions(struct grid *g, size_t first, size_t end)
{
    const struct tally *rows = g->f->tallies;
    int64_t of_type = 0;

    for (size_t i = first, s = 0; i < end; i++) {
        size_t at;

        if (i > first && rows[i].sender != rows[i - 1].sender)
            s++;
        if (i == first || rows[i].sender != rows[i - 1].sender ||
            rows[i].day != rows[i - 1].day || rows[i].type != rows[i - 1].type)
            of_type = 0;
        if (rows[i].long_window)
            continue;
        at = s * FACTS_DAYS + (size_t)rows[i].day;
        of_type += rows[i].sessions;
        if (of_type > g->sessions[GRID_ANY][at])
            g->sessions[GRID_ANY][at] = of_type;
        if (rows[i].type == POLICY_STS)
            g->sessions[GRID_STS][at] = of_type;
        if (rows[i].type == POLICY_TLSA)
            g->sessions[GRID_DANE][at] = of_type;
    }
}

/* How many places the domain has: declared, or seen in failures. */
static int
by_name(const void *a, const void *b)
{
    name x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

enum {
    MAX_PLACES = 256
};

static size_t
distinct(name *list, size_t count)
{
    size_t kept = 0;

    qsort(list, count, sizeof(*list), by_name);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || list[i] != list[i - 1])
            list[kept++] = list[i];
    return kept;
}

static size_t
count_places(const struct grid *g)
{
    const struct declared *d = facts_declared(g->f, g->domain);
    name hosts[MAX_PLACES], ips[MAX_PLACES];
    size_t host_count = 0, ip_count = 0;

    if (d && d->address_count)
        return d->address_count;
    for (size_t i = g->first_miss; i < g->end_miss; i++) {
        if (host_count == MAX_PLACES)
            host_count = distinct(hosts, host_count);
        if (ip_count == MAX_PLACES)
            ip_count = distinct(ips, ip_count);
        if (g->f->misses[i].host && host_count < MAX_PLACES)
            hosts[host_count++] = g->f->misses[i].host;
        if (g->f->misses[i].ip && ip_count < MAX_PLACES)
            ips[ip_count++] = g->f->misses[i].ip;
    }
    host_count = distinct(hosts, host_count);
    ip_count = distinct(ips, ip_count);
    return host_count > ip_count ? host_count : ip_count;
}

bool
grid_init(struct grid *g, const struct facts *f, name domain, struct err *e)
{
    size_t first, end;

    *g = (struct grid){.f = f, .domain = domain};
    facts_tallies_of(f, domain, &first, &end);
    facts_misses_of(f, domain, &g->first_miss, &g->end_miss);
    for (size_t i = first; i < end; i++)
        g->sender_count += i == first || f->tallies[i].sender != f->tallies[i - 1].sender;
    g->senders = calloc(g->sender_count + 1, sizeof(*g->senders));
    for (int c = 0; c < GRID_CLASSES; c++) {
        g->sessions[c] = calloc(g->sender_count * FACTS_DAYS + 1, sizeof(int64_t));
        if (!g->senders || !g->sessions[c]) {
            grid_clear(g);
            return err_nomem(e);
        }
    }
    for (size_t i = first, s = 0; i < end; i++)
        if (i == first || f->tallies[i].sender != f->tallies[i - 1].sender)
            g->senders[s++] = f->tallies[i].sender;
    fill_sessions(g, first, end);
    g->place_count = count_places(g);
    return true;
}

void
grid_clear(struct grid *g)
{
    for (int c = 0; c < GRID_CLASSES; c++)
        free(g->sessions[c]);
    free(g->senders);
    *g = (struct grid){0};
}

/* Policy types may list the same failures: of a sender and day the type with most counts.
 */
static void
fill_failed(const struct grid *g, struct grid_kind *k)
{
    const struct miss *rows = g->f->misses;
    int64_t of_type = 0;

    for (size_t i = k->first_miss; i < k->end_miss; i++) {
        size_t s = grid_sender(g, rows[i].sender), at;

        if (i == k->first_miss || rows[i].sender != rows[i - 1].sender ||
            rows[i].day != rows[i - 1].day || rows[i].type != rows[i - 1].type)
            of_type = 0;
        of_type += rows[i].failed;
        at = s * FACTS_DAYS + (size_t)rows[i].day;
        if (s == g->sender_count || g->sessions[GRID_ANY][at] == 0)
            continue;
        if (of_type > k->failed[at])
            k->failed[at] = of_type;
        if (of_type > k->most[rows[i].day])
            k->most[rows[i].day] = of_type;
    }
}

static bool
fill_kind(const struct grid *g, struct grid_kind *k, struct err *e)
{
    const char *text = facts_text(g->f, k->kind);

    k->type = result_type_parse(text);
    k->class = grid_class_of(k->type);
    k->failed = calloc(g->sender_count * FACTS_DAYS + 1, sizeof(*k->failed));
    if (!k->failed)
        return err_nomem(e);
    fill_failed(g, k);
    return true;
}

bool
grid_next_kind(const struct grid *g, size_t from, struct grid_kind *k, struct err *e)
{
    const struct miss *rows = g->f->misses;

    *k = (struct grid_kind){0};
    if (from >= g->end_miss)
        return false;
    k->kind = rows[from].kind;
    k->first_miss = k->end_miss = from;
    while (k->end_miss < g->end_miss && rows[k->end_miss].kind == k->kind)
        k->end_miss++;
    return fill_kind(g, k, e);
}

bool
grid_find_kind(const struct grid *g, name kind, struct grid_kind *k, struct err *e)
{
    const struct miss *rows = g->f->misses;

    *k = (struct grid_kind){.kind = kind};
    k->first_miss = g->first_miss;
    while (k->first_miss < g->end_miss && rows[k->first_miss].kind < kind)
        k->first_miss++;
    k->end_miss = k->first_miss;
    while (k->end_miss < g->end_miss && rows[k->end_miss].kind == kind)
        k->end_miss++;
    return fill_kind(g, k, e);
}

void
grid_kind_clear(struct grid_kind *k)
{
    free(k->failed);
    *k = (struct grid_kind){0};
}

int64_t
grid_failed(const struct grid_kind *k, size_t sender, int day)
{
    return k->failed[sender * FACTS_DAYS + (size_t)day];
}

int64_t
grid_sessions(const struct grid *g, const struct grid_kind *k, size_t sender, int day)
{
    size_t at = sender * FACTS_DAYS + (size_t)day;
    int64_t n = g->sessions[k->class][at], f = k->failed[at];

    /* A broken DNSSEC may move failures to another policy type. */
    if (f > n && g->sessions[GRID_ANY][at] > n)
        n = g->sessions[GRID_ANY][at];
    return n > f ? n : f;
}
