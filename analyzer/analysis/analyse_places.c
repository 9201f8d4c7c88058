/* Addresses, hosts, networks and reasons of an incident, from the rows of its failures.
 */
#include "analyzer/analysis/analyse_places.h"

#include "analyzer/analysis/analyse_baseline.h"

static bool
add_spots(struct scope *s, const struct miss *m, bool now, struct err *e)
{
    int64_t failed = now ? m->failed : 0, past = now ? 0 : m->failed;

    if (now && !m->ip && !m->host)
        s->unplaced += m->failed;
    return (!m->ip || spots_add(&s->addresses, m->ip, failed, past, e)) &&
           (!m->host || spots_add(&s->hosts, m->host, failed, past, e)) &&
           (!m->net || spots_add(&s->networks, m->net, failed, past, e)) &&
           (!m->reason || spots_add(&s->reasons, m->reason, failed, past, e));
}

/* The networks that a sender is known to send from: failures of any kind name them. */
static bool
count_networks(struct scope *s, const struct grid *g, struct err *e)
{
    const struct miss *rows = g->f->misses;

    for (size_t first = g->first_miss, end; first < g->end_miss; first = end) {
        name kind = rows[first].kind;

        end = facts_miss_at(g->f, first, g->end_miss, kind + 1, 0);
        for (size_t n = 0; n < s->elevated.count; n++) {
            name sender = s->elevated.items[n];
            size_t i = facts_miss_at(g->f, first, end, kind, sender);

            for (; i < end && rows[i].sender == sender; i++)
                if (rows[i].net && !spots_add(&s->networks, rows[i].net, 0, 0, e))
                    return false;
        }
    }
    s->networks_seen = s->networks.count;
    return true;
}

static void
count_places(struct scope *s, const struct grid *g)
{
    const struct declared *d = facts_declared(g->f, g->domain);

    /* Domains of one group share their places. */
    for (size_t i = 0; s->domains.items[i] != g->domain; i++)
        if (s->f->group[s->domains.items[i]] == s->f->group[g->domain])
            return;
    s->addresses_seen += grid_places(g);
    s->hosts_seen += d ? d->host_count : 0;
}

/* Where one sender's failures went, now and before. */
static bool
add_places(struct scope *s, const struct grid *g, const struct grid_kind *k,
           struct witness *w, struct err *e)
{
    size_t i = facts_miss_at(g->f, k->first_miss, k->end_miss, k->kind, w->sender);

    for (; i < k->end_miss && g->f->misses[i].sender == w->sender; i++) {
        const struct miss *m = &g->f->misses[i];
        bool now = s->in->days[m->day] > 0;

        if (!now && (m->day >= s->in->first - BASELINE_SKIP ||
                     m->day < s->in->first - BASELINE_SKIP - PLACES_PAST_DAYS))
            continue;
        if (now && facts_is_foreign(g->f, g->domain, m->ip))
            w->foreign += m->failed;
        if (!add_spots(s, m, now, e))
            return false;
    }
    return true;
}

bool
places_add(struct scope *s, const struct grid *g, const struct grid_kind *k,
           struct err *e)
{
    for (size_t i = 0; i < s->witness_count; i++)
        if (s->witnesses[i].elevated && !add_places(s, g, k, &s->witnesses[i], e))
            return false;
    for (size_t i = 0; i < g->sender_count; i++)
        for (int d = 0; d < FACTS_DAYS; d++) {
            s->sessions[d] += grid_sessions(g, k, i, d);
            s->failed[d] += grid_failed(k, i, d);
        }
    count_places(s, g);
    return count_networks(s, g, e);
}
