/* Failures by place: addresses, hosts, networks or reason codes, and how many each had in
 * the past that an incident is compared with. */
#pragma once
#include "analyzer/analysis/facts.h"

struct spot {
    name at;
    int64_t failed, past;
};

struct spots {
    struct spot *rows; /* in the order in which they were first added */
    size_t count, size;
    uint32_t *slots; /* hash table over rows: number + 1 */
};

MUST_USE bool spots_add(struct spots *l, name at, int64_t failed, int64_t past,
                        struct err *e);
void spots_clear(struct spots *l);

/* How many fail: a noticeable part of all, and more than three times what `past_days`
 * days of the past explain for `days` days. */
int spots_failing(const struct spots *l, int days, int past_days);
