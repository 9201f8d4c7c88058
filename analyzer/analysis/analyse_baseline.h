/* The little statistics that the verdicts rest on, and a sender's own past. Pure. */
#pragma once
#include "analyzer/analysis/grid.h"

enum {
    BASELINE_DAYS = 28,  /* reported days that make a past */
    BASELINE_LEAST = 7,  /* fewer are none */
    BASELINE_SKIP = 3,   /* the latest days are left out, or a slow ramp hides in them */
    BASELINE_PRIOR = 500 /* sessions' worth of belief in one failure per thousand */
};

struct baseline {
    int64_t sessions, failed;
    int days;    /* reported days in it */
    double rate; /* with the prior */
};

/* P(X >= k) for X binomial(n, p): how surprising k failures or more are. */
double baseline_tail(int64_t n, int64_t k, double p);

/* The one-sided Wilson bounds of f/n for z standard deviations; 0 and 1 when n is 0. */
double baseline_upper(int64_t n, int64_t f, double z);
double baseline_lower(int64_t n, int64_t f, double z);

/* The middle one; sorts them. 0 when there are none. */
double baseline_median(double *values, size_t count);

/* A sender's past before `day`: its last reported days that are not marked in `skip`. */
struct baseline baseline_of(const struct grid *g, const struct grid_kind *k,
                            size_t sender, int day, const uint8_t skip[FACTS_DAYS]);
