/* See analyse_mx.h. */
#include "analyzer/analysis/analyse_mx.h"

#include "analyzer/analysis/analyse_drift.h"
#include "analyzer/analysis/analyse_onset.h"
#include "analyzer/analysis/policy_text.h"
#include "analyzer/analysis/spots.h"
#include "base/rows.h"
#include "base/when.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const double explained = .7;

enum {
    LEAST_FAILED = 10,
    LEAST_DAYS = 2,
    INDEPENDENT = 2,
    CACHE_MARGIN_D = 1,
};

/* A name with a dot; addresses and "unknown" are no hosts. */
static bool
is_host(const char *text)
{
    const char *dot = strrchr(text, '.');

    return dot && dot != text && dot[1] &&
           strspn(dot + 1, "0123456789") != strlen(dot + 1);
}

/* Some declared policy that may be in use on the day covers it; 0, 1, or -1 for none. */
static int
declared_covers(const struct facts *f, const struct declared *d, const char *host,
                int day)
{
    int known = -1;

    for (size_t i = 0; d && i < d->policy_count; i++) {
        const char *text = facts_text(f, d->policies[i].text);
        int64_t since = d->policies[i].since - f->first_day;
        int64_t until = INT32_MAX;

        if (i + 1 < d->policy_count)
            until = d->policies[i + 1].since - f->first_day +
                    policy_text_max_age_s(text) / WHEN_DAY_S + CACHE_MARGIN_D;
        if (day < since || day > until || !policy_text_has_mx(text))
            continue;
        if (policy_text_covers(text, host))
            return 1;
        known = 0;
    }
    return known;
}

static int
by_pattern(const void *a, const void *b)
{
    const struct mx_pattern *x = a, *y = b;

    if (x->wild != y->wild)
        return x->wild ? 1 : -1;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    return strncasecmp(x->text, y->text, x->bytes);
}

static bool
add_patterns(struct mx_patterns *p, const char *policy, struct err *e)
{
    for (const char *at = strstr(policy, "\nmx: "); at; at = strstr(at, "\nmx: ")) {
        struct mx_pattern *rows = rows_grow(p->rows, p->count, sizeof *rows, e);
        size_t bytes = strcspn(at += strlen("\nmx: "), "\n");
        bool wild = bytes > 2 && at[0] == '*' && at[1] == '.';

        if (!rows)
            return false;
        p->rows = rows;
        rows[p->count++] = (struct mx_pattern){at + wild, bytes - wild, wild};
    }
    return true;
}

bool
mx_patterns_init(struct mx_patterns *p, const struct facts *f, name domain, struct err *e)
{
    name last = 0;
    size_t first, end;

    *p = (struct mx_patterns){.f = f, .declared = facts_declared(f, domain)};
    facts_seen_of(f, domain, &first, &end);
    for (size_t i = first; i < end; i++) {
        if (f->seen[i].type == POLICY_STS && f->seen[i].policy != last &&
            !add_patterns(p, facts_text(f, f->seen[i].policy), e)) {
            mx_patterns_clear(p);
            return false;
        }
        last = f->seen[i].policy;
    }
    if (p->count)
        qsort(p->rows, p->count, sizeof *p->rows, by_pattern);
    return true;
}

void
mx_patterns_clear(struct mx_patterns *p)
{
    free(p->rows);
    p->rows = NULL;
    p->count = 0;
}

static bool
has_pattern(const struct mx_patterns *p, const char *text, bool wild)
{
    const struct mx_pattern wanted = {text, strlen(text), wild};

    return bsearch(&wanted, p->rows, p->count, sizeof *p->rows, by_pattern) != NULL;
}

bool
mx_is_covered(const struct mx_patterns *p, name host, int day)
{
    const char *text = facts_text(p->f, host), *dot = strchr(text, '.');
    int known = declared_covers(p->f, p->declared, text, day);

    if (known >= 0)
        return known;
    return p->count == 0 || has_pattern(p, text, false) ||
           (dot && dot != text && has_pattern(p, dot, true));
}

struct uncovered {
    name host;
    int16_t first, last;
    int days;
    int64_t failed, foreign, refused;
    uint8_t seen[FACTS_DAYS];
    struct name_list senders, addresses;
};

