/* Days as a picture: inline SVG of two panels over one axis, sessions above and failures,
 * which are rare, below on a scale of their own; over them numbered marks. Colours are
 * the style sheet's, by class; nothing is said by the picture alone, its page has the
 * same as tables. Pure. */
#pragma once
#include "analyzer/present/html.h"

#include <stdint.h>

enum {
    CHART_WIDE = 840, /* units; a unit is about a pixel */
    CHART_NARROW = 360,
    CHART_LANES = 5,  /* of marks; more are not drawn */
    CHART_MARKS = 64, /* at most */
};

struct chart_day {
    bool reported; /* by anybody */
    int64_t sessions, failed;
};

struct chart_mark {
    int32_t first, last; /* days since 1970; drawn as far as they are in the picture */
    const char *kind;    /* class: a word of ours */
    const char *label;   /* one to three characters, explained in a list beside */
    const char *title;
    const char *finding; /* the id of the one it leads to; NULL: none */
};

struct chart {
    int32_t first_day; /* days since 1970 */
    const struct chart_day *days;
    size_t day_count;
    const struct chart_mark
        *marks; /* by their first days, so that they take least room */
    size_t mark_count;
};

/* Days as one small row of bars, failures in front of sessions; `label` says what they
 * are. */
void chart_spark(struct html *h, const struct chart_day *days, size_t count,
                 const char *label);

/* Appends an <svg> so many units wide. */
void chart_draw(struct html *h, const struct chart *c, int width);
