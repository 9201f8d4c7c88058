/* See grid.h. */
#include "analyzer/analysis/grid.h"

#include <stdlib.h>

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
    const name *at =
        bsearch(&sender, g->senders, g->sender_count, sizeof *g->senders, name_compare);

    return at ? (size_t)(at - g->senders) : g->sender_count;
}

/* Types of one day stand together: GRID_ANY takes the largest. Rows from first are those
 * of sender s. */
static void
fill_sessions(struct grid *g, size_t s, size_t first, size_t end)
{
    const struct tally *rows = g->f->tallies;
    int64_t of_type = 0;

    for (size_t i = first; i < end && rows[i].sender == g->senders[s]; i++) {
        size_t at = s * FACTS_DAYS + (size_t)rows[i].day;

        if (i == first || rows[i].day != rows[i - 1].day ||
            rows[i].type != rows[i - 1].type)
            of_type = 0;
        if (rows[i].long_window)
            continue;
        of_type += rows[i].sessions;
        if (of_type > g->sessions[GRID_ANY][at])
            g->sessions[GRID_ANY][at] = of_type;
        if (rows[i].type == POLICY_STS)
            g->sessions[GRID_STS][at] = of_type;
        if (rows[i].type == POLICY_TLSA)
            g->sessions[GRID_DANE][at] = of_type;
    }
}

size_t
grid_places(const struct grid *g)
{
    const struct declared *d = facts_declared(g->f, g->domain);

    return d && d->address_count ? d->address_count : g->f->places[g->domain];
}

/* Room for the sessions of the grid's senders. */
static bool
allocate(struct grid *g, struct err *e)
{
    bool ok = true;

    for (int c = 0; c < GRID_CLASSES; c++) {
        g->sessions[c] = calloc(g->sender_count * FACTS_DAYS + 1, sizeof(int64_t));
        ok = ok && g->sessions[c];
    }
    if (ok)
        return true;
    grid_clear(g);
    return err_nomem(e);
}

bool
grid_init_some(struct grid *g, const struct facts *f, name domain, const name *senders,
               size_t count, struct err *e)
{
    size_t first, end;

    *g = (struct grid){.f = f, .domain = domain};
    facts_tallies_of(f, domain, &first, &end);
    facts_misses_of(f, domain, &g->first_miss, &g->end_miss);
    g->senders = calloc(count + 1, sizeof *g->senders);
    if (!g->senders)
        return err_nomem(e);
    for (size_t i = 0, at = first; i < count; i++) {
        at = facts_tally_at(f, at, end, senders[i]);
        if (at < end && f->tallies[at].sender == senders[i])
            g->senders[g->sender_count++] = senders[i];
    }
    if (!allocate(g, e))
        return false;
    for (size_t s = 0; s < g->sender_count; s++) {
        first = facts_tally_at(f, first, end, g->senders[s]);
        fill_sessions(g, s, first, end);
    }
    return true;
}

bool
grid_init(struct grid *g, const struct facts *f, name domain, struct err *e)
{
    size_t first, end, count = 0;
    name *senders;
    bool ok;

    facts_tallies_of(f, domain, &first, &end);
    senders = calloc(end - first + 1, sizeof *senders);
    for (size_t i = first; senders && i < end; i++)
        if (i == first || f->tallies[i].sender != f->tallies[i - 1].sender)
            senders[count++] = f->tallies[i].sender;
    *g = (struct grid){0};
    ok = senders ? grid_init_some(g, f, domain, senders, count, e) : err_nomem(e);
    free(senders);
    return ok;
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
 * Rows [first, end) are those of sender s. */
static void
fill_failed(const struct grid *g, struct grid_kind *k, size_t s, size_t first, size_t end)
{
    const struct miss *rows = g->f->misses;
    int64_t of_type = 0;

    for (size_t i = first; i < end; i++) {
        size_t at = s * FACTS_DAYS + (size_t)rows[i].day;

        if (i == first || rows[i].day != rows[i - 1].day ||
            rows[i].type != rows[i - 1].type)
            of_type = 0;
        of_type += rows[i].failed;
        if (g->sessions[GRID_ANY][at] == 0)
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
    k->failed = calloc(g->sender_count * FACTS_DAYS + 1, sizeof *k->failed);
    if (!k->failed)
        return err_nomem(e);
    for (size_t s = 0, first = k->first_miss, end = first; s < g->sender_count; s++) {
        first = facts_miss_at(g->f, end, k->end_miss, k->kind, g->senders[s]);
        end = facts_miss_at(g->f, first, k->end_miss, k->kind, g->senders[s] + 1);
        fill_failed(g, k, s, first, end);
    }
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
    k->first_miss = from;
    k->end_miss = facts_miss_at(g->f, from, g->end_miss, k->kind + 1, 0);
    return fill_kind(g, k, e);
}

bool
grid_find_kind(const struct grid *g, name kind, struct grid_kind *k, struct err *e)
{
    *k = (struct grid_kind){.kind = kind};
    k->first_miss = facts_miss_at(g->f, g->first_miss, g->end_miss, kind, 0);
    k->end_miss = facts_miss_at(g->f, k->first_miss, g->end_miss, kind + 1, 0);
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
