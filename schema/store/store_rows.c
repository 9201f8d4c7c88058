/* The columns stand in the order of put_believed.sql. */
#include "schema/store/store_rows.h"

#include "base/count.h"
#include "schema/store/pg_binary.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    POLICY_COLUMNS = 19, /* one more of a claim */
    FAILURE_COLUMNS = 8,
    REPORT_COLUMNS = 20, /* three more of a claim */
    ROW_BYTES = 120,     /* of any row, its keys and its share of an index */
    RAW_COLUMNS = 5,
    TALLY_COLUMNS = 11,
};

static const char *
text_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

bool
rows_is_claim(const struct put_item *item)
{
    return item->s->tier == TIER_UNVERIFIED;
}

static int64_t
bytes_of(const char *const *texts, size_t n)
{
    int64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += texts[i] == NULL ? 0 : (int64_t)strlen(texts[i]) + 4;
    return sum;
}

/* Of its rows, before PostgreSQL compresses what it can. */
static int64_t
rows_bytes(const struct report *r)
{
    const char *const head[] = {r->organization, r->contact_info, r->report_id,
                                r->submitter};
    int64_t sum = (int64_t)2 * ROW_BYTES + bytes_of(head, COUNT_OF(head));

    for (size_t i = 0; i < r->policy_count; i++) {
        const struct policy *p = &r->policies[i];
        const char *const names[] = {r->sender, p->domain, p->type_text, r->organization};

        sum += ROW_BYTES + bytes_of(names, COUNT_OF(names)) +
               bytes_of(p->policy_string, p->policy_string_count) +
               bytes_of(p->mx_host, p->mx_host_count);
        for (size_t k = 0; k < p->detail_count; k++) {
            const struct failure_detail *d = &p->details[k];
            const char *const texts[] = {
                d->result_type_text,   d->sending_mta_ip, d->receiving_mx_hostname,
                d->receiving_mx_helo,  d->receiving_ip,   d->additional_information,
                d->failure_reason_code};

            sum += 8 + bytes_of(texts, COUNT_OF(texts));
        }
    }
    return sum;
}

bool
rows_init(struct put_item *item, struct submission *s, struct arena *a, struct err *e)
{
    const struct report *r = s->report;
    struct put_row *rows = arena_array(a, r->policy_count, sizeof *rows);

    if (rows == NULL)
        return err_nomem(e);
    *item = (struct put_item){.s = s,
                              .key = s->key,
                              .rows = rows,
                              .day = report_day(r->start, r->end),
                              .undecided = true};
    item->bytes = rows_bytes(r);
    if (item->bytes > ROWS_BYTES + ROWS_TIMES * (int64_t)s->raw_bytes &&
        s->tier != TIER_OPERATOR) {
        item->culprit = true;
        err_set(&s->err, ERR_INPUT,
                "its rows would take %" PRId64
                " bytes, %d and %d times its own %zu at most",
                item->bytes, ROWS_BYTES, ROWS_TIMES, s->raw_bytes);
    }
    item->bytes += (int64_t)s->raw_bytes;
    if (rows_is_claim(item))
        item->key = key_of_claim(&s->key, text_or_empty(s->source));
    for (size_t i = 0; i < r->policy_count; i++) {
        size_t k = 0;

        if (r->policies[i].domain == NULL)
            continue;
        while (k < item->row_count && strcmp(rows[k].domain, r->policies[i].domain) != 0)
            k++;
        if (k == item->row_count)
            rows[item->row_count++] =
                (struct put_row){.item = item, .domain = r->policies[i].domain};
    }
    return true;
}

int
rows_compare_items(const struct put_item *a, const struct put_item *b)
{
    int order = memcmp(a->s->key.bytes, b->s->key.bytes, KEY_BYTES);

    return order != 0 ? order : (int)a->s->tier - (int)b->s->tier;
}

static int
compare_items(const void *x, const void *y)
{
    const struct put_item *a = *(struct put_item *const *)x,
                          *b = *(struct put_item *const *)y;
    int order = rows_compare_items(a, b);

    if (order == 0)
        order = memcmp(&a->s->content_hash, &b->s->content_hash, KEY_BYTES);
    return order != 0 ? order : (a > b) - (a < b);
}

