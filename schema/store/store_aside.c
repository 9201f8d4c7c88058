/* The collector may add to the quarantine and not read it, so PostgreSQL is left to find
 * what is there. */
#include "schema/store/store_aside.h"

#include "base/count.h"
#include "base/text.h"
#include "base/when.h"

#include "schema_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SAME_ARRIVAL_S = 7 * WHEN_DAY_S,
    MAX_TRIES = 10,
    MAX_TEXT_BYTES = 4096
};

/* The message makes COMMIT wait for disk and standby even if every row was there already.
 */
static const char begin[] = "BEGIN; SET LOCAL statement_timeout = '30s';"
                            "SELECT pg_logical_emit_message(true, 'tlsrpt', '')";

/* The quarantine goes by the day on which an input reached this database: of an archive
 * that is imported, today, or its limit of age would throw out at once what is old. */
static int32_t
arrival_day(const struct submission *s, int64_t now)
{
    if (s->received > now - SAME_ARRIVAL_S && s->received < now + SAME_ARRIVAL_S)
        now = s->received;
    return (int32_t)(now / WHEN_DAY_S);
}

/* One order for all writers, lest they wait for each other. */
static int
compare(const void *x, const void *y)
{
    const struct aside *a = *(const struct aside *const *)x,
                       *b = *(const struct aside *const *)y;

    if (a->arrival_day != b->arrival_day)
        return a->arrival_day < b->arrival_day ? -1 : 1;
    return memcmp(a->s->raw_hash.bytes, b->s->raw_hash.bytes, KEY_BYTES);
}

/* Text that PostgreSQL takes whatever it came from. */
static const char *
clean(struct buf *b, const char *text)
{
    size_t n = text == NULL ? 0 : strlen(text);

    buf_init(b, 0);
    if (!text_escape(b, text == NULL ? "" : text,
                     n < MAX_TEXT_BYTES ? n : MAX_TEXT_BYTES))
        return "";
    return b->bytes == NULL ? "" : b->bytes;
}

static bool
insert(struct pg *pg, const struct aside *item, struct err *e)
{
    const struct submission *s = item->s;
    char day[16], received[24], status[8], transport[8];
    enum {
        TEXTS = 5
    };
    struct buf texts[TEXTS];
    const struct pg_param params[] = {
        {.value = day},
        {.value = s->raw_hash.bytes, .bytes = KEY_BYTES, .binary = true},
        {.value = received},
        {.value = status},
        {.value = transport},
        {.value = clean(&texts[0], s->peer)},
        {.value = clean(&texts[1], s->peer_name)},
        {.value = clean(&texts[2], s->source)},
        {.value = clean(&texts[3], item->policy_domains)},
        {.value = clean(&texts[4], item->reason)},
        {.value = s->raw_bytes == 0 ? "" : s->raw, .bytes = s->raw_bytes, .binary = true},
    };
    bool ok;

    snprintf(day, sizeof day, "%" PRId32, item->arrival_day);
    snprintf(received, sizeof received, "%" PRId64, s->received);
    snprintf(status, sizeof status, "%d", (int)item->status);
    snprintf(transport, sizeof transport, "%d", (int)s->transport);
    ok = pg_query(
        pg, &(struct pg_statement){query_put_aside, params, COUNT_OF(params), {0, 0, 0}},
        NULL, e);
    for (int i = 0; i < TEXTS; i++)
        buf_clear(&texts[i]);
    return ok;
}

static bool
make_day(struct pg *pg, int32_t arrival, struct err *e)
{
    char day[16];
    const struct pg_param param = {.value = day};

    snprintf(day, sizeof day, "%" PRId32, arrival);
    return pg_query(pg, &(struct pg_statement){query_put_day, &param, 1, {1, 1, 1}}, NULL,
                    e);
}

static bool
put_once(struct store *s, const struct aside *const items[], size_t n, int32_t *at,
         struct err *e)
{
    bool ok = pg_script(s->pg, begin, NULL, 0, e);

    for (size_t i = 0; ok && i < n; i++) {
        *at = items[i]->arrival_day;
        ok = insert(s->pg, items[i], e);
    }
    ok = ok && pg_commit(s->pg, e);
    for (size_t i = 0; ok && i < n; i++)
        items[i]->s->outcome =
            items[i]->status == STATUS_IGNORED ? OUTCOME_IGNORED : OUTCOME_QUARANTINED;
    return ok;
}

/* One transaction; again when others were in the way, a day is missing or the connection
 * was lost. */
static bool
put_together(struct store *s, const struct aside *const items[], size_t n, struct err *e)
{
    bool lost_once = false;

    for (int tries = 0; tries < MAX_TRIES; tries++) {
        int32_t at = items[0]->arrival_day;
        struct err why = {0};
        bool again;

        if (!store_connect(s, e))
            return false;
        if (put_once(s, items, n, &at, &why))
            return true;
        again = pg_sqlstate_is(s->pg, "40") || (pg_lost(s->pg) && !lost_once);
        lost_once = lost_once || pg_lost(s->pg);
        if (!pg_lost(s->pg) && pg_sqlstate_is(s->pg, "23514")) {
            pg_rollback(s->pg);
            again = make_day(s->pg, at, &why);
        }
        pg_rollback(s->pg);
        if (!again)
            return err_set(e, why.kind, "%s", why.text);
    }
    return err_set(e, ERR_AGAIN, "the quarantine was in use again and again");
}

bool
aside_put(struct store *s, struct aside items[], size_t n, struct err *e)
{
    const int64_t now = (int64_t)time(NULL);
    const struct aside **sorted = calloc(n + 1, sizeof(const struct aside *));
    bool ok;

    if (sorted == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < n; i++) {
        items[i].arrival_day = arrival_day(items[i].s, now);
        sorted[i] = &items[i];
    }
    qsort(sorted, n, sizeof(const struct aside *), compare);
    ok = n == 0 || put_together(s, sorted, n, e);
    /* One that cannot be kept must not take the others with it. */
    if (!ok && n > 1 && !store_lost(s)) {
        err_clear(e);
        ok = true;
        for (size_t i = 0; i < n; i++)
            ok = put_together(s, &sorted[i], 1, e) && ok;
    }
    free(sorted);
    return ok;
}

/* What a later version has understood leaves the list of the quarantine, not its table:
 * rows are only ever added. */
bool
store_note_reparsed(struct store *s, const char *arrival_day, const char *body_hash,
                    struct err *e)
{
    const struct pg_param params[] = {{.value = arrival_day}, {.value = body_hash}};

    return store_connect(s, e) &&
           pg_query(s->pg,
                    &(struct pg_statement){query_reparse_note, params, 2, {0, 0, 0}},
                    NULL, e);
}
