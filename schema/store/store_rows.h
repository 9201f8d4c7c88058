/* A batch as rows: what each submission becomes in the tables of reports, believed or
 * claimed, and in the tally of what the running totals do not have yet. */
#pragma once
#include "schema/store/store_conn.h"

enum {
    /* What the rows of a report may take: so much, and so many times its own bytes. */
    ROWS_BYTES = 64 << 10,
    ROWS_TIMES = 20,
};

enum seen {
    SEEN_NOT,   /* this policy domain of the report is new */
    SEEN_SAME,  /* it is there, and says the same */
    SEEN_OTHER, /* it is there, and says something else */
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
    struct key key; /* of the submission, or of the claim that it is */
    int32_t day;
    struct put_row *rows; /* by policy domain, as the report lists them */
    size_t row_count;
    struct put_item *
        twin; /* the one before it of the same key and tier that says the same, or NULL */
    int64_t bytes; /* that its rows and its own bytes take, about */
    bool undecided;
    bool culprit; /* PostgreSQL will not take it */
};

/* Makes an item of an accepted submission. */
MUST_USE bool rows_init(struct put_item *item, struct submission *s, struct arena *a,
                        struct err *e);

/* Is it only claimed? Then it goes into the tables of claims. */
bool rows_is_claim(const struct put_item *item);

/* The order of identities as if all were believed, then of tiers. */
int rows_compare_items(const struct put_item *a, const struct put_item *b);

/* Fills `sorted` with the items to look at, in order of identity, and says how many. Left
 * out are culprits, and who says the same again, the twins of the first. */
size_t rows_sort(struct put_item items[], size_t count, struct put_item *sorted[]);

/* Writes the rows of `items`, all claims or none, that are SEEN_NOT as COPY data, sorted
 * by the key of policy_result over all items, so that two writers wait for each other in
 * one order only.
 */
MUST_USE bool rows_encode(struct put_item *const items[], size_t n,
                          struct buf copies[STORE_TABLES], struct arena *a,
                          struct err *e);
