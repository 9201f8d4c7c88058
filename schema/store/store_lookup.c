/* One statement for a whole batch, its arrays in binary form; see put_find_believed.sql.
 */
#include "schema/store/store_lookup.h"

#include "base/clock.h"
#include "base/count.h"
#include "base/when.h"
#include "schema/store/pg_binary.h"

#include "schema_sql.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    LOOKUP_DOMAIN,
    LOOKUP_DAY,
    LOOKUP_KEY,
    LOOKUP_TIER_OR_REPORT, /* of a claim: the key that it would have if it was believed */
    LOOKUP_CONTENT,
    LOOKUP_HASH,
    LOOKUP_ARRAYS
};

/* How long the first day that is kept is believed: fold_month() waits for twice that. */
enum {
    FIRST_KEPT_MS = 500,
    YOUNG_DAYS = REPORT_LEAST_KEPT_DAYS - 10, /* with room for a clock that is wrong */
};

static void
fill_lookup(struct buf arrays[LOOKUP_ARRAYS], struct put_row *const rows[], size_t n)
{
    static const enum binary_type types[LOOKUP_ARRAYS] = {
        BINARY_TEXT, BINARY_DATE, BINARY_BYTEA, BINARY_INT2, BINARY_BYTEA, BINARY_BYTEA};
    const bool claims = rows_is_claim(rows[0]->item);

    for (int a = 0; a < LOOKUP_ARRAYS; a++)
        binary_array_start(&arrays[a],
                           claims && a == LOOKUP_TIER_OR_REPORT ? BINARY_BYTEA : types[a],
                           n);
    for (size_t i = 0; i < n; i++) {
        const struct put_item *item = rows[i]->item;

        binary_text(&arrays[LOOKUP_DOMAIN], rows[i]->domain);
        binary_date(&arrays[LOOKUP_DAY], item->day);
        binary_bytes(&arrays[LOOKUP_KEY], item->key.bytes, KEY_KEPT_BYTES);
        if (claims)
            binary_bytes(&arrays[LOOKUP_TIER_OR_REPORT], item->s->key.bytes,
                         KEY_KEPT_BYTES);
        else
            binary_int2(&arrays[LOOKUP_TIER_OR_REPORT], (int)item->s->tier);
        binary_bytes(&arrays[LOOKUP_CONTENT], item->s->content_hash.bytes,
                     KEY_KEPT_BYTES);
        binary_bytes(&arrays[LOOKUP_HASH], item->s->raw_hash.bytes, KEY_BYTES);
    }
}

/* The binary value of a date parameter, without the length that binary_date() puts first.
 */
static struct pg_param
date_param(struct buf *b, int32_t day)
{
    binary_date(b, day);
    return (struct pg_param){.value = b->bytes + 4, .bytes = 4, .binary = true};
}

static bool
ask(struct store *s, struct put_row *const rows[], size_t n, int32_t first_day,
    int32_t last_day, struct err *e)
{
    struct buf arrays[LOOKUP_ARRAYS + 2] = {0};
    struct pg_param params[LOOKUP_ARRAYS + 2];
    struct pg_rows *found = NULL;
    bool ok = true;

    fill_lookup(arrays, rows, n);
    for (int a = 0; a < LOOKUP_ARRAYS; a++) {
        ok = ok && !arrays[a].failed;
        params[a] = (struct pg_param){arrays[a].bytes, arrays[a].len, true};
    }
    if (!ok || !buf_reserve(&arrays[LOOKUP_ARRAYS], 8) ||
        !buf_reserve(&arrays[LOOKUP_ARRAYS + 1], 8)) {
        ok = err_nomem(e);
    } else {
        params[LOOKUP_ARRAYS] = date_param(&arrays[LOOKUP_ARRAYS], first_day);
        params[LOOKUP_ARRAYS + 1] = date_param(&arrays[LOOKUP_ARRAYS + 1], last_day);
        ok = pg_query(s->pg,
                      &(struct pg_statement){rows_is_claim(rows[0]->item)
                                                 ? query_put_find_claimed
                                                 : query_put_find_believed,
                                             params,
                                             LOOKUP_ARRAYS + 2,
                                             {2, 0, n}},
                      &found, e);
    }
    for (size_t i = 0; ok && i < pg_row_count(found); i++) {
        size_t no = strtoul(pg_value(found, i, 0), NULL, 10) - 1;

        rows[no]->seen = pg_value(found, i, 1)[0] == 't' ? SEEN_SAME : SEEN_OTHER;
    }
    pg_rows_free(found);
    for (int a = 0; a < LOOKUP_ARRAYS + 2; a++)
        buf_clear(&arrays[a]);
    return ok;
}

