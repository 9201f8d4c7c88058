/* What the pages that show day by day share. */
#pragma once
#include "analyzer/pages/page.h"
#include "base/when.h"

/* The days that the parameters ask for: up to yesterday, since a day's reports come once
 * it is over. */
struct page_days {
    int32_t first, last; /* days since 1970 */
    size_t count;
    bool cut; /* there would have been more */
    char first_text[WHEN_DAY_SIZE], last_text[WHEN_DAY_SIZE];
    const char *params[OPTIONS_PARAMS]; /* as options_params(), of these days */
};

/* The latest `most` of them; ERR_INPUT when there is none. */
MUST_USE bool page_days_find(struct page_context *p, size_t most, struct page_days *out,
                             struct err *e);

/* Appends ' href="..."' of where more is said of a day, and of `sender` if not NULL: what
 * failed, or its reports. The other parameters go along. */
void page_days_link(struct page_context *p, int32_t day, const char *sender, bool failed);

/* The findings of all domains, the latest where no other instant is asked for, so that
 * nothing is analysed anew; NULL while there are none. */
MUST_USE bool page_days_findings(struct page_context *p, const struct findings **out,
                                 struct err *e);

/* The head of a table of class "heat": months above, days below, a column for the sender
 * and with `sum` one for all days; and what its colours mean. */
void page_days_head(struct html *html, int32_t first, size_t count, bool sum);
void page_days_legend(struct html *html);

/* The heat map of what the parameters ask for. */
MUST_USE bool page_days_heat(struct page_context *p, struct err *e);

/* "2026-11-05" of a query as days since 1970. */
int32_t page_days_parse(const char *text);
