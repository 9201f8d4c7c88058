#include "analyzer/calendar.h"

#include <stdlib.h>
#include <string.h>

bool
calendar_is_silence(const struct finding *x)
{
    return strcmp(x->kind, KIND_REPORT_GAP) == 0 ||
           strcmp(x->kind, KIND_INTAKE_SILENT) == 0;
}

bool
calendar_is_result(const struct finding *x)
{
    return strcmp(x->kind, FACTS_NOT_DESCRIBED) == 0 ||
           strcmp(result_type_text(result_type_parse(x->kind)), x->kind) == 0;
}

/* Does the failure speak for the finding? A result type for its own; an uncovered host by
 * its name; what is about a sender, by the sender. */
static bool
tells(const struct facts *f, const struct finding *x, const struct miss *m)
{
    if (strcmp(x->kind, KIND_MX_NOT_COVERED) == 0)
        return name_list_has(&x->hosts, m->host);
    if (calendar_is_result(x))
        return strcmp(facts_text(f, m->kind), x->kind) == 0;
    return name_list_has(&x->senders, m->sender);
}

static struct calendar_row *
row_of(struct calendar *c, name sender)
{
    for (size_t i = 0; i < c->row_count; i++) {
        if (c->rows[i].sender == sender)
            return &c->rows[i];
    }
    if (c->row_count == CALENDAR_ROWS) {
        c->more = true;
        return NULL;
    }
    c->rows[c->row_count] = (struct calendar_row){.sender = sender};
    return &c->rows[c->row_count++];
}

static struct calendar_cell *
cell_of(struct calendar *c, name sender, int day)
{
    struct calendar_row *row;

    if (day < c->first || day >= c->first + c->day_count)
        return NULL;
    row = row_of(c, sender);
    return row == NULL ? NULL : &row->cells[day - c->first];
}

static void
add_sessions(struct calendar *c, const struct facts *f, name domain)
{
    size_t first, end;

    facts_tallies_of(f, domain, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct tally *t = &f->tallies[i];
        struct calendar_cell *cell;
        int64_t most = t->sessions;

        while (i + 1 < end && f->tallies[i + 1].sender == t->sender &&
               f->tallies[i + 1].day == t->day) { /* of its policy types one leads */
            i++;
            most = f->tallies[i].sessions > most ? f->tallies[i].sessions : most;
        }
        if ((cell = cell_of(c, t->sender, t->day)) != NULL)
            cell->sessions += most;
    }
}

static int
by_failed(const void *a, const void *b)
{
    const struct calendar_place *x = a, *y = b;

    if (x->failed != y->failed)
        return x->failed < y->failed ? 1 : -1;
    if (x->host != y->host)
        return name_compare(&x->host, &y->host);
    return name_compare(&x->address, &y->address);
}

static struct calendar_place *
place_of(struct calendar *c, name host, name address)
{
    for (size_t i = 0; i < c->place_count; i++) {
        if (c->places[i].address == address &&
            (c->places[i].host == host || (host == 0 && address != 0)))
            return &c->places[i];
    }
    if (c->place_count == CALENDAR_PLACES)
        return NULL;
    c->places[c->place_count] = (struct calendar_place){.host = host, .address = address};
    return &c->places[c->place_count++];
}

static void
add_failures(struct calendar *c, const struct facts *f, const struct finding *x,
             name domain)
{
    size_t first, end;

    facts_misses_of(f, domain, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct miss *m = &f->misses[i];
        struct calendar_cell *cell;
        struct calendar_place *place;

        if (!tells(f, x, m))
            continue;
        if ((cell = cell_of(c, m->sender, m->day)) != NULL)
            cell->failed += m->failed;
        if (m->day < x->first || m->day > x->last || (m->host == 0 && m->ip == 0) ||
            !name_list_has(&x->senders, m->sender) ||
            (place = place_of(c, m->host, m->ip)) == NULL)
            continue;
        if (place->failed == 0 || m->day < place->first)
            place->first = m->day;
        if (m->day > place->last)
            place->last = m->day;
        place->failed += m->failed;
    }
}

/* What is declared and does not fail, where there is anything that does. */
static void
add_fine(struct calendar *c, const struct facts *f, name domain)
{
    const struct declared *d = facts_declared(f, domain);

    for (size_t i = 0; d != NULL && i < d->address_count; i++)
        (void)place_of(c, 0, d->addresses[i]);
}

void
calendar_make(const struct facts *f, const struct finding *x, struct calendar *out)
{
    int first = x->first - CALENDAR_BEFORE > 0 ? x->first - CALENDAR_BEFORE : 0,
        last = x->last < f->today ? x->last : f->today;

    *out = (struct calendar){0};
    if (last - first >= CALENDAR_DAYS) /* the latest are those that matter */
        first = last - CALENDAR_DAYS + 1;
    out->first = first;
    out->day_count =
        f->today - first + 1 < CALENDAR_DAYS ? f->today - first + 1 : CALENDAR_DAYS;
    for (size_t i = 0; i < x->senders.count; i++) {
        struct calendar_row *row = row_of(out, x->senders.items[i]);

        if (row != NULL)
            row->fails = true;
    }
    for (size_t i = 0; i < x->domains.count; i++) {
        add_sessions(out, f, x->domains.items[i]);
        add_failures(out, f, x, x->domains.items[i]);
    }
    for (size_t i = 0; out->place_count > 0 && i < x->domains.count; i++)
        add_fine(out, f, x->domains.items[i]);
    qsort(out->places, out->place_count, sizeof *out->places, by_failed);
    for (size_t i = 0; calendar_is_silence(x) && i < out->row_count; i++) {
        for (int k = 0; out->rows[i].fails && k < out->day_count; k++)
            out->rows[i].cells[k].missing = out->rows[i].cells[k].sessions == 0 &&
                                            first + k >= x->first && first + k <= x->last;
    }
}
