/* One domain's reports as a table of senders and days, and the failures of one kind laid
 * over it. Pure. */
#pragma once
#include "analyzer/analysis/facts.h"

/* Which sessions a kind of failure is a share of. */
enum grid_class {
    GRID_ANY,  /* those of the policy type with the most: types may list the same mail */
    GRID_STS,  /* those under MTA-STS */
    GRID_DANE, /* those under a TLSA policy */
    GRID_CLASSES
};

struct grid {
    const struct facts *f;
    name domain;
    name *senders; /* in order: all that reported, or those asked for */
    size_t sender_count;
    int64_t *sessions[GRID_CLASSES]; /* [sender * FACTS_DAYS + day]; 0: not reported */
    size_t first_miss, end_miss;     /* the domain's rows of f->misses */
};

struct grid_kind {
    name kind;
    enum result_type type;
    enum grid_class class;
    size_t first_miss, end_miss;
    int64_t *failed;          /* [sender * FACTS_DAYS + day] */
    int64_t most[FACTS_DAYS]; /* failures of one sender that day */
};

MUST_USE bool grid_init(struct grid *g, const struct facts *f, name domain,
                        struct err *e);
/* The same for some senders only: it costs as much as they have rows. */
MUST_USE bool grid_init_some(struct grid *g, const struct facts *f, name domain,
                             const name *senders, size_t count, struct err *e);
void grid_clear(struct grid *g);

/* The domain's kinds one after the other: `from` is g->first_miss first, then
 * k->end_miss; false at the end, or when memory runs out (then e says so). k is cleared
 * and filled. */
MUST_USE bool grid_next_kind(const struct grid *g, size_t from, struct grid_kind *k,
                             struct err *e);
/* One kind; one without failures if the domain has none. */
MUST_USE bool grid_find_kind(const struct grid *g, name kind, struct grid_kind *k,
                             struct err *e);
void grid_kind_clear(struct grid_kind *k);

/* Sessions that could have failed this way; never fewer than did. */
int64_t grid_sessions(const struct grid *g, const struct grid_kind *k, size_t sender,
                      int day);
int64_t grid_failed(const struct grid_kind *k, size_t sender, int day);
size_t grid_sender(const struct grid *g, name sender); /* sender_count if none */

/* How many places the domain has: addresses or hosts, declared or seen in failures. */
size_t grid_places(const struct grid *g);

enum grid_class grid_class_of(enum result_type type);
