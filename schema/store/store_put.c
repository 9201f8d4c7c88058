/* A batch: COPY in one exchange and one transaction, what is believed and what is only
 * claimed each by itself; where a resend was met, in this
 * batch or in the last, after a look at what is there. What goes wrong is met by trying
 * again, by making a month, or by halving until the row that PostgreSQL refuses stands
 * alone. */
#include "base/fault.h"
#include "schema/store/pg_binary.h"
#include "schema/store/store_aside.h"
#include "schema/store/store_lookup.h"
#include "schema/store/store_rows.h"

#include "base/clock.h"
#include "base/count.h"
#include "schema_sql.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_TRIES = 20,
    MAX_HALVINGS = 64,
    MAX_LOSSES = 1,            /* connections lost in one batch */
    KEPT_COPY_BYTES = 1 << 20, /* memory that is kept for the next batch */
};

struct put {
    struct store *s;
    struct arena arena;
    struct put_item *items; /* those that ask to be accepted */
    size_t item_count;
    const char *script; /* for what is believed, or for what is claimed */
    int losses;
    bool look;        /* what is there, before the next COPY */
    bool unconfirmed; /* a verdict rests on rows that may not have reached the standby */
};

/* ---- one item's verdict ---- */

static void
decide(struct put_item *item, enum outcome outcome)
{
    item->undecided = false;
    item->s->outcome = outcome;
}

/* Decides what is all there; other bytes are noted once, not for each domain. */
static bool
decide_known(struct put *p, struct put_item *const items[], size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        bool is_new = false, other = false;

        if (!items[i]->undecided)
            continue;
        for (size_t k = 0; k < items[i]->row_count; k++) {
            const struct put_row *row = &items[i]->rows[k];

            is_new = is_new || row->seen == SEEN_NOT;
            if (row->seen == SEEN_OTHER && !other && !lookup_note(p->s, row, e))
                return false;
            other = other || row->seen == SEEN_OTHER;
        }
        if (!is_new) {
            decide(items[i], other ? OUTCOME_CONFLICT : OUTCOME_DUPLICATE);
            p->unconfirmed = p->s->resent = true;
        }
    }
    return true;
}

/* What claims take is counted once it is kept. What is not counted, since something
 * failed, the next maintenance counts. */
static void
charge(struct store *s, struct put_item *const items[], size_t n)
{
    struct buf sources = {0}, sizes = {0};
    struct pg_param params[2];

    binary_array_start(&sources, BINARY_TEXT, n);
    binary_array_start(&sizes, BINARY_INT8, n);
    for (size_t i = 0; i < n; i++) {
        const char *source = items[i]->s->source;

        binary_text(&sources, source == NULL ? "" : source);
        binary_int8(&sizes, items[i]->bytes);
    }
    params[0] = (struct pg_param){sources.bytes, sources.len, true};
    params[1] = (struct pg_param){sizes.bytes, sizes.len, true};
    if (!sources.failed && !sizes.failed)
        (void)!pg_query(s->pg,
                        &(struct pg_statement){query_put_charge, params, 2, {1, 1, 1}},
                        NULL, NULL);
    buf_clear(&sources);
    buf_clear(&sizes);
}

/* ---- waves: within one COPY no identity may stand twice ---- */

static size_t
next_wave(struct put_item *const items[], size_t n, struct put_item *wave[])
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        if (items[i]->undecided &&
            (count == 0 || rows_compare_items(wave[count - 1], items[i]) != 0))
            wave[count++] = items[i];
    return count;
}

/* Until every item is decided; `items` are sorted by identity. */
static bool
put_waves(struct put *p, struct put_item *const items[], size_t n, struct err *e)
{
    const struct buf *copies[STORE_TABLES];
    struct put_item **wave = arena_array(&p->arena, n, sizeof(struct put_item *));
    size_t count;

    if (wave == NULL)
        return err_nomem(e);
    for (int t = 0; t < STORE_TABLES; t++)
        copies[t] = &p->s->copies[t];
    for (;;) {
        if (!store_connect(p->s, e) || !lookup_pruned(p->s, items, n, e) ||
            (p->look &&
             (!lookup(p->s, items, n, &p->arena, e) || !decide_known(p, items, n, e))))
            return false;
        p->look = true;
        if ((count = next_wave(items, n, wave)) == 0)
            return true;
        if (!rows_encode(wave, count, p->s->copies, &p->arena, e))
            return false;
        FAULT("before-begin");
        if (!pg_script(p->s->pg, p->script, copies, STORE_TABLES, e))
            return false;
        p->unconfirmed = false; /* a standby has what went before, too */
        for (size_t i = 0; i < count; i++)
            decide(wave[i], OUTCOME_STORED);
        if (rows_is_claim(wave[0]))
            charge(p->s, wave, count);
    }
}

