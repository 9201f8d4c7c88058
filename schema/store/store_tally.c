/* Of the policy types that a report lists for a domain only the leading one counts. */
#include "schema/store/store_tally.h"

#include "schema/store/pg_binary.h"

#include <string.h>

enum {
    TALLY_COLUMNS = 11
};

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

void
tally_put(struct buf *b, const struct put_row *row)
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
