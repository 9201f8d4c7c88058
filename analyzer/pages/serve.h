/* The server of pages and metrics: what its answers share. */
#pragma once
#include "analyzer/latest.h"
#include "base/httpd.h"
#include "schema/store/store.h"

struct serve {
    const struct settings *settings;
    const char *uri; /* of the database, as its reader */
    struct latest *latest;
    struct store **stores; /* one for each thread; NULL: not open */
    const char *style;     /* of all pages */
    const char *policy;    /* Content-Security-Policy of the pages */
    char base[256];        /* before every path */
};

/* An address that is no page. */
struct route {
    const char *path;
    void (*answer)(struct serve *s, unsigned thread, const struct httpd_request *q,
                   struct httpd_answer *a);
};

extern const struct route routes[]; /* a NULL path ends them */

/* The thread's own connection, without a snapshot. It is closed and opened again when it
 * was lost. NULL (ERR_AGAIN, ERR_CONFIG) when there is none. */
struct store *serve_store(struct serve *s, unsigned thread, struct err *e);

/* Answers with a page: those of pages[], or one that says what is wrong. */
void serve_page(struct serve *s, unsigned thread, const struct httpd_request *q,
                struct httpd_answer *a);

/* /metrics. */
void serve_metrics(struct serve *s, unsigned thread, const struct httpd_request *q,
                   struct httpd_answer *a);

/* The inline style of all pages, and the policy that allows it and nothing else. */
MUST_USE bool page_style(struct buf *out);
MUST_USE bool page_policy(const char *style, struct buf *out);
