/* See facts_load.h. */
#include "analyzer/facts_load.h"

#include "analyzer/analysis/policy_text.h"
#include "analyzer/pruned.h"
#include "base/text.h"
#include "base/when.h"
#include "schema_sql.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct load {
    struct facts *f;
    struct buf text;
};

/* How findings_sessions.sql packs a report: its day in the lowest bits, then the hours
 * until it came, then its sessions; and its failed sessions right above the day. */
enum {
    DAY_BITS = 7,
    LAG_BITS = 10,
};

/* ---- rows ------------------------------------------------------------------------- */

static int64_t
number(const char *text)
{
    return text ? strtoll(text, NULL, 10) : 0;
}

/* A policy in the form that can be compared; 0 for what is none. */
static name
policy_name(struct load *l, enum policy_type type, const char *raw)
{
    bool ok = true;

    buf_reset(&l->text);
    if (type == POLICY_STS)
        ok = policy_text_sts(raw, &l->text);
    else if (type == POLICY_TLSA)
        ok = policy_text_tlsa(raw, &l->text);
    if (!ok)
        err_nomem(&l->f->err);
    return l->text.len ? facts_name(l->f, l->text.bytes) : 0;
}

/* The next number of "{1,2,3}"; false at its end. */
static bool
next_element(const char **at, int64_t *value)
{
    char *end;

    if (!*at || **at == '}' || !**at)
        return false;
    *value = strtoll(*at + 1, &end, 10);
    if (end == *at + 1)
        return false;
    *at = end;
    return true;
}

static int
day_of(int64_t packed)
{
    return (int)(packed & ((1 << DAY_BITS) - 1)) % FACTS_DAYS;
}

static void
add_seen(struct load *l, const struct tally *t, const char *policy, int first, int last,
         int days)
{
    struct seen s = {.domain = t->domain, .sender = t->sender, .type = t->type};

    s.policy = policy ? policy_name(l, (enum policy_type)t->type, policy) : 0;
    s.days = days;
    if (s.policy && !t->long_window)
        facts_add_seen(l->f, l->f->first_day + first, l->f->first_day + last, &s);
}

static bool
sessions_row(void *ctx, const char *const v[], size_t n, struct err *e)
{
    struct load *l = ctx;
    struct tally t = {.domain = facts_name(l->f, v[0]), .sender = facts_name(l->f, v[1])};
    int64_t failed[FACTS_DAYS] = {0}, value;
    int first = FACTS_DAYS, last = 0, days = 0;

    (void)n;
    t.type = (uint8_t)policy_type_parse(v[2]);
    t.long_window = v[3][0] == 't';
    for (const char *at = v[6]; next_element(&at, &value);)
        failed[day_of(value)] += value >> DAY_BITS;
    for (const char *at = v[5]; next_element(&at, &value); days++) {
        int day = day_of(value);

        t.lag_h = (int32_t)(value >> DAY_BITS & ((1 << LAG_BITS) - 1));
        t.sessions = (int64_t)((uint64_t)value >> (DAY_BITS + LAG_BITS));
        t.failed = failed[day];
        failed[day] = 0;
        facts_add_tally(l->f, l->f->first_day + day, &t);
        first = day < first ? day : first;
        last = day > last ? day : last;
    }
    add_seen(l, &t, v[4], first, last, days);
    return l->f->err.kind ? err_set(e, l->f->err.kind, "%s", l->f->err.text) : true;
}

static bool
failure_row(void *ctx, const char *const v[], size_t n, struct err *e)
{
    struct load *l = ctx;
    struct miss m = {.domain = facts_name(l->f, v[0]),
                     .kind = facts_name(l->f, v[1]),
                     .sender = facts_name(l->f, v[2]),
                     .type = (uint8_t)policy_type_parse(v[4]),
                     .net = facts_net(l->f, v[5]),
                     .host = facts_name(l->f, v[6]),
                     .ip = facts_name(l->f, v[7]),
                     .reason = facts_name(l->f, v[8]),
                     .failed = number(v[9])};

    (void)n;
    facts_add_miss(l->f, (int32_t)number(v[3]), &m);
    return l->f->err.kind ? err_set(e, l->f->err.kind, "%s", l->f->err.text) : true;
}

