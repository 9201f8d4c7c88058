/* What a trend is marked with: incidents, and changes of policy. Pure. */
#pragma once
#include "analyzer/analysis/analyse.h"
#include "analyzer/pages/chart.h"

enum {
    TREND_INCIDENTS = 40, /* the worst */
    TREND_CHANGES = 20,   /* those that most senders saw */
    TREND_LABEL = 24,
};

struct trend_change {
    int32_t day;
    const char *domain, *type, *policy;
    int senders; /* that saw it; 0: it was declared */
    char letter;
};

struct trend_incident {
    const struct finding *finding;
    int32_t first, last; /* days since 1970; an open one lasts to the end */
    char label[TREND_LABEL];
};

struct trend_marks {
    struct trend_incident incidents[TREND_INCIDENTS];
    struct trend_change changes[TREND_CHANGES];
    size_t incident_count, change_count;
    char days[TREND_CHANGES][TREND_LABEL]; /* labels of changes: "a", "b-e" */
    struct chart_mark marks[TREND_INCIDENTS + TREND_CHANGES]; /* of both, by day */
    size_t mark_count;
};

/* What is marked; NULL: all. */
struct trend_asked {
    const char *domain, *sender;
    int32_t first, last; /* days since 1970 */
};

/* Findings of severity warning and critical, what was declared, and policies that senders
 * saw after another one. Texts stay those of the facts. */
void trend_marks_find(struct trend_marks *t, const struct facts *f,
                      const struct analysis *a, const struct trend_asked *asked);
