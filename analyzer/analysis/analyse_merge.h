/* Days on which something was seen, made into incidents: one incident, one finding, with
 * an identity that does not change from day to day. Pure. */
#pragma once
#include "analyzer/analysis/analyse_regression.h"
#include "analyzer/analysis/finding.h"

struct incident {
    name kind;
    name sender;              /* whose it was first; 0: (nearly) everybody's */
    bool crowd;               /* several senders': theirs who agree */
    name domain;              /* the first of those it was founded on */
    uint8_t days[FACTS_DAYS]; /* strength + 1 of the strongest sighting */
    int16_t first, last;
    int16_t founded; /* the day on which it became worth an alarm */
    struct name_list domains;
    struct name_list other_words; /* senders that call it by a vaguer name */
    bool older;                   /* a later episode has the plain identity */
    bool absorbed;
    size_t root; /* of those that are one, while merging */
};

struct incidents {
    struct incident *rows;
    size_t count;
};

/* Those that are worth an alarm. Sorts the sightings. */
MUST_USE bool merge_sightings(const struct facts *f, struct sightings *s,
                              struct incidents *out, struct err *e);
void merge_clear(struct incidents *list);
