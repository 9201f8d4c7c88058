/* The findings of now, kept ready for pages and metrics: a thread of its own makes them
 * anew when they have grown old, so that no request waits for the analysis, and none
 * starts a second one. */
#pragma once
#include "analyzer/findings.h"

struct latest;

/* One answer; as long as it is held it does not change. */
struct latest_view {
    int64_t as_of; /* 0: there is none yet */
    const struct findings *findings;
    const char *error; /* NULL: the last attempt succeeded */
    void *held;
};

/* `uri`: as whom it reads. `settings` must outlive it. Analyses at once, and again when
 * the findings are settings->web.refresh_s old. */
MUST_USE bool latest_start(const struct settings *settings, const char *uri,
                           struct latest **out, struct err *e);
void latest_stop(struct latest *l); /* NULL is fine */

/* Waits for the first answer, or its failure, only, and not for ever: then as_of is 0 and
 * error NULL. */
void latest_hold(struct latest *l, struct latest_view *out);
void latest_release(struct latest_view *v);
