/* See facts.h. */
#include "analyzer/analysis/facts.h"

#include "base/hash.h"
#include "base/rows.h"
#include "base/when.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ----------------------------------------------------------------------- */

static uint64_t
hash_name(const struct facts *f, const char *text)
{
    uint64_t h = hash_text(HASH_START ^ f->seed, text);

    return h ^ (h >> 29);
}

static bool
rehash(struct facts *f)
{
    size_t count = f->slot_count ? f->slot_count * 2 : 1024, at;
    name *slots = calloc(count, sizeof *slots);

    if (!slots)
        return err_nomem(&f->err);
    for (name n = 1; n < f->name_count; n++) {
        at = hash_name(f, f->names[n]) & (count - 1);
        while (slots[at])
            at = (at + 1) & (count - 1);
        slots[at] = n;
    }
    free(f->slots);
    f->slots = slots;
    f->slot_count = count;
    return true;
}

name
facts_name(struct facts *f, const char *text)
{
    size_t at;
    const char **names;

    if (!text || !*text || f->err.kind || f->name_count == FACTS_MAX_NAMES)
        return 0;
    if (f->name_count * 2 >= f->slot_count && !rehash(f))
        return 0;
    at = hash_name(f, text) & (f->slot_count - 1);
    for (; f->slots[at]; at = (at + 1) & (f->slot_count - 1))
        if (!strcmp(f->names[f->slots[at]], text))
            return f->slots[at];
    names = rows_grow(f->names, f->name_count, sizeof *names, &f->err);
    if (!names)
        return 0;
    f->names = names;
    names[f->name_count] = arena_strdup(&f->texts, text);
    if (!names[f->name_count]) {
        err_nomem(&f->err);
        return 0;
    }
    return f->slots[at] = (name)f->name_count++;
}

const char *
facts_text(const struct facts *f, name n)
{
    return f->names[n];
}

name
facts_net(struct facts *f, const char *address)
{
    unsigned char a[16];
    char text[64];

    if (!address)
        return 0;
    if (inet_pton(AF_INET, address, a) == 1)
        (void)snprintf(text, sizeof(text), "%d.%d.%d.0/24", a[0], a[1], a[2]);
    else if (inet_pton(AF_INET6, address, a) == 1)
        (void)snprintf(text, sizeof(text), "%x:%x:%x::/48", a[0] << 8 | a[1],
                       a[2] << 8 | a[3], a[4] << 8 | a[5]);
    else
        return 0;
    return facts_name(f, text);
}

/* ---- loading --------------------------------------------------------------------- */

void
facts_init(struct facts *f, int64_t as_of)
{
    *f = (struct facts){0};
    f->as_of = as_of;
    f->today = FACTS_DAYS - 1;
    f->first_day = (int32_t)(as_of / WHEN_DAY_S) - f->today;
    f->names = rows_grow(NULL, 0, sizeof *f->names, &f->err);
    if (f->names)
        f->names[f->name_count++] = "";
}

void
facts_clear(struct facts *f)
{
    for (size_t i = 0; i < f->declared_count; i++) {
        free(f->declared[i].hosts);
        free(f->declared[i].addresses);
        free(f->declared[i].policies);
        free(f->declared[i].tlsa);
    }
    arena_clear(&f->texts);
    free(f->names);
    free(f->slots);
    free(f->tallies);
    free(f->misses);
    free(f->seen);
    free(f->claims);
    free(f->declared);
    free(f->is_domain);
    free(f->reported);
    free(f->group);
    free(f->places);
    free(f->lags);
    *f = (struct facts){0};
}

static bool
in_window(const struct facts *f, int32_t day)
{
    return day >= f->first_day && day <= f->first_day + f->today;
}

void
facts_add_tally(struct facts *f, int32_t day, const struct tally *t)
{
    struct tally *rows;

    if (!in_window(f, day))
        return;
    rows = rows_grow(f->tallies, f->tally_count, sizeof *rows, &f->err);
    if (!rows)
        return;
    f->tallies = rows;
    f->tallies[f->tally_count] = *t;
    f->tallies[f->tally_count].sessions = facts_bounded(t->sessions);
    f->tallies[f->tally_count].failed = facts_bounded(t->failed);
    f->tallies[f->tally_count++].day = (int16_t)(day - f->first_day);
}

void
facts_add_miss(struct facts *f, int32_t day, const struct miss *m)
{
    struct miss *rows;

    if (!in_window(f, day) || m->failed <= 0)
        return;
    rows = rows_grow(f->misses, f->miss_count, sizeof *rows, &f->err);
    if (!rows)
        return;
    f->misses = rows;
    f->misses[f->miss_count] = *m;
    f->misses[f->miss_count].failed = facts_bounded(m->failed);
    f->misses[f->miss_count++].day = (int16_t)(day - f->first_day);
}

static int16_t
clamp_day(const struct facts *f, int32_t day)
{
    return (int16_t)(in_window(f, day) ? day - f->first_day : 0);
}

void
facts_add_seen(struct facts *f, int32_t first, int32_t last, const struct seen *s)
{
    struct seen *rows;

    if (!in_window(f, last))
        return;
    rows = rows_grow(f->seen, f->seen_count, sizeof *rows, &f->err);
    if (!rows)
        return;
    f->seen = rows;
    f->seen[f->seen_count] = *s;
    f->seen[f->seen_count].first = clamp_day(f, first);
    f->seen[f->seen_count++].last = clamp_day(f, last);
}