/* Sums up what happened at one host. */
static bool
gather(const struct facts *f, const struct miss *const rows[], size_t count,
       const uint8_t *excluded, struct uncovered *u, struct err *e)
{
    *u = (struct uncovered){.host = rows[0]->host, .first = FACTS_DAYS};
    for (size_t i = 0; i < count; i++) {
        const struct miss *m = rows[i];

        if (excluded[m->sender])
            continue;
        finding_widen(&u->first, &u->last, m->day, m->day);
        u->days += !u->seen[m->day];
        u->seen[m->day] = 1;
        u->failed += m->failed;
        u->foreign += facts_is_foreign(f, m->domain, m->ip) ? m->failed : 0;
        if (!name_list_add(&u->senders, m->sender, e) ||
            !name_list_add(&u->addresses, m->ip, e))
            return false;
    }
    return true;
}

/* One sender that sees a host of nobody's is being led astray: that is the path's
 * finding, not ours. */
static bool
is_worth_it(const struct facts *f, const struct uncovered *u)
{
    bool established = false;

    for (size_t i = 0; i < u->senders.count; i++)
        established |=
            facts_reported_days(f, u->senders.items[i], u->last) >= FACTS_ESTABLISHED;
    if (u->failed < LEAST_FAILED || !(established || u->senders.count > INDEPENDENT))
        return false;
    if (u->senders.count < INDEPENDENT && u->foreign * 2 > u->failed)
        return false;
    return u->days >= LEAST_DAYS || u->senders.count > INDEPENDENT;
}

/* What those who saw the host sent to the domain while they did. */
static int64_t
sessions_of(const struct facts *f, name domain, const struct uncovered *u)
{
    int64_t sessions = 0;
    size_t first, end;

    facts_tallies_of(f, domain, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct tally *t = &f->tallies[i];

        if (t->day >= u->first && t->day <= u->last &&
            name_list_has(&u->senders, t->sender))
            sessions += t->sessions;
    }
    return sessions;
}

static bool
add_finding(const struct facts *f, name domain, struct uncovered *u, struct analysis *a,
            struct err *e)
{
    struct finding *out = finding_add(a, f, KIND_MX_NOT_COVERED, "host", u->host, e);

    if (!out)
        return false;
    out->verdict = VERDICT_OURS;
    out->severity = SEVERITY_WARNING; /* critical where it is refused */
    out->first = u->first;
    out->last = u->last;
    out->failed = u->failed;
    out->senders_failing = out->senders_seen = (int)u->senders.count;
    out->confidence = u->senders.count >= INDEPENDENT ? .9 : .5;
    out->sessions = sessions_of(f, domain, u);
    out->senders = u->senders;
    out->addresses = u->addresses;
    u->senders = u->addresses = (struct name_list){0};
    out->open = f->today - u->last <= onset_patience(f, &out->senders);
    out->onset_earliest = ((int64_t)f->first_day + u->first) * WHEN_DAY_S;
    out->onset_latest = out->onset_earliest + WHEN_DAY_S;
    out->refused = u->refused;
    return name_list_add(&out->hosts, u->host, e) &&
           name_list_add(&out->domains, domain, e);
}

/* The same host for several domains is one finding. */
static bool
join(const struct facts *f, struct finding *out, name domain, const struct uncovered *u,
     struct err *e)
{
    finding_widen(&out->first, &out->last, u->first, u->last);
    out->failed += u->failed;
    out->refused += u->refused;
    out->sessions += sessions_of(f, domain, u);
    for (size_t k = 0; k < u->senders.count; k++)
        if (!name_list_add(&out->senders, u->senders.items[k], e))
            return false;
    return name_list_add(&out->domains, domain, e);
}

/* Where the sender's policy enforces, mail to the host does not come in. */
static int64_t
count_refused(const struct facts *f, const struct miss *const rows[], size_t count,
              const uint8_t *excluded)
{
    int64_t refused = 0;

    for (size_t i = 0; i < count; i++)
        if (!excluded[rows[i]->sender] &&
            drift_enforces(f, rows[i]->domain, rows[i]->sender, rows[i]->day))
            refused += rows[i]->failed;
    return refused;
}

/* What happened at one host of a domain. found: by name of a host, the number of its
 * finding + 1. */
