/* What stands around every page. */
#pragma once
#include "analyzer/pages/page.h"

/* All before the content. p->page is NULL for what is no page. */
void page_head(struct page_context *p, const char *style, const char *title);

/* All after it. `path`: where its rows are, less the end; NULL: it has none. */
void page_foot(struct page_context *p, const char *path);