void
facts_add_claim(struct facts *f, int32_t first, int32_t last, const struct claim *c)
{
    struct claim *rows;

    if (!in_window(f, last))
        return;
    rows = rows_grow(f->claims, f->claim_count, sizeof *rows, &f->err);
    if (!rows)
        return;
    f->claims = rows;
    f->claims[f->claim_count] = *c;
    f->claims[f->claim_count].sessions = facts_bounded(c->sessions);
    f->claims[f->claim_count].failed = facts_bounded(c->failed);
    f->claims[f->claim_count].first = clamp_day(f, first);
    f->claims[f->claim_count++].last = clamp_day(f, last);
}

struct declared *
facts_add_declared(struct facts *f, const char *domain)
{
    struct declared *d;

    d = rows_grow(f->declared, f->declared_count, sizeof *d, &f->err);
    if (!d)
        return NULL;
    f->declared = d;
    d = &f->declared[f->declared_count++];
    *d = (struct declared){.domain = facts_name(f, domain)};
    return d;
}

static void
add_to_list(struct facts *f, name **list, size_t *count, const char *text)
{
    name *more = rows_grow(*list, *count, sizeof *more, &f->err);

    if (!more)
        return;
    *list = more;
    more[(*count)++] = facts_name(f, text);
}

void
facts_add_host(struct facts *f, struct declared *d, const char *host)
{
    if (d)
        add_to_list(f, &d->hosts, &d->host_count, host);
}

void
facts_add_address(struct facts *f, struct declared *d, const char *address)
{
    if (d)
        add_to_list(f, &d->addresses, &d->address_count, address);
}

static void
add_published(struct facts *f, struct published **list, size_t *count, int32_t since,
              const char *text)
{
    struct published *more = rows_grow(*list, *count, sizeof *more, &f->err);

    if (!more)
        return;
    *list = more;
    more[(*count)++] = (struct published){since, facts_name(f, text)};
}

void
facts_add_policy(struct facts *f, struct declared *d, int32_t since, const char *text)
{
    if (d)
        add_published(f, &d->policies, &d->policy_count, since, text);
}

void
facts_add_tlsa(struct facts *f, struct declared *d, int32_t since, const char *text)
{
    if (d)
        add_published(f, &d->tlsa, &d->tlsa_count, since, text);
}

/* ---- reading --------------------------------------------------------------------- */

int
name_compare(const void *a, const void *b)
{
    name x, y;

    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

const struct declared *
facts_declared(const struct facts *f, name domain)
{
    return f->declared_count ? bsearch(&domain, f->declared, f->declared_count,
                                       sizeof *f->declared, name_compare)
                             : NULL;
}

bool
facts_is_foreign(const struct facts *f, name domain, name address)
{
    const struct declared *d = facts_declared(f, domain);

    if (!d || !d->address_count || !address)
        return false;
    for (size_t i = 0; i < d->address_count; i++)
        if (d->addresses[i] == address)
            return false;
    return true;
}

int
facts_reported_days(const struct facts *f, name sender, int day)
{
    int count = 0;

    for (int d = 0; d <= day && d < FACTS_DAYS; d++)
        count += f->reported[sender][d];
    return count;
}

/* The first row whose domain, the first member of a row, is not below `domain`. */
static size_t
lower_bound(const void *rows, size_t count, size_t element, name domain)
{
    size_t low = 0;

    while (low < count) {
        size_t mid = low + (count - low) / 2;
        name at;

        memcpy(&at, (const char *)rows + mid * element, sizeof(at));
        if (at < domain)
            low = mid + 1;
        else
            count = mid;
    }
    return low;
}

void
facts_tallies_of(const struct facts *f, name domain, size_t *first, size_t *end)
{
    *first = lower_bound(f->tallies, f->tally_count, sizeof *f->tallies, domain);
    *end = lower_bound(f->tallies, f->tally_count, sizeof *f->tallies, domain + 1);
}

void
facts_misses_of(const struct facts *f, name domain, size_t *first, size_t *end)
{
    *first = lower_bound(f->misses, f->miss_count, sizeof *f->misses, domain);
    *end = lower_bound(f->misses, f->miss_count, sizeof *f->misses, domain + 1);
}

void
facts_seen_of(const struct facts *f, name domain, size_t *first, size_t *end)
{
    *first = lower_bound(f->seen, f->seen_count, sizeof *f->seen, domain);
    *end = lower_bound(f->seen, f->seen_count, sizeof *f->seen, domain + 1);
}

size_t
facts_pair_end(const struct facts *f, size_t first)
{
    const struct tally *rows = f->tallies;
    size_t end = first + 1;

    while (end < f->tally_count && rows[end].domain == rows[first].domain &&
           rows[end].sender == rows[first].sender)
        end++;
    return end;
}

size_t
facts_tally_at(const struct facts *f, size_t first, size_t end, name sender)
{
    while (first < end) {
        size_t mid = first + (end - first) / 2;

        if (f->tallies[mid].sender < sender)
            first = mid + 1;
        else
            end = mid;
    }
    return first;
}

size_t
facts_miss_at(const struct facts *f, size_t first, size_t end, name kind, name sender)
{
    while (first < end) {
        size_t mid = first + (end - first) / 2;
        const struct miss *m = &f->misses[mid];

        if (m->kind < kind || (m->kind == kind && m->sender < sender))
            first = mid + 1;
        else
            end = mid;
    }
    return first;
}
