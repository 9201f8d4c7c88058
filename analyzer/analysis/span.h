/* Some days of one domain and one kind of failure, judged as one: a single day where
 * there is traffic, a block of reported days where days are too thin to tell. Pure. */
#pragma once
#include "analyzer/analysis/grid.h"

enum {
    SPAN_LONGEST = 16, /* reported days in the longest block */
    SPAN_POWER = 4,    /* failures to be expected before their absence speaks */
};

/* What happened day by day. */
struct flow {
    int64_t sessions[FACTS_DAYS], failed[FACTS_DAYS];
};

/* One sender's days, taken together. */
struct unit {
    name sender;
    int64_t sessions, failed;
    double rate; /* of its past */
    bool established, elevated;
};

struct span {
    const struct grid *g;
    const struct grid_kind *k;
    const uint8_t *excluded;  /* by name: senders that do not count */
    uint8_t skip[FACTS_DAYS]; /* days that are no example of ordinary ones */
    struct flow all;          /* of all senders that count */
    size_t places;            /* that the domain has */
    int first, last;
    struct unit *units; /* senders with sessions in it */
    size_t count, elevated;
};

/* Where one sender's failures went. */
struct places {
    name top;     /* where most went; 0 when not told */
    double share; /* of all that tell a place */
    int64_t told;
    int64_t foreign; /* at addresses that are declared not to be ours */
};

/* How often days fail, beside how often they did before. */
struct habit_break {
    int64_t sessions, failed; /* of the days looked at */
    int days, failing;        /* reported, and those on which it failed noticeably */
    int past_days;
    double chance; /* that so many fail, by the past */
};

MUST_USE bool span_init(struct span *s, const struct grid *g, const struct grid_kind *k,
                        const uint8_t *excluded, struct err *e);
void span_clear(struct span *s);

/* Looks at the days first..last: fills the units. */
void span_look(struct span *s, int first, int last);
struct places span_places(const struct span *s, name sender);
struct flow span_flow_of(const struct span *s, size_t sender);

/* The first failing day of the `grain` reported days that end with `day`, as far back as
 * failures follow one another: not across so many clean sessions that they would show. */
int flow_begin(const struct flow *w, int day, int grain);

/* Days above `rate` are failing ones. */
struct habit_break flow_break(const struct flow *w, const uint8_t skip[FACTS_DAYS],
                              int first, int last, double rate);

/* The rate that is three times the odds of another: everyday rates vary so much. */
double span_bound(double rate);

/* Is f of n more than the rate explains, on an overdispersed day? */
bool span_is_elevated(int64_t n, int64_t f, double rate);