static bool
claim_row(void *ctx, const char *const v[], size_t n, struct err *e)
{
    struct load *l = ctx;
    struct claim c = {.domain = facts_name(l->f, v[0]),
                      .sender = facts_name(l->f, v[1]),
                      .kind = facts_name(l->f, v[2]),
                      .failed = number(v[5]),
                      .sessions = number(v[5])};

    (void)n;
    facts_add_claim(l->f, (int32_t)number(v[3]), (int32_t)number(v[4]), &c);
    return l->f->err.kind ? err_set(e, l->f->err.kind, "%s", l->f->err.text) : true;
}

/* ---- what is declared ------------------------------------------------------------- */

/* "2026-11-01 mode: enforce; ...": the day, and what follows it. */
static const char *
read_day(const char *text, int32_t *day, struct err *e)
{
    int64_t instant;
    unsigned form;
    size_t n = strcspn(text, " \t");

    if (!when_parse_rfc3339(text, n, &instant, &form)) {
        err_set(e, ERR_CONFIG, "\"%s\" must begin with a day, as 2026-11-01", text);
        return NULL;
    }
    *day = when_day_of_instant(instant);
    return text + n + strspn(text + n, " \t");
}

static bool
load_sts(struct load *l, struct declared *d, const struct settings_list *list,
         struct err *e)
{
    for (size_t i = 0; i < list->count; i++) {
        int32_t day;
        const char *text = read_day(list->items[i], &day, e);

        if (!text)
            return false;
        buf_reset(&l->text);
        if (!policy_text_sts(text, &l->text))
            return err_nomem(e);
        if (!l->text.len)
            return err_set(e, ERR_CONFIG, "\"%s\" is no MTA-STS policy", list->items[i]);
        facts_add_policy(l->f, d, day, l->text.bytes);
    }
    return true;
}

/* All records of one day are one set. A host name may stand before the record. */
static bool
load_tlsa(struct load *l, struct declared *d, const struct settings_list *list,
          struct err *e)
{
    struct buf set;
    int32_t day, of_set = 0;
    bool ok = true;

    buf_init(&set, 0);
    for (size_t i = 0; ok && i <= list->count; i++) {
        const char *text = i < list->count ? read_day(list->items[i], &day, e) : "";

        ok = text != NULL;
        if (ok && set.len && (i == list->count || day != of_set)) {
            buf_reset(&l->text);
            ok = policy_text_tlsa(set.bytes, &l->text);
            facts_add_tlsa(l->f, d, of_set, l->text.len ? l->text.bytes : NULL);
            buf_reset(&set);
        }
        if (!ok || i == list->count)
            break;
        of_set = day;
        if (*text < '0' || *text > '3' || text[1] != ' ') /* a host */
            text += strcspn(text, " \t");
        ok = buf_printf(&set, "%s\n", text);
    }
    buf_clear(&set);
    return ok || e->kind ? ok : err_nomem(e);
}

/* "mx1.example.com 192.0.2.1", or the address alone. */
static const char *
address_of(const char *text)
{
    const char *space = strrchr(text, ' ');

    return space ? space + 1 : text;
}

static bool
load_declared(struct load *l, const struct settings *s, struct err *e)
{
    const struct declared_domain *rows = s->declared.items;

    for (size_t i = 0; i < s->declared.count; i++) {
        struct declared *d = facts_add_declared(l->f, rows[i].domain);

        for (size_t k = 0; k < rows[i].mx.count; k++)
            facts_add_host(l->f, d, rows[i].mx.items[k]);
        for (size_t k = 0; k < rows[i].addresses.count; k++)
            facts_add_address(l->f, d, address_of(rows[i].addresses.items[k]));
        if (d && (!load_sts(l, d, &rows[i].sts, e) || !load_tlsa(l, d, &rows[i].tlsa, e)))
            return err_prefix(e, "domain \"%s\"", rows[i].domain);
    }
    return true;
}

/* ---- which domains ---------------------------------------------------------------- */

static bool
list_has(const struct settings_list *l, const char *text)
{
    for (size_t i = 0; i < l->count; i++)
        if (!strcmp(l->items[i], text))
            return true;
    return false;
}

static bool
shares_host(const struct declared_domain *a, const struct declared_domain *b)
{
    for (size_t i = 0; i < a->mx.count; i++)
        if (list_has(&b->mx, a->mx.items[i]))
            return true;
    return false;
}

