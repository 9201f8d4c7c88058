/* A batch as rows: what each submission becomes in the three tables of reports, and
 * in the tally of what the running totals do not have yet. */
#pragma once
#include "schema/store/store_conn.h"

enum seen {
    SEEN_NOT,   /* this policy domain of the report is new */
    SEEN_SAME,  /* it is there, with the same bytes */
    SEEN_OTHER, /* it is there, with other bytes */
};

/* One policy domain of one submission: its rows of policy_result. */
struct put_row {
    const struct put_item *item;
    const char *domain;
    enum seen seen;
    bool first; /* under it the report and its bytes are kept */
};

struct put_item {
    struct submission *s;
    int32_t day;
    struct put_row *rows; /* by policy domain, as the report lists them */
    size_t row_count;
    struct put_item
        *twin; /* the one before it with the same key, tier and bytes, or NULL */
    bool undecided;
    bool culprit; /* PostgreSQL will not take it */
};

/* Makes an item of an accepted submission. */
MUST_USE bool rows_init(struct put_item *item, struct submission *s, struct arena *a,
                        struct err *e);

/* The order of identities, then of tiers. */
int rows_compare_items(const struct put_item *a, const struct put_item *b);

/* Fills `sorted` with the items to look at, in order of identity, and says how many. Left
 * out are culprits, and the same bytes again, which become the twins of the first. */
size_t rows_sort(struct put_item items[], size_t count, struct put_item *sorted[]);

/* Writes the rows of `items` that are SEEN_NOT as COPY data, sorted by the key of
 * policy_result over all items, so that two writers wait for each other in one order
 * only.
 */
MUST_USE bool rows_encode(struct put_item *const items[], size_t n,
                          struct buf copies[STORE_TABLES], struct arena *a,
                          struct err *e);
