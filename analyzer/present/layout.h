/* How wide the columns of a table are on a terminal. Pure. */
#pragma once
#include "analyzer/present/view.h"

struct layout {
    size_t count;
    const struct column *columns[VIEW_MAX_COLUMNS];
    size_t natural[VIEW_MAX_COLUMNS]; /* width of the widest text, title included */
    size_t widths[VIEW_MAX_COLUMNS];  /* as laid out; 0: spared */
};

/* Sets the widths for a terminal of `width` columns; 0: no limit. What may neither be
 * spared nor cut can still be too wide for a narrow one. */
void layout_fit(struct layout *l, size_t width);