/* ---- what to do about a failure ---- */

enum next_step {
    STEP_DONE,
    STEP_RETRY,
    STEP_MONTHS,
    STEP_SPLIT,
    STEP_GIVE_UP,
};

/* By SQLSTATE; the first prefix that fits. */
static const struct {
    const char *prefix;
    enum next_step step;
} steps[] = {
    {"23505", STEP_RETRY},  /* a resend, or another writer was first: look */
    {"40", STEP_RETRY},     /* deadlock, serialization */
    {"23514", STEP_MONTHS}, /* no partition */
    {"22", STEP_SPLIT},     /* data that a column will not take */
    {"23", STEP_SPLIT},     /* not null, check */
    {"54", STEP_SPLIT},     /* too long for an index */
};

static enum next_step
next_step(struct put *p)
{
    if (store_lost(p->s))
        return p->losses++ < MAX_LOSSES ? STEP_RETRY : STEP_GIVE_UP;
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        if (pg_sqlstate_is(p->s->pg, steps[i].prefix))
            return steps[i].step;
    return STEP_GIVE_UP;
}

static bool
make_months(struct put *p, struct put_item *const items[], size_t n, struct err *e)
{
    struct buf days = {0};
    struct pg_param param;
    bool ok;

    binary_array_start(&days, BINARY_DATE, n);
    for (size_t i = 0; i < n; i++)
        binary_date(&days, items[i]->day);
    param = (struct pg_param){days.bytes, days.len, true};
    ok = days.failed
             ? err_nomem(e)
             : pg_query(p->s->pg,
                        &(struct pg_statement){query_put_month, &param, 1, {1, 1, 1}},
                        NULL, e);
    buf_clear(&days);
    return ok;
}

/* Keeps the items, or says that the batch must be split or given up. */
static enum next_step
put_range(struct put *p, struct put_item *const items[], size_t n, struct err *why)
{
    bool months_made = false;

    for (int tries = 0; tries < MAX_TRIES; tries++) {
        enum next_step step;

        err_clear(why);
        if (put_waves(p, items, n, why))
            return STEP_DONE;
        step = next_step(p);
        if (step == STEP_MONTHS && !months_made) {
            struct err none = {0};

            months_made = make_months(p, items, n, &none);
            step = months_made ? STEP_RETRY : STEP_GIVE_UP;
        }
        if (step != STEP_RETRY)
            return step == STEP_GIVE_UP ? STEP_GIVE_UP : STEP_SPLIT;
    }
    err_clear(why);
    err_set(why, ERR_AGAIN, "other writers were in the way again and again");
    return STEP_GIVE_UP;
}

static void
set_culprit(struct put *p, struct put_item *item, const struct err *why)
{
    item->culprit = true;
    if (pg_sqlstate_is(p->s->pg, "23514"))
        err_set(&item->s->err, ERR_INPUT,
                "no month is kept for its day, and a collector may make none so old");
    else
        item->s->err = *why;
    decide(item, OUTCOME_PENDING);
}

/* Keeps the items but for the culprits among them, which halving finds. */
static bool
put_all(struct put *p, struct put_item *const items[], size_t n, struct err *e)
{
    struct {
        size_t from, n;
    } todo[MAX_HALVINGS + 1] = {{0, n}};
    size_t depth = 1;

    while (depth > 0) {
        size_t from = todo[depth - 1].from, count = todo[depth - 1].n;
        struct err why = {0};

        switch (put_range(p, items + from, count, &why)) {
        case STEP_DONE:
            depth--;
            break;
        case STEP_SPLIT:
            depth--;
            if (count == 1) {
                set_culprit(p, items[from], &why);
                break;
            }
            todo[depth].from = from + count / 2;
            todo[depth++].n = count - count / 2;
            todo[depth].from = from;
            todo[depth++].n = count / 2;
            break;
        case STEP_RETRY:
        case STEP_MONTHS:
        case STEP_GIVE_UP:
            return err_set(e, why.kind == ERR_INPUT ? ERR_AGAIN : why.kind, "%s",
                           why.text);
        }
    }
    return true;
}

/* ---- a batch ---- */

