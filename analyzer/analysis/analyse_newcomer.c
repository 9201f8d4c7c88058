/* See analyse_newcomer.h. */
#include "analyzer/analysis/analyse_newcomer.h"

#include <stdlib.h>

static const double absurd = 100, beyond_others = 10;

enum {
    LEAST_CLAIM = 10
};

struct volume {
    name sender;
    double per_day;
    bool established;
};

static int
by_volume(const void *a, const void *b)
{
    const struct volume *x = a, *y = b;

    return (x->per_day > y->per_day) - (x->per_day < y->per_day);
}

/* Sessions per reported day of every sender; the caller frees. NULL: out of memory. */
static struct volume *
volumes(const struct facts *f, size_t *count)
{
    double *sessions = calloc(f->name_count, sizeof *sessions);
    struct volume *out = calloc(f->name_count, sizeof *out);

    *count = 0;
    for (size_t i = 0; sessions && i < f->tally_count; i++)
        if (!f->tallies[i].long_window)
            sessions[f->tallies[i].sender] += (double)f->tallies[i].sessions;
    for (name n = 0; sessions && out && n < f->name_count; n++) {
        int days = sessions[n] > 0 ? facts_reported_days(f, n, f->today) : 0;

        if (days)
            out[(*count)++] =
                (struct volume){n, sessions[n] / days, days >= FACTS_ESTABLISHED};
    }
    free(sessions);
    return out;
}

/* The largest of the others: established ones if there are any. */
static double
largest_other(const struct volume *v, size_t count, name sender)
{
    double largest = 0, established = 0;

    for (size_t i = 0; i < count; i++) {
        if (v[i].sender == sender)
            continue;
        if (v[i].per_day > largest)
            largest = v[i].per_day;
        if (v[i].established && v[i].per_day > established)
            established = v[i].per_day;
    }
    return established > 0 ? established : largest;
}

bool
newcomer_exclude(const struct facts *f, uint8_t *excluded, struct err *e)
{
    size_t count;
    struct volume *v = volumes(f, &count);
    double median;

    if (!v)
        return err_nomem(e);
    qsort(v, count, sizeof *v, by_volume);
    median = count ? v[(count - 1) / 2].per_day : 0;
    for (size_t i = 0; i < count && count > 2; i++)
        if (!v[i].established && v[i].per_day > absurd * median &&
            v[i].per_day > beyond_others * largest_other(v, count, v[i].sender))
            excluded[v[i].sender] = 1;
    free(v);
    return true;
}

static bool
add_newcomer(const struct facts *f, struct analysis *a, name sender, struct err *e)
{
    struct finding *out = NULL;

    for (size_t i = 0; i < f->tally_count; i++) {
        const struct tally *t = &f->tallies[i];

        if (t->sender != sender)
            continue;
        if (!out) {
            out = finding_add(a, f, KIND_NEWCOMER, "sender", sender, e);
            if (!out)
                return false;
            out->verdict = VERDICT_UNKNOWN;
            out->first = t->day;
            out->confidence = .9;
        }
        finding_widen(&out->first, &out->last, t->day, t->day);
        out->sessions += t->sessions;
        out->failed += t->failed;
        if (!name_list_add(&out->domains, t->domain, e))
            return false;
    }
    return !out || name_list_add(&out->senders, sender, e);
}

/* One finding for each kind and domain that unverified reports complain of. */
static bool
add_claims(const struct facts *f, struct analysis *a, struct err *e)
{
    struct finding *out = NULL;
    int left = FINDING_MAX_CLAIMS;

    for (size_t i = 0; i < f->claim_count; i++) {
        const struct claim *c = &f->claims[i];
        bool same =
            out && out->subject == c->domain && out->kind == facts_text(f, c->kind);

        if (c->failed < LEAST_CLAIM || (!same && left <= 0))
            continue;
        left -= !same;
        if (!same) {
            out = finding_add(a, f, facts_text(f, c->kind), "unverified", c->domain, e);
            if (!out)
                return false;
            out->verdict = VERDICT_UNKNOWN;
            out->first = c->first;
            out->last = c->last;
            out->confidence = .1;
            out->unverified = true;
        }
        finding_widen(&out->first, &out->last, c->first, c->last);
        out->sessions += c->sessions;
        out->failed += c->failed;
        if (!name_list_add(&out->domains, c->domain, e) ||
            !name_list_add(&out->senders, c->sender, e))
            return false;
    }
    return true;
}

bool
newcomer_find(const struct facts *f, struct analysis *a, struct err *e)
{
    for (name n = 0; n < f->name_count; n++)
        if (a->excluded[n] && !add_newcomer(f, a, n, e))
            return false;
    return add_claims(f, a, e);
}