size_t
rows_sort(struct put_item items[], size_t count, struct put_item *sorted[])
{
    size_t kept = 0, n = 0;

    for (size_t i = 0; i < count; i++)
        if (!items[i].culprit)
            sorted[n++] = &items[i];
    qsort(sorted, n, sizeof(struct put_item *), compare_items);
    for (size_t i = 0; i < n; i++) {
        struct put_item *last = kept == 0 ? NULL : sorted[kept - 1], *item = sorted[i];

        if (last != NULL && rows_compare_items(last, item) == 0 &&
            memcmp(&last->s->content_hash, &item->s->content_hash, KEY_BYTES) == 0)
            item->twin = last;
        else
            sorted[kept++] = item;
    }
    return kept;
}

static int
compare_rows(const void *x, const void *y)
{
    const struct put_row *a = *(struct put_row *const *)x,
                         *b = *(struct put_row *const *)y;
    int order = strcmp(a->domain, b->domain);

    if (order == 0)
        order = (a->item->day > b->item->day) - (a->item->day < b->item->day);
    return order != 0 ? order : rows_compare_items(a->item, b->item);
}

static bool
is_long_window(const struct report *r)
{
    return r->end - r->start > REPORT_LONG_WINDOW_S;
}

static void
put_null(struct buf *b)
{
    binary_text(b, NULL);
}

static void
put_quirks(struct buf *b, quirk_set set)
{
    const char *names[QUIRK_COUNT];
    size_t n = 0;

    for (int q = 0; q < QUIRK_COUNT; q++)
        if ((set & QUIRK_BIT(q)) != 0)
            names[n++] = quirk_text((enum quirk)q);
    if (n == 0)
        put_null(b);
    else
        binary_text_array(b, names, n);
}

/* Nearly always it says once more what the policy's own lines do. */
static void
put_mx_host(struct buf *b, const struct policy *p)
{
    static const char start[] = "mx: ";
    size_t same = 0, lines = 0;
    bool split = false; /* a string that will be read as several lines */

    for (size_t i = 0; i < p->policy_string_count; i++) {
        const char *line = p->policy_string[i];

        split = split || strchr(line, '\n') != NULL;
        if (strncmp(line, start, strlen(start)) != 0)
            continue;
        if (same < p->mx_host_count &&
            strcmp(line + strlen(start), p->mx_host[same]) == 0)
            same++;
        lines++;
    }
    if (!split && same == lines && same == p->mx_host_count)
        put_null(b);
    else
        binary_text_array(b, p->mx_host, p->mx_host_count);
}

static void
put_failures(struct buf *b, const struct policy *p)
{
    size_t array;

    if (p->detail_count == 0) {
        put_null(b);
        return;
    }
    array = binary_list_start(b, BINARY_RECORD, p->detail_count);
    for (size_t i = 0; i < p->detail_count; i++) {
        const struct failure_detail *d = &p->details[i];
        size_t row = binary_record_start(b, FAILURE_COLUMNS);

        binary_record_int8(b, d->failed_sessions);
        binary_record_text(b, d->result_type_text);
        binary_record_text(b, d->sending_mta_ip);
        binary_record_text(b, d->receiving_mx_hostname);
        binary_record_text(b, d->receiving_mx_helo);
        binary_record_text(b, d->receiving_ip);
        binary_record_text(b, d->additional_information);
        binary_record_text(b, d->failure_reason_code);
        binary_end(b, row);
    }
    binary_end(b, array);
}