static bool
one_host(const struct mx_patterns *p, const struct miss *const rows[], size_t count,
         uint32_t *found, struct analysis *a, struct err *e)
{
    const struct facts *f = p->f;
    struct uncovered u;
    name domain = rows[0]->domain;
    bool ok = gather(f, rows, count, a->excluded, &u, e);

    if (ok && is_worth_it(f, &u) && !mx_is_covered(p, u.host, u.last)) {
        uint32_t *number = &found[u.host];

        u.refused = count_refused(f, rows, count, a->excluded);
        ok = *number != 0 ? join(f, &a->rows[*number - 1], domain, &u, e)
                          : add_finding(f, domain, &u, a, e);
        *number = *number != 0 ? *number : (uint32_t)a->count;
        if (ok && a->rows[*number - 1].refused * 2 >= a->rows[*number - 1].failed)
            a->rows[*number - 1].severity = SEVERITY_CRITICAL;
    }
    name_list_clear(&u.senders);
    name_list_clear(&u.addresses);
    return ok;
}

/* By address below the host: a list of names is quickest to add to in order. */
static int
by_host(const void *left, const void *right)
{
    const struct miss *a = *(const struct miss *const *)left;
    const struct miss *b = *(const struct miss *const *)right;

    if (a->host != b->host)
        return a->host < b->host ? -1 : 1;
    return (a->ip > b->ip) - (a->ip < b->ip);
}

static bool
one_domain(const struct facts *f, size_t first, size_t end, uint32_t *found,
           struct analysis *a, struct err *e)
{
    const struct miss **rows = calloc(end - first, sizeof *rows);
    struct mx_patterns patterns;
    size_t count = 0;
    bool ok;

    if (rows == NULL)
        return err_nomem(e);
    ok = mx_patterns_init(&patterns, f, f->misses[first].domain, e);
    for (size_t i = first; i < end; i++)
        if (f->misses[i].host && is_host(facts_text(f, f->misses[i].host)))
            rows[count++] = &f->misses[i];
    if (count > 0)
        qsort(rows, count, sizeof *rows, by_host);
    for (size_t i = 0, next; ok && i < count; i = next) {
        for (next = i + 1; next < count && rows[next]->host == rows[i]->host;)
            next++;
        ok = one_host(&patterns, rows + i, next - i, found, a, e);
    }
    mx_patterns_clear(&patterns);
    free(rows);
    return ok;
}

/* Sums up at which hosts a finding's failures were. */
static bool
add_hosts(const struct facts *f, const struct finding *x, struct spots *hosts,
          struct err *e)
{
    name kind = facts_find(f, x->kind);

    for (size_t d = 0; d < x->domains.count; d++) {
        size_t i, end;

        facts_misses_of(f, x->domains.items[d], &i, &end);
        i = facts_miss_at(f, i, end, kind, 0);
        for (; i < end && f->misses[i].kind == kind; i++) {
            const struct miss *m = &f->misses[i];

            if (m->day >= x->first && m->day <= x->last && m->host &&
                name_list_has(&x->senders, m->sender) &&
                !spots_add(hosts, m->host, m->failed, 0, e))
                return false;
        }
    }
    return true;
}

/* Failures of a finding at one host that is not covered explain it. */
static bool
is_explained(const struct spots *hosts, const uint32_t *found)
{
    int64_t most = 0, all = 0;

    for (size_t i = 0; i < hosts->count; i++) {
        const struct spot *at = &hosts->rows[i];

        all += at->failed;
        if (found[at->at] != 0 && at->failed > most)
            most = at->failed;
    }
    return all > 0 && (double)most >= explained * (double)all;
}

/* Takes those away of the first `count` findings that the others explain. */
static bool
drop_explained(const struct facts *f, const uint32_t *found, size_t count,
               struct analysis *a, struct err *e)
{
    bool ok = true;
    size_t kept = 0;

    for (size_t i = 0; i < a->count; i++) {
        struct spots hosts = {0};

        ok = ok && (i >= count || add_hosts(f, &a->rows[i], &hosts, e));
        if (is_explained(&hosts, found))
            finding_clear(&a->rows[i]);
        else
            a->rows[kept++] = a->rows[i];
        spots_clear(&hosts);
    }
    a->count = kept;
    return ok;
}

bool
mx_find(const struct facts *f, struct analysis *a, struct err *e)
{
    size_t before = a->count;
    uint32_t *found = calloc(f->name_count, sizeof *found);
    bool ok = found ? true : err_nomem(e);

    for (size_t first = 0, end; ok && first < f->miss_count; first = end) {
        facts_misses_of(f, f->misses[first].domain, &first, &end);
        ok = one_domain(f, first, end, found, a, e);
    }
    ok = ok && (a->count == before || drop_explained(f, found, before, a, e));
    free(found);
    return ok;
}
