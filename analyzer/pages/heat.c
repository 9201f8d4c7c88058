#include "analyzer/pages/heat.h"

#include "base/when.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
heat_init(struct heat *h, int32_t last_day, size_t days, struct err *e)
{
    days = days < HEAT_DAYS ? days : HEAT_DAYS;
    *h = (struct heat){.day_count = days + HEAT_HABIT};
    h->first_day = last_day + 1 - (int32_t)h->day_count;
    h->rows = calloc(HEAT_SENDERS + 1, sizeof *h->rows);
    return h->rows != NULL ? true : err_nomem(e);
}

void
heat_clear(struct heat *h)
{
    free(h->rows);
    *h = (struct heat){0};
}

static int64_t
sum(int64_t a, int64_t b)
{
    return b > INT64_MAX - a ? INT64_MAX : a + b;
}

void
heat_add(struct heat *h, const char *sender, int32_t day, const struct heat_cell *cell)
{
    struct heat_row *row = &h->rows[h->row_count - (h->row_count > 0)];
    int64_t at = (int64_t)day - h->first_day;

    if (at < 0 || at >= (int64_t)h->day_count)
        return;
    sender = sender != NULL ? sender : "";
    if (h->row_count == 0 || strcmp(row->sender, sender) != 0) {
        if (h->row_count > HEAT_SENDERS)
            return;
        row = &h->rows[h->row_count++];
        (void)snprintf(row->sender, sizeof row->sender, "%s", sender);
    }
    row->cells[at] = *cell;
    row->cells[at].state = HEAT_REPORTED;
    if (at >= HEAT_HABIT) {
        row->sessions = sum(row->sessions, cell->sessions);
        row->failed = sum(row->failed, cell->failed);
    }
}

static int
compare_lags(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

/* Hours after the end of a day within which four of five reports have come, and more. */
static int32_t
limit_h(const struct heat *h, const struct heat_row *row)
{
    int32_t lags[HEAT_HABIT + HEAT_DAYS];
    size_t n = 0;

    for (size_t i = 0; i < h->day_count; i++) {
        if (row->cells[i].state == HEAT_REPORTED)
            lags[n++] = row->cells[i].lag_h;
    }
    if (n == 0)
        return HEAT_MARGIN_H;
    qsort(lags, n, sizeof *lags, compare_lags);
    return lags[n * 4 / 5] + HEAT_MARGIN_H;
}

/* Did the sender report on three days in four of the fortnight that ends with `last`? Of
 * one that is new, of the days since `first`, when there are some. */
static bool
is_habit(const struct heat_row *row, size_t first, size_t last)
{
    size_t from = last + 1 >= HEAT_HABIT ? last + 1 - HEAT_HABIT : 0, reported = 0;

    from = from > first ? from : first;
    for (size_t i = from; i <= last; i++)
        reported += row->cells[i].state == HEAT_REPORTED;
    return reported >= 4 && reported * 4 >= (last + 1 - from) * 3;
}

static void
find_missing(const struct heat *h, struct heat_row *row, int64_t now)
{
    int64_t limit_s = limit_h(h, row) * 3600LL;
    size_t first = h->day_count, last = 0;
    bool expected = false;

    for (size_t i = 0; i < h->day_count; i++) {
        if (row->cells[i].state == HEAT_REPORTED) {
            first = first < i ? first : i;
            last = i;
            expected = is_habit(row, first, last);
        } else if (expected && i - last <= HEAT_SILENT &&
                   now >= (h->first_day + (int64_t)i + 1) * WHEN_DAY_S + limit_s) {
            row->cells[i].state = HEAT_MISSING;
        }
    }
}

void
heat_finish(struct heat *h, int64_t now)
{
    for (size_t i = 0; i < h->row_count; i++) {
        if (h->rows[i].sender[0] != '\0')
            find_missing(h, &h->rows[i], now);
    }
}

int
heat_level(int64_t sessions, int64_t failed)
{
    static const double bounds[HEAT_LEVELS - 2] = {.01, .05, .2, .5};
    double share = sessions > 0 ? (double)failed / (double)sessions : 0;
    int level = 1;

    if (failed <= 0 || sessions <= 0)
        return 0;
    while (level < HEAT_LEVELS - 1 && share >= bounds[level - 1])
        level++;
    return level;
}

char *
heat_text(int64_t sessions, int64_t failed, char *out)
{
    double percent = sessions > 0 ? 100 * (double)failed / (double)sessions : 0;

    if (sessions <= 0)
        (void)snprintf(out, HEAT_TEXT, "-");
    else if (failed > 0 && percent < 1)
        (void)snprintf(out, HEAT_TEXT, "<1 %%");
    else if (failed < sessions && percent > 99)
        (void)snprintf(out, HEAT_TEXT, ">99 %%");
    else
        (void)snprintf(out, HEAT_TEXT, "%d %%", (int)percent);
    return out;
}