static void
put_policy(struct buf *b, const struct put_row *row, size_t policy_no, int nth)
{
    const struct submission *s = row->item->s;
    const struct policy *p = &s->report->policies[policy_no];

    binary_row(b, POLICY_COLUMNS + rows_is_claim(row->item));
    binary_instant(b, s->received);
    binary_int8(b, p->successful_sessions);
    binary_int8(b, p->failed_sessions);
    binary_date(b, row->item->day);
    binary_int2(b, (int)s->tier);
    binary_int2(b, nth);
    binary_int2(b, (int)policy_no);
    binary_bool(b, p->leading);
    binary_bool(b, is_long_window(s->report));
    binary_bytes(b, row->item->key.bytes, KEY_KEPT_BYTES);
    if (nth == 0)
        binary_bytes(b, s->content_hash.bytes, KEY_KEPT_BYTES);
    else
        put_null(b);
    binary_text(b, row->domain);
    binary_text(b, s->report->sender);
    binary_text(b, p->type_text);
    binary_text(b, p->leading ? text_or_empty(s->report->organization) : NULL);
    put_quirks(b, p->leading ? s->report->quirks : 0);
    binary_lines(b, p->policy_string, p->policy_string_count);
    put_mx_host(b, p);
    put_failures(b, p);
    if (rows_is_claim(row->item))
        binary_bytes(b, s->key.bytes, KEY_KEPT_BYTES);
}

static void
put_report(struct buf *b, const struct put_row *row, const char *const domains[])
{
    const struct submission *s = row->item->s;
    const struct report *r = s->report;

    binary_row(b, REPORT_COLUMNS + 3 * rows_is_claim(row->item));
    binary_instant(b, s->received);
    binary_instant(b, r->start);
    binary_instant(b, r->end);
    binary_date(b, row->item->day);
    binary_int2(b, (int)s->tier);
    binary_int2(b, (int)s->transport);
    binary_bool(b, is_long_window(r));
    binary_bytes(b, row->item->key.bytes, KEY_KEPT_BYTES);
    binary_bytes(b, s->raw_hash.bytes, KEY_BYTES);
    binary_text(b, row->domain);
    if (row->item->row_count == 1)
        put_null(b);
    else
        binary_text_array(b, domains, row->item->row_count);
    binary_text(b, r->sender);
    binary_text(b, r->submitter != NULL && strcmp(r->submitter, r->sender) == 0
                       ? NULL
                       : text_or_empty(r->submitter));
    binary_text(b, text_or_empty(r->organization));
    binary_text(b, r->contact_info);
    binary_text(b, text_or_empty(r->report_id));
    binary_text(b, text_or_empty(s->peer));
    binary_text(b, text_or_empty(s->peer_name));
    binary_text(b, text_or_empty(s->trust_reason));
    put_quirks(b, r->quirks);
    if (rows_is_claim(row->item)) {
        binary_bytes(b, s->key.bytes, KEY_KEPT_BYTES);
        binary_text(b, text_or_empty(s->source));
        binary_int4(
            b, (int32_t)(row->item->bytes < INT32_MAX ? row->item->bytes : INT32_MAX));
    }
}

static void
put_raw(struct buf *b, const struct put_row *row)
{
    const struct submission *s = row->item->s;

    binary_row(b, RAW_COLUMNS);
    binary_date(b, row->item->day);
    binary_int2(b, (int)s->tier);
    binary_bytes(b, row->item->key.bytes, KEY_KEPT_BYTES);
    binary_text(b, row->domain);
    binary_bytes(b, s->raw, s->raw_bytes);
}

/* What the running totals are to gain by a row. */
struct gain {
    int64_t successful, failed;
    int64_t failures[RESULT_OTHER + 1]; /* in the words of RFC 8460 */
};

static void
add_policy(struct gain *g, const struct policy *p)
{
    g->successful = report_add(g->successful, p->successful_sessions);
    g->failed = report_add(g->failed, p->failed_sessions);
    for (size_t i = 0; i < p->detail_count; i++) {
        const struct failure_detail *d = &p->details[i];
        int64_t *sum = &g->failures[result_type_parse(d->result_type_text)];

        *sum = report_add(*sum, d->failed_sessions);
    }
}

static void
put_gained_failures(struct buf *b, const struct gain *g)
{
    const char *types[RESULT_OTHER + 1];
    size_t n = 0, list;

    for (int t = 0; t <= RESULT_OTHER; t++)
        if (g->failures[t] != 0)
            types[n++] = result_type_text((enum result_type)t);
    if (n == 0) {
        binary_text(b, NULL);
        binary_text(b, NULL);
        return;
    }
    binary_text_array(b, types, n);
    list = binary_list_start(b, BINARY_INT8, n);
    for (int t = 0; t <= RESULT_OTHER; t++)
        if (g->failures[t] != 0)
            binary_int8(b, g->failures[t]);
    binary_end(b, list);
}

