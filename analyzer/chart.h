/* Days as a picture: inline SVG of two panels over one axis, sessions above and failures,
 * which are rare, below on a scale of their own; over them numbered marks. Colours are
 * the style sheet's, by class; nothing is said by the picture alone, its page has the
 * same as tables. Pure. */
#pragma once
#include "base/buf.h"

#include <stdint.h>

enum {
    CHART_WIDE = 840, /* units; a unit is about a pixel */
    CHART_NARROW = 360,
    CHART_LANES = 5,   /* of marks; more are not drawn */
    CHART_MARKS = 64,  /* at most */
    CHART_NUMBER = 32, /* room for a number */
};

struct chart_day {
    int64_t reports; /* 0: nobody reported */
    int64_t sessions, failed;
};

struct chart_mark {
    int32_t first, last; /* days since 1970; drawn as far as they are in the picture */
    const char *kind;    /* class: a word of ours */
    const char *label;   /* one to three characters, explained in a list beside */
    const char *title;   /* escaped here */
    const char *href;    /* escaped here; NULL: no link */
};

struct chart {
    int32_t first_day; /* days since 1970 */
    const struct chart_day *days;
    size_t day_count;
    const struct chart_mark *marks; /* by their first days, so that they take least room */
    size_t mark_count;
};

/* Appends an <svg> so many units wide; false when memory runs out. */
bool chart_draw(struct buf *out, const struct chart *c, int width);

/* "1,234,567" and, where there is little room, "1.2 M"; into CHART_NUMBER bytes; returns
 * out. */
char *chart_number(int64_t n, char *out);
char *chart_short_number(int64_t n, char *out);

/* The end of an axis: the least of 2, 4, 6, 8 or 10 times a power of ten that is at least
 * `most`, so that its half is a round number, too. */
int64_t chart_axis_end(int64_t most);