static bool
init_items(struct put *p, struct submission *const all[], size_t n, struct err *e)
{
    if ((p->items = arena_array(&p->arena, n, sizeof *p->items)) == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        struct put_item *item;

        all[i]->outcome = OUTCOME_PENDING;
        err_clear(&all[i]->err);
        if (all[i]->status != STATUS_ACCEPTED)
            continue;
        item = &p->items[p->item_count++];
        if (!rows_init(item, all[i], &p->arena, e))
            return false;
        /* Nothing to look up: it would pass for a duplicate. */
        if (item->row_count == 0)
            item->culprit = !err_set(&all[i]->err, ERR_INPUT, "no policy with a domain");
    }
    return true;
}

/* What the look-up saw may be committed here and not yet on a standby that must have it:
 * when the wait of the one who wrote it was cut. A COMMIT of our own waits for both. */
static bool
confirm(struct put *p, struct err *e)
{
    if (!p->unconfirmed ||
        (!store_lost(p->s) && pg_script(p->s->pg, query_put_confirm, NULL, 0, e)))
        return true;
    for (size_t i = 0; i < p->item_count; i++) {
        struct submission *s = p->items[i].s;

        if (s->outcome == OUTCOME_DUPLICATE || s->outcome == OUTCOME_CONFLICT)
            s->outcome = OUTCOME_PENDING;
    }
    return err_set(e, ERR_AGAIN, "the database was lost before it confirmed");
}

static bool
put_accepted(struct put *p, struct err *e)
{
    struct put_item **sorted =
        arena_array(&p->arena, p->item_count, sizeof(struct put_item *));
    struct put_item **side =
        arena_array(&p->arena, p->item_count, sizeof(struct put_item *));
    const bool look = p->look;
    size_t n;
    bool ok = true;

    if (sorted == NULL || side == NULL)
        return err_nomem(e);
    n = rows_sort(p->items, p->item_count, sorted);
    for (int claims = 0; ok && claims < 2; claims++) {
        size_t count = 0;

        for (size_t i = 0; i < n; i++)
            if (rows_is_claim(sorted[i]) == (claims == 1))
                side[count++] = sorted[i];
        p->script = claims ? query_put_claimed : query_put_believed;
        p->look = look;
        ok = count == 0 || put_all(p, side, count, e);
    }
    return confirm(p, e) && ok;
}

static bool
put_aside(struct put *p, struct submission *const all[], size_t n, struct err *e)
{
    struct aside *aside = arena_array(&p->arena, n, sizeof *aside);
    size_t count = 0;

    if (aside == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++)
        if (all[i]->status != STATUS_ACCEPTED)
            aside[count++] =
                (struct aside){.s = all[i],
                               .status = all[i]->status,
                               .reason = all[i]->reason,
                               .policy_domains = all[i]->policy_domains_hint};
    for (size_t i = 0; i < p->item_count; i++) {
        const struct put_item *item = &p->items[i];

        if (item->culprit)
            aside[count++] = (struct aside){
                .s = item->s,
                .status = STATUS_QUARANTINED,
                .reason = item->s->err.text,
                .policy_domains = item->row_count == 0 ? "" : item->rows[0].domain};
    }
    return count == 0 || (store_connect(p->s, e) && aside_put(p->s, aside, count, e));
}

static void
finish(struct put *p, struct submission *const all[], size_t n, const struct err *e)
{
    for (size_t i = 0; i < p->item_count; i++) {
        const struct put_item *twin = p->items[i].twin;

        if (twin == NULL)
            continue;
        p->items[i].s->err = twin->s->err;
        p->items[i].s->outcome =
            twin->s->outcome == OUTCOME_STORED ? OUTCOME_DUPLICATE : twin->s->outcome;
    }
    for (size_t i = 0; i < n; i++)
        if (all[i]->outcome == OUTCOME_PENDING) {
            all[i]->outcome = OUTCOME_AGAIN;
            all[i]->err = *e;
        }
    for (int t = 0; t < STORE_TABLES; t++)
        if (p->s->copies[t].size > KEPT_COPY_BYTES)
            buf_clear(&p->s->copies[t]);
    arena_clear(&p->arena);
}

bool
store_put(struct store *s, struct submission *const items[], size_t n, struct err *e)
{
    struct put p = {.s = s, .look = s->resent};
    struct err why = {0};
    bool ok;

    s->resent = false;
    arena_init(&p.arena, 0);
    store_until(s, s->put_ms == 0 ? 0 : clock_ms() + s->put_ms);
    ok = init_items(&p, items, n, &why) && put_accepted(&p, &why);
    if (ok || !store_lost(s))
        ok = put_aside(&p, items, n, &why) && ok;
    store_until(s, 0);
    finish(&p, items, n, &why);
    return ok || err_set(e, why.kind, "%s", why.text);
}