static bool
is_wanted(const struct settings *s, const struct declared_domain *d,
          const char *const domains[], size_t count)
{
    const struct declared_domain *rows = s->declared.items;

    for (size_t i = 0; i < s->declared.count; i++)
        for (size_t k = 0; k < count; k++)
            if (!strcmp(rows[i].domain, domains[k]) && shares_host(&rows[i], d))
                return true;
    return false;
}

/* The array for the queries; empty for all domains. */
static bool
domain_array(const struct settings *s, const char *const domains[], size_t count,
             struct buf *out)
{
    const struct declared_domain *rows = s->declared.items;

    if (!count)
        return true;
    for (size_t i = 0; i < count; i++)
        (void)text_element(out, domains[i]);
    for (size_t i = 0; i < s->declared.count; i++)
        if (is_wanted(s, &rows[i], domains, count))
            (void)text_element(out, rows[i].domain);
    return buf_puts(out, "}");
}

/* ---- all of it -------------------------------------------------------------------- */

static bool
ignore_row(void *ctx, const char *const v[], size_t n, struct err *e)
{
    (void)ctx;
    (void)v;
    (void)n;
    (void)e;
    return true;
}

static bool
load_rows(struct load *l, struct store *store, const char *domains, struct err *e)
{
    char first[WHEN_DAY_SIZE], last[WHEN_DAY_SIZE];
    const char *params[] = {when_print_day(l->f->first_day, first),
                            when_print_day(l->f->first_day + l->f->today, last), domains};

    return store_query(store, query_findings_memory, NULL, 0, 3, ignore_row, NULL, e) &&
           store_query(store, query_findings_sessions, params, 3, 7, sessions_row, l,
                       e) &&
           store_query(store, query_findings_failures, params, 3, 10, failure_row, l,
                       e) &&
           store_query(store, query_findings_claims, params, 3, 6, claim_row, l, e);
}

static bool
latest_row(void *ctx, const char *const v[], size_t n, struct err *e)
{
    (void)n;
    (void)e;
    if (v[0])
        *(int32_t *)ctx = (int32_t)number(v[0]);
    return true;
}

/* Days that lie between the end of what there is and `as_of`: when nothing has come for
 * longer than the analysis looks back to, it looks at the end as it was. */
static bool
find_idle_days(const struct load *l, struct store *store, const char *domains,
               int32_t *idle, struct err *e)
{
    int32_t today = l->f->first_day + l->f->today, latest = today;
    char before[WHEN_DAY_SIZE];
    const char *params[] = {when_print_day(today - FACTS_IDLE_DAYS, before), domains};

    *idle = 0;
    for (size_t i = 0; i < l->f->tally_count; i++)
        if (l->f->tallies[i].day >= l->f->today - FACTS_IDLE_DAYS)
            return true;
    if (!store_query(store, query_findings_latest, params, 2, 1, latest_row, &latest, e))
        return false;
    *idle = latest == today ? 0 : today - FACTS_IDLE_DAYS - latest;
    return true;
}

static bool
load(struct load *l, struct store *store, const struct settings *settings, int64_t as_of,
     const char *domains, struct err *e)
{
    facts_init(l->f, as_of);
    if (getrandom(&l->f->seed, sizeof l->f->seed, 0) < 0)
        l->f->seed = (uint64_t)as_of;
    return load_declared(l, settings, e) && load_rows(l, store, domains, e);
}

bool
facts_load(struct store *store, const struct settings *settings, int64_t as_of,
           const char *const domains[], size_t domain_count, struct facts *out,
           struct err *e)
{
    struct load l = {.f = out};
    struct buf array;
    int32_t idle = 0;
    bool ok;

    buf_init(&l.text, 0);
    buf_init(&array, 0);
    ok = domain_array(settings, domains, domain_count, &array) ? true : err_nomem(e);
    ok = ok && load(&l, store, settings, as_of, array.bytes, e) &&
         pruned_check_days(store, out->first_day, e) &&
         find_idle_days(&l, store, array.bytes, &idle, e);
    if (ok && idle > 0) {
        facts_clear(out);
        ok =
            load(&l, store, settings, as_of - (int64_t)idle * WHEN_DAY_S, array.bytes, e);
        out->idle_days = idle;
    }
    ok = ok && facts_finish(out, e);
    buf_clear(&l.text);
    buf_clear(&array);
    return ok;
}
