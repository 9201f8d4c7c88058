/* Numbers as people read them. Pure. */
#pragma once
#include <stdint.h>

enum {
    FIGURE_SIZE = 32
};

/* "1,234,567" and, where there is little room, "1.2 M"; into FIGURE_SIZE bytes, as all of
 * these; returns out. */
char *figure_count(int64_t n, char *out);
char *figure_brief(int64_t n, char *out);

/* "12 %", "1.2 %", "0.12 %", "0.0012 %". */
char *figure_share(int64_t part, int64_t whole, char *out);

/* The end of an axis: the least of 2, 4, 6, 8, 10, 12 or 16 times a power of ten that is
 * at least `most`, so that its half is a round number, too. */
int64_t figure_axis_end(int64_t most);
