/* Days on which a domain fails in some way that its past does not explain. A rate counts
 * against that sender's and domain's own past, and one sender's bad day at one of our
 * addresses is not enough: it must be seen by several senders, or at several addresses,
 * or go on. Where days are too thin to tell, blocks of them are judged by the same
 * questions. Pure. */
#pragma once
#include "analyzer/analysis/grid.h"

enum sighting_strength {
    SIGHTING_WEAK,  /* one sender, and nothing to compare within it */
    SIGHTING_CLEAR, /* counts, on a second day */
    SIGHTING_LARGE, /* most senders, a large share, or a block of days: counts at once */
    SIGHTING_PLAIN, /* most senders fail most of their sessions: needs no past */
    SIGHTING_FOREIGN, /* at an address that is not ours: counts at once */
};

struct sighting {
    name kind, domain;
    name sender; /* 0: (nearly) everybody */
    int16_t day;
    enum sighting_strength strength;
    int16_t known; /* the day on which it could be told: of a block the last */
};

struct sightings {
    struct sighting *rows;
    size_t count;
};

/* Appends the sightings of one domain and kind, day by day. */
MUST_USE bool regression_find(const struct grid *g, const struct grid_kind *k,
                              const uint8_t *excluded, struct sightings *out,
                              struct err *e);