bool
lookup(struct store *s, struct put_item *const items[], size_t n, struct arena *a,
       struct err *e)
{
    int32_t first_day = INT32_MAX, last_day = INT32_MIN;
    struct put_row **rows;
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += items[i]->row_count;
    if ((rows = arena_array(a, count, sizeof(struct put_row *))) == NULL)
        return err_nomem(e);
    count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!items[i]->undecided)
            continue;
        first_day = items[i]->day < first_day ? items[i]->day : first_day;
        last_day = items[i]->day > last_day ? items[i]->day : last_day;
        for (size_t k = 0; k < items[i]->row_count; k++) {
            items[i]->rows[k].seen = SEEN_NOT;
            rows[count++] = &items[i]->rows[k];
        }
    }
    return count == 0 || ask(s, rows, count, first_day, last_day, e);
}

static bool
lookup_first_kept(struct store *s, int32_t *day, struct err *e)
{
    struct pg_rows *rows = NULL;
    const char *first;

    *day = s->first_kept;
    if (clock_ms() < s->first_kept_until_ms)
        return true;
    if (!pg_query(s->pg, &(struct pg_statement){query_put_pruned, NULL, 0, {1, 1, 1}},
                  &rows, e))
        return false;
    first = pg_value(rows, 0, 0);
    *day = s->first_kept = first == NULL ? INT32_MIN : (int32_t)strtol(first, NULL, 10);
    s->first_kept_until_ms = clock_ms() + FIRST_KEPT_MS;
    pg_rows_free(rows);
    return true;
}

/* Decides those of days that were dropped: what they counted is in the daily sums, if
 * they came before. Young days, which all are as a rule, cost no question. */
bool
lookup_pruned(struct store *s, struct put_item *const items[], size_t n, struct err *e)
{
    const int32_t young = (int32_t)(time(NULL) / WHEN_DAY_S) - YOUNG_DAYS;
    int32_t first_kept;
    bool asked = false;

    for (size_t i = 0; i < n; i++) {
        char day[WHEN_DAY_SIZE];

        if (!items[i]->undecided || items[i]->day >= young)
            continue;
        if (!asked && !lookup_first_kept(s, &first_kept, e))
            return false;
        asked = true;
        if (items[i]->day >= first_kept)
            continue;
        err_clear(&items[i]->s->err);
        err_set(&items[i]->s->err, ERR_REFUSED,
                "older than %s: reports of its days were summed up and dropped",
                when_print_day(first_kept, day));
        items[i]->undecided = false;
        items[i]->s->outcome = OUTCOME_PRUNED;
    }
    return true;
}

bool
lookup_note(struct store *store, const struct put_row *row, struct err *e)
{
    const struct submission *s = row->item->s;
    char day[16], tier[8], received[24], transport[8];
    const struct pg_param params[] = {
        {.value = row->domain},
        {.value = day},
        {.value = row->item->key.bytes, .bytes = KEY_KEPT_BYTES, .binary = true},
        {.value = tier},
        {.value = s->content_hash.bytes, .bytes = KEY_KEPT_BYTES, .binary = true},
        {.value = s->raw_hash.bytes, .bytes = KEY_BYTES, .binary = true},
        {.value = received},
        {.value = transport},
        {.value = s->peer == NULL ? "" : s->peer},
    };

    snprintf(day, sizeof day, "%" PRId32, row->item->day);
    snprintf(tier, sizeof tier, "%d", (int)s->tier);
    snprintf(received, sizeof received, "%" PRId64, s->received);
    snprintf(transport, sizeof transport, "%d", (int)s->transport);
    return pg_query(
        store->pg,
        &(struct pg_statement){query_put_conflict, params, COUNT_OF(params), {1, 1, 1}},
        NULL, e);
}
