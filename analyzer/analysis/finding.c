/* See finding.h. */
#include "analyzer/analysis/finding.h"

#include "base/count.h"
#include "base/hash.h"
#include "base/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FINDING_TEXT(word, text) [word] = (text),
static const char *const faults[] = {VERDICTS(FINDING_TEXT)};
static const char *const severities[] = {SEVERITIES(FINDING_TEXT)};

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
finding_widen(int16_t *first, int16_t *last, int16_t from, int16_t upto)
{
    if (from < *first)
        *first = from;
    if (upto > *last)
        *last = upto;
}

/* 16 hexadecimal digits of a hash of the parts. */
static void
make_id(char id[FINDING_ID_DIGITS + 1], const char *kind, const char *scope,
        const char *subject)
{
    const char *parts[] = {kind, scope, subject};
    uint64_t h = HASH_START;

    for (size_t i = 0; i < 3; i++)
        h = hash_bytes(hash_text(h, parts[i]), "\xff", 1);
    h ^= h >> 31;
    h *= 0x9e3779b97f4a7c15u;
    h ^= h >> 29;
    (void)snprintf(id, FINDING_ID_DIGITS + 1, "%016llx", (unsigned long long)h);
}

struct finding *
finding_add(struct analysis *a, const struct facts *f, const char *kind,
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

bool
finding_is_alarm(const struct finding *f)
{
    return f->open && !f->known_until && f->severity >= SEVERITY_WARNING;
}
