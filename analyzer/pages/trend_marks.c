#include "analyzer/pages/trend_marks.h"

#include "schema/report/vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAX_SEEN = 64,   /* policies that senders changed to, of which the best are kept */
    MAX_BACK = 1000, /* a sender may claim to see another one in each report */
};

static bool
is_wanted(const char *wanted, const char *text)
{
    return wanted == NULL || strcmp(wanted, text) == 0;
}

static bool
is_of(const struct facts *f, const struct name_list *names, const char *wanted)
{
    for (size_t i = 0; i < names->count; i++) {
        if (is_wanted(wanted, facts_text(f, names->items[i])))
            return true;
    }
    return wanted == NULL;
}

static void
find_incidents(struct trend_marks *t, const struct facts *f, const struct analysis *a,
               const struct trend_asked *asked)
{
    for (size_t i = 0; i < a->count && t->incident_count < TREND_INCIDENTS; i++) {
        const struct finding *x = &a->rows[i];
        int32_t from = f->first_day + x->first,
                upto = x->open ? asked->last : f->first_day + x->last;

        if (x->severity == SEVERITY_INFO || from > asked->last || upto < asked->first ||
            !is_of(f, &x->domains, asked->domain) ||
            !is_of(f, &x->senders, asked->sender))
            continue;
        t->incidents[t->incident_count++] =
            (struct trend_incident){.finding = x, .first = from, .last = upto};
    }
}

/* Keeps the changes that most senders saw; those that were declared before all. */
static void
add_change(struct trend_marks *t, const struct trend_change *change)
{
    size_t at = t->change_count;

    while (at > 0 && change->senders != 0 && t->changes[at - 1].senders != 0 &&
           t->changes[at - 1].senders < change->senders)
        at--;
    if (at == TREND_CHANGES)
        return;
    if (t->change_count < TREND_CHANGES)
        t->change_count++;
    memmove(&t->changes[at + 1], &t->changes[at],
            (t->change_count - 1 - at) * sizeof *t->changes);
    t->changes[at] = *change;
}

static void
find_declared(struct trend_marks *t, const struct facts *f,
              const struct trend_asked *asked)
{
    for (size_t i = 0; i < f->declared_count; i++) {
        const struct declared *d = &f->declared[i];
        struct trend_change c = {.domain = facts_text(f, d->domain)};

        if (!is_wanted(asked->domain, c.domain))
            continue;
        for (size_t k = 0; k < d->policy_count + d->tlsa_count; k++) {
            bool is_sts = k < d->policy_count;
            const struct published *p =
                is_sts ? &d->policies[k] : &d->tlsa[k - d->policy_count];

            c.day = p->since;
            c.type = policy_type_text(is_sts ? POLICY_STS : POLICY_TLSA);
            c.policy = facts_text(f, p->text);
            if (c.day >= asked->first && c.day <= asked->last)
                add_change(t, &c);
        }
    }
}

/* Is it the first time that the sender saw it, and not the first that it saw? */
static bool
is_change(const struct facts *f, size_t i)
{
    const struct seen *s = &f->seen[i];
    bool change = false;

    for (size_t k = i; k-- > 0 && i - k <= MAX_BACK;) {
        const struct seen *before = &f->seen[k];

        if (before->domain != s->domain || before->type != s->type ||
            before->sender != s->sender)
            break;
        if (before->policy == s->policy)
            return false;
        change = change || before->first < s->first;
    }
    return change;
}

static void
find_seen(struct trend_marks *t, const struct facts *f, const struct trend_asked *asked)
{
    struct trend_change found[MAX_SEEN];
    size_t count = 0, k;

    for (size_t i = 0; i < f->seen_count; i++) {
        const struct seen *s = &f->seen[i];
        struct trend_change c = {.day = f->first_day + s->first,
                                 .domain = facts_text(f, s->domain),
                                 .type = policy_type_text((enum policy_type)s->type),
                                 .policy = facts_text(f, s->policy)};

        if (!is_change(f, i) || c.day < asked->first || c.day > asked->last ||
            !is_wanted(asked->domain, c.domain) ||
            !is_wanted(asked->sender, facts_text(f, s->sender)))
            continue;
        for (k = 0; k < count; k++) {
            if (found[k].domain == c.domain && found[k].type == c.type &&
                found[k].policy == c.policy)
                break;
        }
        if (k == MAX_SEEN)
            continue;
        if (k == count)
            found[count++] = c;
        found[k].senders++;
        found[k].day = c.day < found[k].day ? c.day : found[k].day;
    }
    for (k = 0; k < count; k++)
        add_change(t, &found[k]);
}

static int
by_first(const void *a, const void *b)
{
    const struct trend_incident *x = a, *y = b;

    return (x->first > y->first) - (x->first < y->first);
}

static int
by_day(const void *a, const void *b)
{
    const struct trend_change *x = a, *y = b;

    return (x->day > y->day) - (x->day < y->day);
}

static int
by_mark(const void *a, const void *b)
{
    const struct chart_mark *x = a, *y = b;

    return (x->first > y->first) - (x->first < y->first);
}

/* Labels, in the order of days: 1, 2, ... and a, b, ...; changes of a day share a mark.
 */
static void
make_marks(struct trend_marks *t)
{
    for (size_t i = 0; i < t->incident_count; i++) {
        struct trend_incident *x = &t->incidents[i];

        (void)snprintf(x->label, sizeof x->label, "%zu", i + 1);
        t->marks[t->mark_count++] =
            (struct chart_mark){x->first,
                                x->last,
                                severity_text(x->finding->severity),
                                x->label,
                                x->finding->summary,
                                x->finding->id};
    }
    for (size_t i = 0, end; i < t->change_count; i = end) {
        struct chart_mark *mark = &t->marks[t->mark_count++];

        for (end = i; end < t->change_count && t->changes[end].day == t->changes[i].day;
             end++)
            t->changes[end].letter = (char)('a' + (int)end);
        (void)snprintf(t->days[i], sizeof t->days[i], end - i > 1 ? "%c-%c" : "%c",
                       t->changes[i].letter, t->changes[end - 1].letter);
        *mark = (struct chart_mark){t->changes[i].day, t->changes[i].day,    "change",
                                    t->days[i],        t->changes[i].domain, NULL};
    }
    qsort(t->marks, t->mark_count, sizeof *t->marks, by_mark);
}

void
trend_marks_find(struct trend_marks *t, const struct facts *f, const struct analysis *a,
                 const struct trend_asked *asked)
{
    *t = (struct trend_marks){0};
    find_incidents(t, f, a, asked);
    find_declared(t, f, asked);
    find_seen(t, f, asked);
    qsort(t->incidents, t->incident_count, sizeof *t->incidents, by_first);
    qsort(t->changes, t->change_count, sizeof *t->changes, by_day);
    make_marks(t);
}