/* What the running totals do not have yet, kept with it: of the policy types that a
 * report lists for a domain only the leading one counts. */
static void
put_tally(struct buf *b, const struct put_row *row)
{
    const struct submission *s = row->item->s;
    const struct report *r = s->report;
    struct gain gain = {0};

    for (size_t i = 0; i < r->policy_count; i++)
        if (r->policies[i].leading && r->policies[i].domain != NULL &&
            strcmp(r->policies[i].domain, row->domain) == 0)
            add_policy(&gain, &r->policies[i]);

    binary_row(b, TALLY_COLUMNS);
    binary_text(b, row->domain);
    binary_date(b, row->item->day);
    binary_int2(b, (int)s->tier);
    binary_int2(b, (int)s->transport);
    binary_text(b, r->sender);
    binary_instant(b, s->received);
    if (row->first)
        binary_int8(b, s->received > r->end ? s->received - r->end : 0);
    else
        binary_text(b, NULL);
    binary_int8(b, gain.successful);
    binary_int8(b, gain.failed);
    put_gained_failures(b, &gain);
}

/* The report and its bytes, under the first of its rows. */
static bool
put_first(struct buf copies[], const struct put_row *row, struct arena *a, struct err *e)
{
    const struct put_item *item = row->item;
    const char **domains = arena_array(a, item->row_count, sizeof *domains);

    if (domains == NULL)
        return err_nomem(e);
    for (size_t i = 0; i < item->row_count; i++)
        domains[i] = item->rows[i].domain;
    put_report(&copies[TABLE_REPORT], row, domains);
    put_raw(&copies[TABLE_RAW], row);
    return true;
}

static bool
put_row(struct buf copies[], const struct put_row *row, struct arena *a, struct err *e)
{
    const struct report *r = row->item->s->report;
    int nth = 0;

    for (size_t i = 0; i < r->policy_count; i++) {
        if (r->policies[i].domain == NULL ||
            strcmp(r->policies[i].domain, row->domain) != 0)
            continue;
        put_policy(&copies[TABLE_POLICY], row, i, nth++);
    }
    put_tally(&copies[TABLE_TALLY], row);
    return !row->first || put_first(copies, row, a, e);
}

/* The new rows of an item. The report goes under the first of them, unless it is kept
 * already under a policy domain that was there. */
static size_t
collect(struct put_item *item, struct put_row **out)
{
    bool kept = false;
    size_t n = 0;

    for (size_t i = 0; i < item->row_count; i++)
        kept = kept || item->rows[i].seen == SEEN_SAME;
    for (size_t i = 0; i < item->row_count; i++) {
        if (item->rows[i].seen != SEEN_NOT)
            continue;
        item->rows[i].first = !kept;
        kept = true;
        out[n++] = &item->rows[i];
    }
    return n;
}

bool
rows_encode(struct put_item *const items[], size_t n, struct buf copies[STORE_TABLES],
            struct arena *a, struct err *e)
{
    struct put_row **rows;
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += items[i]->row_count;
    if ((rows = arena_array(a, count, sizeof(struct put_row *))) == NULL)
        return err_nomem(e);
    count = 0;
    for (size_t i = 0; i < n; i++)
        count += collect(items[i], rows + count);
    qsort(rows, count, sizeof(struct put_row *), compare_rows);
    for (int t = 0; t < STORE_TABLES; t++) {
        buf_reset(&copies[t]);
        binary_copy_start(&copies[t]);
    }
    for (size_t i = 0; i < count; i++)
        if (!put_row(copies, rows[i], a, e))
            return false;
    for (int t = 0; t < STORE_TABLES; t++) {
        binary_copy_end(&copies[t]);
        if (copies[t].failed)
            return err_nomem(e);
    }
    return true;
}
