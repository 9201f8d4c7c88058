/* What can be spared goes first, then long texts are cut; room that is left goes back to
 * them. */
#include "analyzer/present/layout.h"

enum {
    COMFORTABLE_TEXT = 24, /* a text is cut to this before a column is spared */
    COMFORTABLE_LIST = 12, /* so is a list */
    LEAST_WIDTH = 8,
    BETWEEN = 2, /* blanks between columns */
};

static bool
may_cut(const struct column *column)
{
    return column->spare >= 0 &&
           (column->type == COLUMN_TEXT || column->type == COLUMN_LIST);
}

static size_t
total_width(const struct layout *l)
{
    size_t total = 0;

    for (size_t i = 0; i < l->count; i++)
        total += l->widths[i] == 0 ? 0 : l->widths[i] + BETWEEN;
    return total - BETWEEN;
}

/* The column to spare next; `count` when there is none. */
static size_t
find_spare(const struct layout *l)
{
    size_t found = l->count;
    int most = 0;

    for (size_t i = 0; i < l->count; i++) {
        if (l->widths[i] != 0 && l->columns[i]->spare > most) {
            most = l->columns[i]->spare;
            found = i;
        }
    }
    return found;
}

/* The widest text column that can be cut further; `count` when there is none. */
static size_t
find_widest(const struct layout *l)
{
    size_t found = l->count, most = LEAST_WIDTH;

    for (size_t i = 0; i < l->count; i++) {
        if (may_cut(l->columns[i]) && l->widths[i] > most) {
            most = l->widths[i];
            found = i;
        }
    }
    return found;
}

/* Hands room that is left to the texts that were cut. */
static void
widen(struct layout *l, size_t room)
{
    bool more = room > 0;

    while (more) {
        more = false;
        for (size_t i = 0; i < l->count && room > 0; i++) {
            if (l->widths[i] != 0 && l->widths[i] < l->natural[i]) {
                l->widths[i]++;
                room--;
                more = room > 0;
            }
        }
    }
}

void
layout_fit(struct layout *l, size_t width)
{
    size_t i, comfortable;

    for (i = 0; i < l->count; i++) {
        l->widths[i] = l->natural[i];
        if (width == 0 || !may_cut(l->columns[i]))
            continue;
        comfortable =
            l->columns[i]->type == COLUMN_LIST ? COMFORTABLE_LIST : COMFORTABLE_TEXT;
        if (l->widths[i] > comfortable)
            l->widths[i] = comfortable;
    }
    if (width == 0)
        return;
    while (total_width(l) > width && (i = find_spare(l)) < l->count)
        l->widths[i] = 0;
    while (total_width(l) > width && (i = find_widest(l)) < l->count)
        l->widths[i]--;
    if (total_width(l) < width)
        widen(l, width - total_width(l));
}
